"""Writing one corrupted clip as a file that any player opens."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from merflow.media.container import opened, sound_stream
from merflow.media.mux import write_timed_clip
from merflow.media.sound import RATE, read_sound
from merflow.media.video import iterate_frames
from merflow.noise.folder import NoiseFolder
from merflow.noise.manifest import NoiseRow
from merflow.noise.sound import corrupt_sound
from merflow.noise.visual import frame_magnitude, transform_crops

Frame = UInt8[np.ndarray, "height width 3"]
Changed = UInt8[np.ndarray, "rows columns 3"]
PADDING = 4096  # samples; no codec's frame is longer at 16 kHz


def write_noisy_clip(source: Path, row: NoiseRow, folder: NoiseFolder, out: Path) -> None:
    """Write a clip with a row's noise in its sound and its transform in every frame.

    The sound is 16 kHz mono, as the encoders hear it, without what the source's codec had added
    to fill its last frame; pictures keep their number and times. One is in memory at a time.

    Args:
        source: The clip.
        row: How it is corrupted.
        folder: The noise folder.
        out: Output, mp4 (h264 yuv420p, aac).

    Raises:
        ClipDefect: The clip cannot be decoded.
        MerflowError: The noise file is missing, changed, outside the folder or unreadable.
    """
    folder.unchanged(row.noise_file, row.noise_sha256)
    sound = corrupt_sound(read_sound(source), row, folder.root)
    write_timed_clip(out, _corrupted(source, row), sound[: _said_length(source, len(sound))], RATE)


def _said_length(source: Path, decoded: int) -> int:
    """Return the samples that the file says it has, if the decoded ones are hardly more."""
    with opened(source) as container:
        stream = sound_stream(container, source)
        if stream.duration is None or stream.time_base is None:
            return decoded
        said = round(stream.duration * stream.time_base * RATE)
    return said if 0 < decoded - said <= PADDING and said > 0 else decoded


def _corrupted(source: Path, row: NoiseRow) -> Iterator[tuple[float, Changed]]:
    """Yield (time in s, frame); where the size changes within a clip, the first one is kept."""
    size: tuple[int, int] | None = None
    for time, frame in iterate_frames(source, None):
        height, width = size = size or (frame.shape[0], frame.shape[1])
        magnitude = frame_magnitude(row.transform, row.magnitude, height, width)
        (changed,) = transform_crops(
            resized(frame, height, width)[None], row.transform, magnitude, row.visual_seed
        )
        yield time, even(changed)


def resized(frame: Frame, height: int, width: int) -> Changed:
    """Return a frame at a size, bilinear where it has another one."""
    import cv2

    same = frame.shape[:2] == (height, width)
    return frame if same else cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)


def even(frame: Frame) -> Changed:
    """Repeat the last row or column of an odd side: yuv420p holds even ones alone."""
    odd = [(0, side % 2) for side in frame.shape[:2]]
    return np.pad(frame, [*odd, (0, 0)], mode="edge") if any(after for _, after in odd) else frame
