"""Whether a file can serve as a clip, found by decoding all of it."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from merflow.media.container import ClipDefect, decoded, opened, picture_stream, sound_stream
from merflow.media.limits import LONGEST_S
from merflow.media.sound import RATE, Resampler
from merflow.media.video import Clock, picture_of

# Half a step of 16-bit sound: what a lossy codec makes of silence stays below.
SILENCE = 2.0**-16


@dataclass(frozen=True)
class ClipFacts:
    """What decoding a clip has shown.

    Attributes:
        duration_s: Length of the picture or of the sound, whichever is longer, in seconds.
        frames: Pictures that could be decoded.
        sound_samples: Samples of the sound at 16 kHz.
    """

    duration_s: float
    frames: int
    sound_samples: int


def check_clip(path: str | Path) -> ClipFacts:
    """Decode the whole clip once, pictures and sound; a damaged one may cost the process.

    :class:`merflow.media.isolation.IsolatedCheck` does the same for clips of any origin.

    Raises:
        ClipDefect: The file is missing, empty, undecodable, without picture, soundless (no sound
            stream, an empty one, or nothing but silence), too long, or its pictures too large.
    """
    resampler, forms, frames, samples, peak = Resampler(), set(), 0, 0, 0.0
    with opened(path) as container:
        picture, sound = picture_stream(container, path), sound_stream(container, path)
        clock = Clock(picture.average_rate)
        for frame in decoded(container, [picture, sound]):
            if isinstance(frame, av.VideoFrame):
                clock.time(frame)
                frames += 1
                if (form := (frame.width, frame.height, frame.format.name)) not in forms:
                    _demand_rgb(frame, path)
                    forms.add(form)
            else:
                piece = resampler.feed(frame)
                samples, peak = samples + piece.size, max(peak, _peak(piece))
            if max(clock.end, samples / RATE) > LONGEST_S:
                raise ClipDefect("too_long", f"it is longer than {LONGEST_S:g} s", path)
        announced = sound.frames or sound.duration
    rest = resampler.flush()
    samples, peak = samples + rest.size, max(peak, _peak(rest))
    if not frames:
        raise ClipDefect("undecodable", "no picture in it can be decoded", path)
    if not samples:
        if announced:
            raise ClipDefect("undecodable", "no sample of its sound can be decoded", path)
        raise ClipDefect("soundless", "its sound stream is empty", path)
    if peak < SILENCE:
        raise ClipDefect("soundless", "its sound is silence throughout", path)
    return ClipFacts(max(clock.end, samples / RATE), frames, samples)


def _demand_rgb(frame: av.VideoFrame, path: str | Path) -> None:
    """Raise a ClipDefect if later steps could not make an RGB picture of a frame."""
    try:
        picture_of(frame)
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError) as error:
        detail = f"its pictures ({frame.format.name}) cannot be turned into RGB"
        raise ClipDefect("undecodable", detail, path) from error


def _peak(piece: np.ndarray) -> float:
    """Return the largest magnitude, 0 for no samples."""
    return float(np.abs(piece).max(initial=0.0))
