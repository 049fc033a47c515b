"""Pictures of a clip, one in memory at a time."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from jaxtyping import UInt8

from merflow.media.container import ClipDefect, decoded, opened, picture_stream

# flv and matroska round times to milliseconds; a frame this little early is on time.
TOLERANCE_S = 0.001


class Clock:
    """Times of the frames of one stream in seconds; the first is at 0."""

    def __init__(self, rate: float | None) -> None:
        """Take the stream's average rate (frames a second) for frames without a time stamp."""
        self._gap = 1.0 / rate if rate else 0.04
        self._first: float | None = None
        self.end = 0.0
        """End of the latest frame so far."""

    def time(self, frame: av.VideoFrame) -> float:
        """Return the time of the next frame."""
        own = frame.time
        if self._first is None:
            self._first = own if own is not None else 0.0
        time = self.end if own is None else max(own - self._first, 0.0)
        lasts = float(frame.duration * frame.time_base) if frame.duration else self._gap
        self.end = max(self.end, time + lasts)
        return time


def iterate_frames(
    path: str | Path, fps: float | None
) -> Iterator[tuple[float, UInt8[np.ndarray, "h w 3"]]]:
    """Yield (time in seconds after the first frame, RGB picture).

    Rotation flags are ignored. Damaged packets are left out.

    Args:
        path: Any file with moving pictures.
        fps: None for all frames; else, for each multiple of 1/fps, the first frame at or after it,
            and each frame at most once.

    Raises:
        ClipDefect: Missing or empty file, no picture stream, or nothing in it can be decoded.
    """
    due, seen = 0, False
    with opened(path) as container:
        stream = picture_stream(container, path)
        clock = Clock(stream.average_rate and float(stream.average_rate))
        for _, frame in decoded(container, [stream]):
            seen = True
            time = clock.time(frame)
            if fps is not None:
                if time + TOLERANCE_S < due / fps:
                    continue
                due = int((time + TOLERANCE_S) * fps) + 1
            yield time, frame.to_ndarray(format="rgb24", threads=1)
    if not seen:
        raise ClipDefect("undecodable", "no picture in it can be decoded", path)
