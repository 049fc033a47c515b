"""Corrupting pictures, face crops or whole frames: solarize, blur, rotate, cutout, pyramid.

The paper names the first four and gives no magnitude, probability or number of copies (FACTS 4.7,
4.10 item 23): the definitions and the ranges in ``params.yaml`` are ours. ``pyramid`` is the blur
of the challenge's organisers, with their levels. All frames of a copy are transformed alike, as a
defect of a recording would.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8

from merflow.errors import MerflowError
from merflow.media.blur import pyramid_blur
from merflow.seeds import generator
from merflow.threads import numeric_threads

Crops = UInt8[np.ndarray, "frames height width 3"]
GREY = 128  # what cutout fills with
CROP_SIDE = 112  # pixels; the size of face crops


def transform_crops(crops: Crops, transform: str, magnitude: float, seed: int = 0) -> Crops:
    """Return corrupted crops of the same shape; the input is left as it is.

    Args:
        crops: RGB crops; any number of frames, 0 too.
        transform: One of :data:`TRANSFORMS`.
        magnitude: solarize: threshold on 0..255; blur: sigma in pixels; rotate: degrees,
            counter-clockwise; cutout: side of the square as a share of the shorter side;
            pyramid: level, a power of two.
        seed: Decides cutout's position.

    Raises:
        MerflowError: The transform is unknown.
    """
    if transform not in TRANSFORMS:
        raise MerflowError(
            f"the visual transform '{transform}' is unknown: choose one of {', '.join(TRANSFORMS)}"
        )
    return TRANSFORMS[transform](crops, magnitude, seed)


def frame_magnitude(transform: str, magnitude: float, height: int, width: int) -> float:
    """Return the magnitude for a whole frame that stands for one of a 112 x 112 crop.

    The sigma of ``blur`` keeps its share of the shorter side. The others have no unit of length
    (thresholds, degrees, shares), or are meant for frames: ``pyramid``.
    """
    return magnitude * min(height, width) / CROP_SIDE if transform == "blur" else magnitude


def identity(crops: Crops, magnitude: float = 0, seed: int = 0) -> Crops:
    """Return a copy of the crops; used where no visual transform is declared."""
    return crops.copy()


def solarize(crops: Crops, magnitude: float, seed: int = 0) -> Crops:
    """Invert all values from the threshold up; 256 changes nothing."""
    return np.where(crops >= magnitude, 255 - crops, crops).astype(np.uint8)


def blur(crops: Crops, magnitude: float, seed: int = 0) -> Crops:
    """Smooth each frame with a Gaussian of ``magnitude`` pixels; 0 changes nothing."""
    import cv2

    if magnitude <= 0:
        return crops.copy()
    _fix_threads()
    return _each(crops, lambda frame: cv2.GaussianBlur(frame, (0, 0), magnitude))


def rotate(crops: Crops, magnitude: float, seed: int = 0) -> Crops:
    """Turn each frame about its centre, bilinear, the border reflected."""
    import cv2

    _fix_threads()
    height, width = crops.shape[1:3]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), magnitude, 1.0)
    return _each(
        crops,
        lambda frame: cv2.warpAffine(
            frame, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        ),
    )


def cutout(crops: Crops, magnitude: float, seed: int) -> Crops:
    """Fill a square with mid grey, at one position in all frames, always whole inside."""
    height, width = crops.shape[1:3]
    side = min(round(magnitude * min(height, width)), height, width)
    down, right = generator(seed, "cutout").random(2)
    top, left = int(down * (height - side + 1)), int(right * (width - side + 1))
    covered = crops.copy()
    covered[:, top : top + side, left : left + side] = GREY
    return covered


def pyramid(crops: Crops, magnitude: float, seed: int = 0) -> Crops:
    """Blur as the challenge's organisers do, log2(level) times pyrDown then pyrUp; 1 is none."""
    _fix_threads()
    return _each(crops, lambda frame: pyramid_blur(frame, int(magnitude).bit_length() - 1))


TRANSFORMS: dict[str, Callable[[Crops, float, int], Crops]] = {
    "solarize": solarize,
    "blur": blur,
    "rotate": rotate,
    "cutout": cutout,
    "pyramid": pyramid,
    "identity": identity,
}


def _each(crops: Crops, change: Callable[[np.ndarray], np.ndarray]) -> Crops:
    """Apply a change to each frame; without frames nothing is asked of OpenCV."""
    return np.stack([change(frame) for frame in crops]) if len(crops) else crops.copy()


def _fix_threads() -> None:
    import cv2

    cv2.setNumThreads(numeric_threads())
