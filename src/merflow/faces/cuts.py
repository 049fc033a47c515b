"""Where the camera's picture is replaced by another: a cut."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

THUMBNAIL = (32, 18)
LEAST_LIKE = 0.8
"""Correlation of two thumbnails below which there is a cut (ours). In a take filmed by a resting
camera it is above .95."""
FLAT = 4.0
"""Deviation of a thumbnail's grey below which it shows nothing: black, or a fade to it (ours)."""


class Cuts:
    """Looks at the frames of one clip in turn.

    A false alarm costs little: faces are then found again by their looks and not by their place.

    Attributes:
        count: How many cuts there were so far.
    """

    def __init__(self) -> None:
        """Have seen nothing."""
        self._last: Float32[np.ndarray, "18 32"] | None = None
        self.count = 0

    def between(self, grey: UInt8[np.ndarray, "h w"]) -> bool:
        """Return whether there is a cut between the frame before and this one."""
        last, self._last = self._last, _thumbnail(grey)
        cut = last is not None and _likeness(last, self._last) < LEAST_LIKE
        self.count += cut
        return cut


def _thumbnail(grey: UInt8[np.ndarray, "h w"]) -> Float32[np.ndarray, "18 32"]:
    """Return a small picture of mean 0 and length 1; zeros for one that shows nothing."""
    small = cv2.resize(grey, THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= small.mean()
    length = float(np.linalg.norm(small))
    return small / length if length >= FLAT * small.size**0.5 else np.zeros_like(small)


def _likeness(one: Float32[np.ndarray, "18 32"], other: Float32[np.ndarray, "18 32"]) -> float:
    """Return the correlation; 1 for two that show nothing, 0 where only one does."""
    if not one.any() and not other.any():
        return 1.0
    return float(np.vdot(one, other))
