"""Shapes and soft shading in face units on a picture of pixels."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float, UInt8

FRACTION_BITS = 4
SHADE_STEP = 4
SHADE_ONE = 128
Points = Float[np.ndarray, "points 2"]
Picture = UInt8[np.ndarray, "height width channels"]


class Grid:
    """Places face units (u to the right, v down, the face's height is 2) on pixels.

    Args:
        radius: Pixels of one face unit.
        origin: Pixel (x, y) of the face's middle.
        size: Width and height in pixels.
    """

    def __init__(self, radius: float, origin: tuple[float, float], size: tuple[int, int]) -> None:
        """Keep the scale and the size."""
        self.radius, self.origin, self.size = radius, origin, size

    def pixels(self, points: Points) -> np.ndarray:
        """Return points as OpenCV's fixed-point pixels."""
        placed = np.asarray(points) * self.radius + self.origin
        return np.rint(placed * (1 << FRACTION_BITS)).astype(np.int32)

    def fill(self, picture: Picture, points: Points, colour: Sequence[float]) -> None:
        """Fill a polygon, anti-aliased, in place."""
        corners = [self.pixels(points)]
        cv2.fillPoly(picture, corners, tuple(colour), cv2.LINE_AA, FRACTION_BITS)

    def line(self, picture: Picture, points: Points, colour: Sequence[float], width: float) -> None:
        """Draw an open line ``width`` face units thick (one pixel at least), in place."""
        thickness = max(1, round(width * self.radius))
        corners = [self.pixels(points)]
        cv2.polylines(picture, corners, False, tuple(colour), thickness, cv2.LINE_AA, FRACTION_BITS)

    def ellipse(
        self,
        picture: Picture,
        centre: tuple[float, float],
        axes: tuple[float, float],
        colour: Sequence[float],
    ) -> None:
        """Fill an upright ellipse, anti-aliased, in place."""
        self.fill(picture, oval(centre, axes), colour)

    def window(
        self, centre: tuple[float, float], half: tuple[float, float]
    ) -> tuple[slice, slice, "Grid"]:
        """Return row and column slices around a point and the grid of that cut-out."""
        left, top = (int((c - h) * self.radius + o) for c, h, o in _axes(self, centre, half))
        right, bottom = (int((c + h) * self.radius + o) for c, h, o in _axes(self, centre, half))
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, self.size[0]), min(bottom, self.size[1])
        inner = Grid(
            self.radius,
            (self.origin[0] - left, self.origin[1] - top),
            (right - left, bottom - top),
        )
        return slice(top, bottom), slice(left, right), inner


def _axes(
    grid: Grid, centre: tuple[float, float], half: tuple[float, float]
) -> list[tuple[float, float, float]]:
    return list(zip(centre, half, grid.origin, strict=True))


def oval(centre: tuple[float, float], axes: tuple[float, float], corners: int = 32) -> Points:
    """Return the corners of an upright ellipse of shape (corners, 2)."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack(
        [centre[0] + axes[0] * np.cos(angle), centre[1] + axes[1] * np.sin(angle)], axis=1
    )


class Shade:
    """A soft brightness factor over a grid, kept at a quarter of its resolution."""

    def __init__(self, grid: Grid) -> None:
        """Start with factor 1 everywhere."""
        self.grid = grid
        width, height = (max(1, side // SHADE_STEP) for side in grid.size)
        step = SHADE_STEP / grid.radius
        self.u = ((np.arange(width) + 0.5) * step - grid.origin[0] / grid.radius).astype("f4")
        self.v = ((np.arange(height) + 0.5) * step - grid.origin[1] / grid.radius).astype("f4")
        self.factor = np.ones((height, width), np.float32)

    def spot(self, centre: tuple[float, float], axes: tuple[float, float], factor: float) -> None:
        """Multiply by a Gaussian spot that reaches ``factor`` at its centre."""
        across = np.exp(-(((self.u - centre[0]) / axes[0]) ** 2))
        down = np.exp(-(((self.v - centre[1]) / axes[1]) ** 2)) * (factor - 1)
        self.factor *= 1 + down[:, None] * across[None, :]

    def apply(self, picture: Picture) -> Picture:
        """Return the picture with each pixel multiplied; factors above 2 saturate."""
        coarse = np.clip(self.factor * SHADE_ONE, 0, 255).astype(np.uint8)
        fine = cv2.resize(coarse, self.grid.size, interpolation=cv2.INTER_LINEAR)
        return cv2.multiply(picture, cv2.cvtColor(fine, cv2.COLOR_GRAY2RGB), scale=1 / SHADE_ONE)
