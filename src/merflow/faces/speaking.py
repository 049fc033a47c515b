"""Whose mouth moves with the sound."""

from collections.abc import Sequence

import av
import cv2
import numpy as np
from jaxtyping import Float, Float32, Float64, UInt8

from merflow.faces.detect import Detection
from merflow.faces.persons import Person
from merflow.media.sound import RATE, Resampler

MOUTH = (0.22, 0.62, 0.78, 1.02)
"""Left, top, right and bottom of where the mouth moves, share of the box (ours)."""
CALM = (0.15, 0.18, 0.85, 0.55)
"""The same of brows, eyes and nose, which move with the head and hardly with the speech (ours)."""
SAMPLES = (24, 16)
NOISE = 0.5
"""Grey levels by which a face at rest changes, added so that stillness is no motion (ours)."""
LAG_S = 0.1
"""So much may picture and sound be apart (ours)."""
LEAST_FRAMES = 12
"""Fewer frames tell nothing (ours)."""
LEAST = 0.15
"""Correlation of mouth and sound below which nobody is taken for the speaker (ours)."""
MARGIN = 0.05
"""How much higher it must be than that of the next person (ours)."""


class Envelope:
    """How loud the sound of a clip is, heard in the pass that decodes the pictures."""

    def __init__(self) -> None:
        """Have heard nothing."""
        self._resampler, self._pieces = Resampler(), [np.zeros(0, np.float32)]

    def hear(self, frame: av.AudioFrame) -> None:
        """Take the next decoded frame of the sound."""
        self._pieces.append(self._resampler.feed(frame))

    def at(self, times: Sequence[float]) -> Float64[np.ndarray, "frames"]:
        """Return the loudness (root mean square) between each frame and the one before.

        Args:
            times: Of the frames, seconds. The sound begins with the first.
        """
        self._pieces = [np.concatenate([*self._pieces, self._resampler.flush()])]
        power = np.concatenate([[0.0], np.cumsum(self._pieces[0].astype(np.float64) ** 2)])
        ends = np.clip(np.round(np.asarray(times) * RATE).astype(int), 0, len(power) - 1)
        starts = np.concatenate([[0], ends[:-1]])
        return np.sqrt((power[ends] - power[starts]) / np.maximum(ends - starts, 1))


def mouth_motion(
    before: UInt8[np.ndarray, "h w"],
    now: UInt8[np.ndarray, "h w"],
    found: Detection,
    to_next: Float64[np.ndarray, "2 3"],
) -> float:
    """Return how much the mouth changes, as a multiple of the rest of the face.

    Args:
        before: The frame before, grey.
        now: The next frame.
        found: The face in the frame before.
        to_next: Its motion to the next frame, which is taken out.
    """
    changes = []
    for region in (MOUTH, CALM):
        one, other = (
            _sampled(frame, found, region, motion)
            for frame, motion in ((before, np.eye(2, 3)), (now, to_next))
        )
        changes.append(float(np.abs((one - one.mean()) - (other - other.mean())).mean()))
    return changes[0] / (changes[1] + NOISE)


def _sampled(
    frame: UInt8[np.ndarray, "h w"],
    found: Detection,
    region: tuple[float, float, float, float],
    motion: Float64[np.ndarray, "2 3"],
) -> Float32[np.ndarray, "y x"]:
    """Return a region of a face that has moved since it was found."""
    left, top, right, bottom = region
    width, height = SAMPLES
    size = np.array([(right - left) * found.w / width, (bottom - top) * found.h / height])
    start = np.array([found.x + left * found.w, found.y + top * found.h]) + size / 2 - 0.5
    to_frame = motion @ np.vstack([np.column_stack([np.diag(size), start]), [0.0, 0.0, 1.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    sampled = cv2.warpAffine(frame, to_frame, SAMPLES, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return sampled.astype(np.float32)


def going_together(
    motion: Float[np.ndarray, "frames"], loudness: Float[np.ndarray, "frames"], lag: int
) -> float:
    """Return the greatest correlation of mouth and sound over small shifts, in [-1, 1].

    Frames in which the person is not seen are NaN. Both are taken to the power of a half, which
    tames single large values, and averaged over three frames.

    Args:
        motion: Of the mouth.
        loudness: Of the sound.
        lag: Largest shift to either side, frames.
    """
    mouth, sound = _smooth(np.sqrt(motion)), _smooth(np.sqrt(loudness))
    best = -1.0
    for shift in range(-lag, lag + 1):
        shifted = np.roll(sound, shift)
        seen = np.isfinite(mouth)
        seen[: max(shift, 0)] = False
        seen[len(seen) + min(shift, 0) :] = False
        if seen.sum() >= LEAST_FRAMES and mouth[seen].std() > 0 and shifted[seen].std() > 0:
            best = max(best, float(np.corrcoef(mouth[seen], shifted[seen])[0, 1]))
    return best


def _smooth(values: Float[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames"]:
    padded = np.pad(values.astype(np.float64), 1, mode="edge")
    neighbours = np.stack([padded[:-2], padded[1:-1], padded[2:]])
    known = np.isfinite(neighbours)
    sums = np.where(known, neighbours, 0.0).sum(axis=0)
    return np.where(known[1], sums / np.maximum(known.sum(axis=0), 1), np.nan)


def speaker(
    persons: Sequence[Person], times: Sequence[float], sound: Envelope
) -> tuple[Person | None, str]:
    """Return whose mouth moves with the sound, or None and why it cannot be told.

    Args:
        persons: All persons of the clip, with the motion of their mouths.
        times: Of all frames, seconds.
        sound: What was heard with them.
    """
    loudness = sound.at(times)
    if not loudness.any():
        return None, "there is no sound"
    rate = (len(times) - 1) / max(times[-1] - times[0], 1e-9) if len(times) > 1 else 1.0
    lag = round(LAG_S * rate)
    told = []
    for person in persons:
        motion = np.full(len(times), np.nan)
        for strand in person.strands:
            for number, value in strand.motion.items():
                motion[number] = value
        told.append(going_together(motion, loudness, lag))
    order = np.argsort([-value for value in told], kind="stable")
    if told[order[0]] < LEAST:
        return None, "no mouth moves with the sound"
    if len(order) > 1 and told[order[0]] - told[order[1]] < MARGIN:
        return None, "two mouths move with the sound alike"
    return persons[order[0]], ""
