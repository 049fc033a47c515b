"""Pictures as decoders give them, brightness apart from colours, without converting the whole."""

from functools import cache
from typing import cast

import av
import cv2
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange
from jaxtyping import UInt8

from merflow.media.upright import Orientation, orientation_of

FORMATS = ("yuv420p", "yuvj420p")
"""What nearly all clips have: a plane of brightness, and two of colour of half its sides."""
DARKEST, BRIGHTEST = 16, 235
"""Black and white of brightness in limited range."""


class Planes:
    """A decoded frame of one of ``FORMATS``, which stands upright as it is.

    Attributes:
        width, height: Its sides in pixels, both even.
    """

    def __init__(self, frame: av.VideoFrame) -> None:
        """Take a frame of which :meth:`fit` is true."""
        self.width, self.height = frame.width, frame.height
        self._frame = frame

    @staticmethod
    def fit(frame: av.VideoFrame) -> bool:
        """Return whether parts of a frame are converted as the whole is.

        The converter of frames with odd sides looks beyond the pixels that it converts, and
        interlaced frames are converted field by field, which a frame made here cannot be told to
        be. Lines that lie backwards in memory, as libav flips frames, are not taken apart either.
        """
        even = frame.width % 2 == frame.height % 2 == 0
        if not even or frame.interlaced_frame or frame.format.name not in FORMATS:
            return False
        forwards = all(plane.line_size > 0 for plane in frame.planes)
        return forwards and orientation_of(frame) == Orientation()

    def brightness(self) -> UInt8[np.ndarray, "h w"]:
        """Return the brightness as it is coded, without a copy."""
        return _pixels(self._frame.planes[0])

    def stretched(self, brightness: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
        """Return coded brightness, shrunk perhaps, with black at 0 and white at 255.

        For colours by the matrix of BT.601 this is the grey of the RGB picture but for rounding.
        """
        whole = self._frame.format.name == "yuvj420p"
        if whole or self._frame.color_range == ColorRange.JPEG:
            return brightness
        return cv2.LUT(brightness, _stretch())

    def part(
        self, left: int, top: int, right: int, bottom: int
    ) -> UInt8[np.ndarray, "part_h part_w 3"]:
        """Return a part of :func:`merflow.media.video.picture_of`, to the bit.

        Args:
            left, top: First column and row.
            right, bottom: Those behind the last.

        Raises:
            av.FFmpegError, ValueError: Its colours are of a kind that cannot be converted.
        """
        # A pixel of colour belongs to two columns and two rows of brightness.
        first, above = left // 2, top // 2
        behind, below = (right + 1) // 2, (bottom + 1) // 2
        small = av.VideoFrame(2 * (behind - first), 2 * (below - above), self._frame.format.name)
        for plane, target in zip(self._frame.planes, small.planes, strict=True):
            scale = 1 if target.width < small.width else 2
            rows = slice(scale * above, scale * below)
            _pixels(target)[:] = _pixels(plane)[rows, scale * first : scale * behind]
        small.colorspace, small.color_range = self._frame.colorspace, self._frame.color_range
        converted = small.to_ndarray(format="rgb24", threads=1)
        x, y = left - 2 * first, top - 2 * above
        return converted[y : y + bottom - top, x : x + right - left]


def _pixels(plane: VideoPlane) -> UInt8[np.ndarray, "h w"]:
    """Return a plane's pixels without a copy, nor what fills its lines up."""
    buffer = cast(memoryview, plane)  # which PyAV's stub does not tell
    lines = np.frombuffer(buffer, np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width]


@cache
def _stretch() -> UInt8[np.ndarray, "256"]:
    levels = (np.arange(256) - DARKEST) * 255 / (BRIGHTEST - DARKEST)
    return np.clip(np.round(levels), 0, 255).astype(np.uint8)
