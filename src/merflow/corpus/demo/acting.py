"""Movement over time: lips that follow the sound, blinks, glances, a head that sways and nods."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Float32

from merflow.corpus.demo.face import Pose
from merflow.corpus.demo.features import Expression

WINDOW_S = 0.06
BLINK_EVERY_S, BLINK_S = 3.5, 0.20
GLANCE_EVERY_S, GLANCE = 0.9, (0.35, 0.25)
NOD = 0.010  # share of the frame's height that the head goes down on the loudest syllable
SWAY = Pose(x=0.012, y=0.008, scale=0.006, roll=1.8)


def loudness(
    sound: Float32[np.ndarray, " samples"], rate: int, times: Float[np.ndarray, " frames"]
) -> Float[np.ndarray, " frames"]:
    """Return the RMS of the sound around each time, 1 at the loudest."""
    half = max(1, round(WINDOW_S * rate / 2))
    energy = np.concatenate([[0.0], np.cumsum(sound.astype(np.float64) ** 2)])
    middle = np.rint(times * rate).astype(int)
    first = np.clip(middle - half, 0, sound.size)
    last = np.clip(middle + half, 0, sound.size)
    rms = np.sqrt(np.maximum(energy[last] - energy[first], 0) / np.maximum(last - first, 1))
    return rms / max(rms.max(initial=0.0), 1e-9)


def lips(loud: Float[np.ndarray, " frames"], least: float) -> Float[np.ndarray, " frames"]:
    """Return how far the mouth is open: ``least`` in silence, .85 at most."""
    return np.clip(least + 0.72 * np.where(loud > 0.05, loud, 0.0) ** 0.8, 0.0, 0.85)


def lids(times: Float[np.ndarray, " frames"], rng: np.random.Generator) -> np.ndarray:
    """Return a factor on the opening of the eyes, 1 but for blinks, of shape (frames,)."""
    factor = np.ones(len(times))
    end = times[-1] if len(times) else 0.0
    blink = rng.exponential(BLINK_EVERY_S)
    while blink < end:
        factor = np.minimum(factor, np.abs(times - blink) / (BLINK_S / 2))
        blink += BLINK_S + rng.exponential(BLINK_EVERY_S)
    return factor


def sway(times: Float[np.ndarray, " frames"], rng: np.random.Generator) -> np.ndarray:
    """Return a slow movement between about -1 and 1 of shape (frames,)."""
    slow, quick = rng.uniform(0.15, 0.35), rng.uniform(0.5, 0.9)
    phases = rng.uniform(0, 2 * np.pi, 2)
    return 0.7 * np.sin(2 * np.pi * slow * times + phases[0]) + 0.3 * np.sin(
        2 * np.pi * quick * times + phases[1]
    )


def glances(
    times: Float[np.ndarray, " frames"], rng: np.random.Generator
) -> Float[np.ndarray, "frames 2"]:
    """Return where the eyes look, (x, y) from -1 to 1: still but for jumps, ahead on the mean."""
    looks = np.zeros((len(times), 2))
    jump = rng.uniform(-GLANCE_EVERY_S, 0)
    while len(times) and jump < times[-1]:
        looks[times >= jump] = np.clip(rng.normal(0.0, GLANCE), -1, 1)
        jump += 0.2 + rng.exponential(GLANCE_EVERY_S)
    return looks


def draw_rest(rng: np.random.Generator) -> Pose:
    """Draw where a clip's head is on the mean."""
    return Pose(
        x=0.5 + rng.uniform(-0.05, 0.05),
        y=0.5 + rng.uniform(-0.02, 0.03),
        scale=rng.uniform(0.31, 0.36),
        roll=rng.normal(0.0, 2.0),
    )


def act(
    shown: Expression,
    rest: Pose,
    loud: Float[np.ndarray, " frames"],
    times: Float[np.ndarray, " frames"],
    rng: np.random.Generator,
) -> Iterator[tuple[Expression, Pose]]:
    """Yield the expression and the pose of each frame of a clip.

    Args:
        shown: The expression at its strongest.
        rest: The mean pose.
        loud: Of :func:`loudness`.
        times: Of the frames, in seconds.
        rng: Seeded by the clip.
    """
    still = Expression()
    mouth, eyes = lips(loud, shown.mouth_open), lids(times, rng)
    moves = [sway(times, rng) for _ in range(5)]
    strength = 0.88 + 0.12 * moves[4]
    looks = glances(times, rng)
    for frame in range(len(times)):
        share = strength[frame]
        now = {
            name: getattr(still, name) + share * (getattr(shown, name) - getattr(still, name))
            for name in vars(shown)
        }
        now |= {"mouth_open": mouth[frame], "eye_open": now["eye_open"] * eyes[frame]}
        now |= {"gaze_x": looks[frame, 0], "gaze_y": looks[frame, 1]}
        pose = Pose(
            x=rest.x + SWAY.x * moves[0][frame],
            y=rest.y + SWAY.y * moves[1][frame] + NOD * loud[frame],
            scale=rest.scale * (1 + SWAY.scale * moves[2][frame]),
            roll=rest.roll + SWAY.roll * moves[3][frame],
        )
        yield Expression(**now), pose
