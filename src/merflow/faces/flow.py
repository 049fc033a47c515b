"""Following a face from one frame to the next without detecting it again."""

from dataclasses import dataclass
from functools import cache
from math import hypot

import cv2
import numpy as np
from jaxtyping import Bool, Complex128, Float32, Float64, UInt8

from merflow.faces.align import in_plane, similarity_of
from merflow.faces.detect import Detection

GRID = 5
"""Points along a side of the box's inner ellipse that are followed."""
WINDOW = (11, 11)
LEVELS = 1
AROUND = 0.25
"""How far beyond the box the motion is looked for, share of its longer side."""
THERE_AND_BACK = 1.0
"""A point that, followed to the next frame and back, comes out further off (pixels) is lost."""
LEAST_KEPT = 0.4
"""Least share of the points that must be kept."""
STEP = 1.25
"""Largest change of size from one frame to the next."""


@dataclass(frozen=True)
class Moved:
    """A face followed to the next frame.

    Attributes:
        found: The face there.
        to_next: Its motion: similarity from the frame before, pixel-centre coordinates.
    """

    found: Detection
    to_next: Float64[np.ndarray, "2 3"]


def follow(
    before: UInt8[np.ndarray, "h w"], now: UInt8[np.ndarray, "h w"], found: Detection
) -> Moved | None:
    """Follow a face by Lucas and Kanade's optical flow; None where it is lost.

    Points that do not come back to where they were are left out, and the similarity of least
    squares is taken twice, the second time without what fits it badly (source: Kalal, Mikolajczyk
    and Matas 2010, forward-backward error; the numbers are ours).

    Args:
        before: The frame before, grey.
        now: The next frame.
        found: The face in the frame before, in pixels of these frames.
    """
    left, top, right, bottom = _region(found, before.shape)
    if right - left < WINDOW[0] or bottom - top < WINDOW[1]:
        return None
    one, other = before[top:bottom, left:right], now[top:bottom, left:right]
    points = _grid() * (found.w, found.h) + (found.x - left, found.y - top)
    points = points.astype(np.float32)
    if left == 0 or top == 0 or right == before.shape[1] or bottom == before.shape[0]:
        inside = (points >= 0) & (points < (right - left, bottom - top))
        points = points[inside[:, 0] & inside[:, 1]]
        if not len(points):
            return None
    there, seen = _flow(one, other, points)
    back, again = _flow(other, one, there)
    start, end = in_plane(points), in_plane(there)
    kept = seen & again & (np.abs(in_plane(back) - start) < THERE_AND_BACK)
    motion = _motion(start[kept], end[kept], LEAST_KEPT * len(_grid()))
    if motion is None:
        return None
    a, b = motion
    b += (1 - a) * complex(left, top)
    to_next = np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
    return Moved(moved(found, to_next), to_next)


def moved(found: Detection, motion: Float64[np.ndarray, "2 3"]) -> Detection:
    """Return a face after a motion; its box grows and moves, and stays upright."""
    (c, s, across), (minus_s, d, down) = motion.tolist()
    scale = hypot(c, minus_s)
    x, y = found.x + found.w / 2 - 0.5, found.y + found.h / 2 - 0.5
    x, y = c * x + s * y + across + 0.5, minus_s * x + d * y + down + 0.5
    w, h = found.w * scale, found.h * scale
    landmarks = (found.landmarks @ motion[:, :2].T + motion[:, 2]).astype(np.float32)
    return Detection(x - w / 2, y - h / 2, w, h, found.score, landmarks)


def _flow(
    one: UInt8[np.ndarray, "h w"],
    other: UInt8[np.ndarray, "h w"],
    points: Float32[np.ndarray, "n 2"],
) -> tuple[Float32[np.ndarray, "n 2"], Bool[np.ndarray, "n"]]:
    """Return where the points of one picture are in the other, and which were found at all."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        one, other, points, np.empty_like(points), winSize=WINDOW, maxLevel=LEVELS
    )
    return np.asarray(there, np.float32), np.asarray(found)[:, 0] == 1


def _motion(
    points: Complex128[np.ndarray, "n"], there: Complex128[np.ndarray, "n"], least: float
) -> tuple[complex, complex] | None:
    """Return the similarity (a, b) of two sets of points; None for too few or an odd one."""
    if len(points) < least:
        return None
    a, b = similarity_of(points, there)
    off = np.abs(a * points + b - there)
    fits = off <= max(1.0, 2.5 * float(np.sort(off)[len(off) // 2]))
    if not fits.all():
        if fits.sum() < least:
            return None
        a, b = similarity_of(points[fits], there[fits])
    return (a, b) if 1 / STEP <= abs(a) <= STEP else None


def _region(found: Detection, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of where the motion is looked for, within the frame."""
    reach = AROUND * max(found.w, found.h)
    edges = [found.x - reach, found.y - reach, found.x + found.w + reach, found.y + found.h + reach]
    left, top, right, bottom = (int(edge) for edge in edges)
    return max(left, 0), max(top, 0), min(right, shape[1]), min(bottom, shape[0])


@cache
def _grid() -> Float64[np.ndarray, "n 2"]:
    """Return the points that are followed, share of the box."""
    places = np.linspace(0.12, 0.88, GRID)
    points = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    return points[((points - 0.5) ** 2).sum(axis=1) <= 0.46**2]
