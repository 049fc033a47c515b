"""What a face looks like, in a few hundred numbers: enough to tell the persons of one clip apart.

No network that knows persons: the colours of face, hair and what is below the chin, and the
gradients of the face. Brightness hardly counts, so that a fade does not change a person. Sizes and
ranges are ours; on filmed and on drawn faces two frames of one person in one take are alike by .96
and more, two persons hardly ever.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float, Float32, Int64, UInt8

from merflow.faces.detect import Detection

SIDE = 48
"""Pixels to which the surroundings of a face are brought."""
REACH = (0.25, 0.35, 0.25, 0.35)
"""How far they reach beyond the box at the left, top, right and bottom, share of its sides."""
HUES = 10
"""Bins of the shares of red and of green in a colour, each."""
RED, GREEN = (0.28, 0.52), (0.22, 0.40)
"""Their range; grey is at 1/3."""
TONES = 8
"""Bins of the brightness against the face's own, from -3 to 1.5 octaves."""
CELLS, ANGLES = 4, 8
"""Gradients: cells along a side of the face's inner square, directions."""
DARK = 2.0
"""Added to each channel, so that the colours of black are grey."""

Look = Float32[np.ndarray, "numbers"]


def look_of(frame: UInt8[np.ndarray, "h w 3"], found: Detection) -> Look:
    """Describe one face of an RGB frame; what the frame cuts off is continued from its border.

    Returns:
        Square roots of histograms: colours (length one together), then gradients (length one).
    """
    patch = _patch(frame, found)
    return np.concatenate([_unit(_colours(patch)), _unit(_gradients(patch))])


def likeness(one: Look, other: Look) -> float:
    """Return how alike two faces look, in [0, 1]; 1 is the same picture."""
    return float(one @ other) / 2.0


def mean_look(looks: Sequence[Look]) -> Look:
    """Return what some looks have in common, each of its parts of length one."""
    mean = np.mean(looks, axis=0)
    gradients = CELLS * CELLS * ANGLES
    return np.concatenate([_unit(mean[:-gradients]), _unit(mean[-gradients:])])


def _unit(values: Float[np.ndarray, "n"]) -> Float32[np.ndarray, "n"]:
    return (values / max(float(np.linalg.norm(values)), 1e-9)).astype(np.float32)


def _patch(frame: UInt8[np.ndarray, "h w 3"], found: Detection) -> UInt8[np.ndarray, "s s 3"]:
    """Return the surroundings of a face as a square picture."""
    left, top, right, bottom = REACH
    scale = np.array([found.w * (1 + left + right), found.h * (1 + top + bottom)]) / SIDE
    start = np.array([found.x - left * found.w, found.y - top * found.h]) + scale / 2 - 0.5
    to_frame = np.column_stack([np.diag(scale), start])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(
        frame, to_frame, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )


@cache
def _zones() -> tuple[Int64[np.ndarray, "n"], Int64[np.ndarray, "n"], Int64[np.ndarray, "3"]]:
    """Return where in a patch hair, face and clothes are, which it is, and how large each is."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    face = (x / 14) ** 2 + (y / 15) ** 2 < 1
    hair, clothes = (y < -9.5) & (np.abs(x) < 22), (y > 12) & (np.abs(x) < 20)
    places = [np.flatnonzero(zone) for zone in (hair & ~face, face, clothes & ~face)]
    sizes = np.array([len(place) for place in places])
    return np.concatenate(places), np.repeat(np.arange(3), sizes), sizes


def _colours(patch: UInt8[np.ndarray, "s s 3"]) -> Float[np.ndarray, "n"]:
    """Return square roots of the histograms of colour and of tone in each zone."""
    where, zone, sizes = _zones()
    red, green, blue = (patch.reshape(-1, 3)[where] + np.float32(DARK)).T
    total = red + green + blue
    tone = np.log2(np.maximum(total / np.median(total[zone == 1]), 0.05))
    rows, row_shares = _binned(red / total, RED, HUES)
    columns, column_shares = _binned(green / total, GREEN, HUES)
    hues = (zone * HUES + rows)[:, None] * HUES + columns
    hue_shares = row_shares[:, None] * column_shares
    tones, tone_shares = _binned(tone, (-3.0, 1.5), TONES)
    tones += zone * TONES
    counts = [
        np.bincount(bins.ravel(), shares.ravel(), len(sizes) * size).reshape(-1, size)
        for bins, shares, size in ((hues, hue_shares, HUES**2), (tones, tone_shares, TONES))
    ]
    return np.sqrt(np.hstack(counts) / sizes[:, None]).ravel()


def _binned(
    values: Float[np.ndarray, "n"], reach: tuple[float, float], bins: int
) -> tuple[Int64[np.ndarray, "2 n"], Float32[np.ndarray, "2 n"]]:
    """Return the two bins that each value lies between the centres of, and its share in each."""
    low, high = reach
    place = np.clip((values - low) / (high - low) * bins - 0.5, 0, bins - 1).astype(np.float32)
    first = place.astype(np.int64)
    share = place - first.astype(np.float32)
    return np.array([first, np.minimum(first + 1, bins - 1)]), np.array([1 - share, share])


def _gradients(patch: UInt8[np.ndarray, "s s 3"]) -> Float[np.ndarray, "n"]:
    """Return square roots of histograms of directions in the cells of the inner square."""
    rim = SIDE // 6
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY).astype(np.float32)[rim:-rim, rim:-rim]
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    place = (np.arctan2(down, across) % np.pi) / np.pi * ANGLES
    low = np.floor(place)
    strength, share = np.hypot(across, down), place - low
    cell = _cells(len(grey))
    count = CELLS * CELLS * ANGLES
    found = np.zeros(count)
    for step, weight in ((0, 1 - share), (1, share)):
        index = cell + (low.astype(int) + step) % ANGLES
        found += np.bincount(index.ravel(), (weight * strength).ravel(), minlength=count)
    return np.sqrt(found)


@cache
def _cells(side: int) -> Int64[np.ndarray, "y x"]:
    """Return where the histogram of each pixel's cell begins."""
    y, x = np.mgrid[:side, :side] * CELLS // side
    return (y * CELLS + x) * ANGLES
