"""What a face detector is, and which ones there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Float, Float32, Real, UInt8

from merflow.errors import MerflowError

LANDMARKS = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
"""The five points in order; right is the subject's right, at the smaller x in the picture."""


@dataclass(frozen=True)
class Detection:
    """One face in one frame.

    Attributes:
        x, y: Left and top edge of the box, pixels of the full frame; may lie outside of it.
        w, h: Width and height of the box, pixels.
        score: The detector's own confidence; scales differ between detectors.
        landmarks: ``LANDMARKS`` as (x, y), shape [5, 2], pixels, whole numbers at pixel centres;
            NaN where the detector does not know.
    """

    x: float
    y: float
    w: float
    h: float
    score: float
    landmarks: Float32[np.ndarray, "5 2"]

    @property
    def area(self) -> float:
        """Return the area of the box in square pixels."""
        return self.w * self.h


@runtime_checkable
class Detector(Protocol):
    """A backend: finds all faces of one frame.

    Attributes:
        weights_sha256: Digest of the model files, part of the recipe of everything made with it.
    """

    weights_sha256: str

    def detect(self, frame: UInt8[np.ndarray, "h w 3"]) -> list[Detection]:
        """Return the faces of an RGB frame, in any order."""


@dataclass(frozen=True)
class Shrunk:
    """A frame made smaller for detection, and the way back to the full frame.

    Attributes:
        frame: The smaller picture, RGB or grey as the full one.
        factor: Its size over the full size, (x, y).
    """

    frame: UInt8[np.ndarray, "h w *c"]
    factor: tuple[float, float]

    def points(self, points: Float[np.ndarray, "n 2"]) -> Float32[np.ndarray, "n 2"]:
        """Map pixel-centre coordinates of the small frame to the full frame."""
        return ((points + 0.5) / self.factor - 0.5).astype(np.float32)

    def box(
        self, box: Real[np.ndarray, "4"] | tuple[float, float, float, float]
    ) -> tuple[float, float, float, float]:
        """Map a box (x, y, w, h; edges, not centres) of the small frame to the full frame."""
        (x, y, w, h), (across, down) = map(float, box), self.factor
        return x / across, y / down, w / across, h / down


def shrink(frame: UInt8[np.ndarray, "h w *c"], side: int) -> Shrunk:
    """Shrink a frame so that its shorter side has at most ``side`` pixels.

    By a whole factor with area averaging, which does not alias, then bilinearly by what is left,
    less than a half.
    """
    height, width = frame.shape[:2]
    ratio = side / min(height, width)
    if ratio >= 1:
        return Shrunk(frame, (1.0, 1.0))
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    frame = halved(frame, (2 * size[0], 2 * size[1]))
    whole = min(frame.shape[:2]) // side
    if whole > 1:
        part = frame.shape[1] // whole, frame.shape[0] // whole
        frame = cv2.resize(frame, part, interpolation=cv2.INTER_AREA)
    small = cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR)
    return Shrunk(small, (size[0] / width, size[1] / height))


def halved(
    picture: UInt8[np.ndarray, "h w *c"], least: tuple[int, int]
) -> UInt8[np.ndarray, "half_h half_w *c"]:
    """Halve a picture, to means of four pixels, as often as it stays as large as ``least``.

    OpenCV's area averaging by two is five times as fast as by any other factor, and more in grey.
    A picture with an odd side is left as it is.

    Args:
        picture: Any channels.
        least: Width and height.
    """
    height, width = picture.shape[:2]
    while width % 2 == height % 2 == 0 and width >= 2 * least[0] and height >= 2 * least[1]:
        width, height = width // 2, height // 2
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return picture


def enlarged(found: Detection, small: Shrunk) -> Detection:
    """Return a face of the small frame in pixels of the full one."""
    if small.factor == (1, 1):
        return found
    box = small.box((found.x, found.y, found.w, found.h))
    return Detection(*box, found.score, small.points(found.landmarks))


def make_detector(spec: Mapping[str, Any]) -> Detector:
    """Return the detector that ``spec`` (the section ``faces`` of the parameters) names.

    Raises:
        MerflowError: The backend is unknown, or its model file is missing or not the declared one.
    """
    backend, side, share = spec["backend"], int(spec["detect_side"]), float(spec["min_face"])
    if backend == "cascade":
        from merflow.faces.cascade import Cascade

        return Cascade(side, share)
    if backend == "yunet":
        from merflow.faces.yunet import YuNet

        return YuNet(side, share, **spec["yunet"])
    raise MerflowError(f"faces.backend is {backend!r}; choose cascade or yunet in params.yaml")
