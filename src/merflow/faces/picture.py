"""A frame as faces are looked for in it: shrunk, grey, and in colour where a face is."""

from dataclasses import replace

import av
import cv2
import numpy as np
from jaxtyping import UInt8

from merflow.faces.detect import Shrunk, shrink
from merflow.media.planes import Planes
from merflow.media.video import picture_of

LARGE = 0.5
"""A part with more than this share of the pixels is cut from the whole picture: as fast (ours)."""


class Picture:
    """One frame of a clip, upright, of which no more is converted than is asked for.

    Attributes:
        width, height: Its sides, pixels.
    """

    def __init__(self, frame: av.VideoFrame | UInt8[np.ndarray, "h w 3"]) -> None:
        """Take a frame as it was decoded, or an RGB picture.

        A frame of which :meth:`merflow.media.planes.Planes.fit` is not true is converted here.

        Raises:
            av.FFmpegError, ValueError: It is converted here, and cannot be.
        """
        self._frame = frame
        self._planes: Planes | None = None
        if isinstance(frame, av.VideoFrame) and Planes.fit(frame):
            self._planes = Planes(frame)
            self.width, self.height = frame.width, frame.height
        else:
            self.height, self.width = self.whole().shape[:2]

    def whole(self) -> UInt8[np.ndarray, "h w 3"]:
        """Return all of it, RGB.

        Raises:
            av.FFmpegError, ValueError: It cannot be converted.
        """
        if isinstance(self._frame, av.VideoFrame):
            self._frame = picture_of(self._frame)
        return self._frame

    def part(
        self, left: int, top: int, right: int, bottom: int
    ) -> UInt8[np.ndarray, "part_h part_w 3"]:
        """Return a part of :meth:`whole`; ``right`` and ``bottom`` are behind the last pixels.

        Raises:
            av.FFmpegError, ValueError: It cannot be converted.
        """
        share = (right - left) * (bottom - top) / (self.width * self.height)
        if self._planes and isinstance(self._frame, av.VideoFrame) and share <= LARGE:
            return self._planes.part(left, top, right, bottom)
        return self.whole()[top:bottom, left:right]

    def small(self, side: int) -> Shrunk:
        """Return it in RGB, shrunk to ``side`` as of :func:`merflow.faces.detect.shrink`.

        Raises:
            av.FFmpegError, ValueError: It cannot be converted.
        """
        return shrink(self.whole(), side)

    def grey(self, side: int) -> Shrunk:
        """Return it in grey, shrunk; black is 0 and white 255.

        Of a frame that is in planes nothing is converted, so nothing is raised.
        """
        if self._planes is None:
            small = self.small(side)
            return replace(small, frame=cv2.cvtColor(small.frame, cv2.COLOR_RGB2GRAY))
        small = shrink(self._planes.brightness(), side)
        return replace(small, frame=self._planes.stretched(small.frame))
