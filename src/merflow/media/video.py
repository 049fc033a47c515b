"""Pictures of a clip, one in memory at a time."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from jaxtyping import UInt8

from merflow.media.container import ClipDefect, decoded, opened, picture_stream
from merflow.media.upright import orientation_of

# flv and matroska round times to milliseconds; a frame this little early is on time.
TOLERANCE_S = 0.001
# A clock that runs backwards or leaps by this much is damaged or was restarted: the frame then
# follows the one before, so that one broken time stamp does not make a clip of weeks.
JUMP_S = 60.0


class Clock:
    """Times of the frames of one stream in seconds; the first is at 0, none before the last."""

    def __init__(self, rate: Fraction | float | None) -> None:
        """Take the stream's average rate (frames a second) for frames without a time stamp."""
        self._gap = 1.0 / float(rate) if rate else 0.04
        self._zero = 0.0
        self._last: float | None = None
        self.end = 0.0
        """End of the latest frame so far."""

    def time(self, frame: av.VideoFrame) -> float:
        """Return the time of the next frame."""
        base = frame.time_base
        stamp = frame.time if frame.pts is not None and base else None
        if stamp is None:
            time = self.end
        else:
            time = stamp - self._zero
            if self._last is None or not self._last <= time <= self.end + JUMP_S:
                time = self.end
                self._zero = stamp - time
        lasts = float(frame.duration * base) if stamp is not None and base else 0.0
        self._last = time
        self.end = time + (lasts if 0.0 < lasts < JUMP_S else self._gap)
        return time


def picture_of(frame: av.VideoFrame) -> UInt8[np.ndarray, "h w 3"]:
    """Return a decoded frame as the RGB picture that a player shows.

    Raises:
        av.FFmpegError, ValueError: Its pixels are of a kind that cannot be converted.
    """
    return orientation_of(frame).apply(frame.to_ndarray(format="rgb24", threads=1))


def iterate_frames(
    path: str | Path, fps: float | None
) -> Iterator[tuple[float, UInt8[np.ndarray, "h w 3"]]]:
    """Yield (time in seconds after the first frame, RGB picture, upright).

    Damaged packets are left out.

    Args:
        path: Any file with moving pictures.
        fps: None for all frames; else, for each multiple of 1/fps, the first frame at or after it,
            and each frame at most once.

    Raises:
        ClipDefect: Missing or empty file, no picture stream, or nothing in it can be decoded.
    """
    for time, frame, due in frames_due(path, fps):
        if due:
            yield time, picture_of(frame)


def frames_due(
    path: str | Path, fps: float | None, hear: Callable[[av.AudioFrame], None] | None = None
) -> Iterator[tuple[float, av.VideoFrame, bool]]:
    """Yield (time, decoded frame, whether it is due at ``fps``) of all frames.

    Args:
        path: Any file with moving pictures.
        fps: As of :func:`iterate_frames`.
        hear: Is given each frame of the sound, if there is any, in the same pass.

    Raises:
        ClipDefect: As :func:`iterate_frames`.
    """
    next_due, seen = 0, False
    with opened(path) as container:
        stream = picture_stream(container, path)
        sounds = list(container.streams.audio[:1]) if hear else []
        streams: list[AudioStream | VideoStream] = [stream, *sounds]
        clock = Clock(stream.average_rate)
        for frame in decoded(container, streams):
            if isinstance(frame, av.AudioFrame):
                if hear:
                    hear(frame)
                continue
            seen = True
            time = clock.time(frame)
            due = fps is None or time + TOLERANCE_S >= next_due / fps
            if fps is not None and due:
                next_due = int((time + TOLERANCE_S) * fps) + 1
            yield time, frame, due
    if not seen:
        raise ClipDefect("undecodable", "no picture in it can be decoded", path)
