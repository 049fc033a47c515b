"""Black outside of the face, as OpenFace's aligned pictures have it."""

from functools import cache

import cv2
import numpy as np
from jaxtyping import UInt8

from merflow.faces.align import SIDE, TEMPLATE

WIDTH, HEIGHT = 1.15, 1.2
"""Half axes of the oval, in distances between the eyes, and between eyes and mouth (ours)."""


@cache
def oval() -> UInt8[np.ndarray, "112 112 1"]:
    """Return 1 inside of the face, 0 outside.

    An ellipse around the template's five points, from the brows to the chin and from cheek to
    cheek. OpenFace takes the hull of its 68 points, which follows the jaw of each frame; with five
    points the oval is the same in every frame and for every person. Ours.
    """
    eyes, mouth = TEMPLATE[:2].mean(axis=0), TEMPLATE[3:].mean(axis=0)
    axes = WIDTH * (TEMPLATE[1, 0] - TEMPLATE[0, 0]), HEIGHT * (mouth[1] - eyes[1])
    centre, parts = (eyes + mouth) / 2, 16  # fractions of a pixel, by a shift of 4 bits
    middle, half = ([round(float(v) * parts) for v in pair] for pair in (centre, axes))
    inside = np.zeros((SIDE, SIDE), dtype=np.uint8)
    cv2.ellipse(inside, middle, half, 0, 0, 360, 1, cv2.FILLED, cv2.LINE_8, 4)
    return inside[:, :, None]


def masked(crop: UInt8[np.ndarray, "112 112 3"]) -> UInt8[np.ndarray, "112 112 3"]:
    """Return an aligned face with black around it."""
    return crop * oval()
