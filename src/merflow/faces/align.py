"""Bringing a face to a fixed place in a 112 x 112 picture."""

from dataclasses import dataclass
from math import ceil, floor, isfinite, log2, sqrt

import cv2
import numpy as np
from jaxtyping import Complex128, Float, Float64, UInt8

from merflow.faces.detect import Detection, halved

Track = dict[int, Detection]
"""The face of one person by frame number."""

SIDE = 112
TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
"""Where the five landmarks come to lie, pixels; the template of ArcFace (InsightFace), which most
112 x 112 face pictures follow."""
FRONTAL = np.array([[0.325, 0.39], [0.675, 0.39], [0.5, 0.61], [0.35, 0.79], [0.65, 0.79]])
"""The five landmarks of a frontal face, share of the cascade's box. Ours: rounded medians of
five-point landmarks within it, between those of filmed and of drawn faces."""
MARGIN = 0.6
"""How much of the box's longer side is kept around it until the track is known."""
OVERSAMPLING = 1.5
"""A kept face has at most this many times the pixels of the crop along a side."""


@dataclass(frozen=True)
class Patch:
    """The surroundings of one face, cut out and shrunk before its alignment is known.

    Attributes:
        pixels: RGB.
        to_patch: Affine map from pixel-centre coordinates of the full frame to those of ``pixels``.
    """

    pixels: UInt8[np.ndarray, "h w 3"]
    to_patch: Float64[np.ndarray, "2 3"]


def cut_patch(frame: UInt8[np.ndarray, "h w 3"], face: Detection) -> Patch:
    """Cut the surroundings of a face, shrinking a large face by area averaging.

    Whole frames of a clip would not fit in memory, and sampling a large face straight at 112
    pixels would alias.
    """
    left, top, right, bottom = surroundings(face, frame.shape[1], frame.shape[0])
    return patch_of(frame[top:bottom, left:right], left, top, face)


def surroundings(face: Detection, width: int, height: int) -> tuple[int, int, int, int]:
    """Return what is kept of a frame around a face, at least one pixel.

    Returns:
        First column and row, and those behind the last.
    """
    reach = (0.5 + MARGIN) * max(face.w, face.h)
    left, right = _within(face.x + face.w / 2, reach, width)
    top, bottom = _within(face.y + face.h / 2, reach, height)
    return left, top, right, bottom


def patch_of(cut: UInt8[np.ndarray, "h w 3"], left: int, top: int, face: Detection) -> Patch:
    """Return the :func:`surroundings` of a face, cut out at ``left`` and ``top``, as a patch."""
    height, width = cut.shape[:2]
    ratio = OVERSAMPLING * SIDE / sqrt(max(face.area, 1.0))
    if ratio >= 1:
        return Patch(cut.copy(), np.array([[1.0, 0.0, -left], [0.0, 1.0, -top]]))
    # Sides that can be halved are worth a few columns and rows of the rim.
    step = 1 << int(log2(1 / ratio))
    width, height = width - width % step or width, height - height % step or height
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    fx, fy = size[0] / width, size[1] / height
    half = halved(cut[:height, :width], size)
    small = cv2.resize(half, size, interpolation=cv2.INTER_AREA)
    to_patch = np.array([[fx, 0.0, (0.5 - left) * fx - 0.5], [0.0, fy, (0.5 - top) * fy - 0.5]])
    return Patch(small, to_patch)


def _within(centre: float, reach: float, length: int) -> tuple[int, int]:
    """Return first and last but one pixel around a centre, at least one within the frame."""
    first = min(max(floor(centre - reach), 0), length - 1)
    return first, min(max(ceil(centre + reach), first + 1), length)


def similarity(
    points: Float[np.ndarray, "n 2"], template: Float[np.ndarray, "n 2"]
) -> Float64[np.ndarray, "2 3"]:
    """Return the rotation, scaling and shift that bring points to the template, least squares.

    Closed form over the complex plane: with centred z (points) and t (template),
    a = sum(conj(z) t) / sum(|z|^2). A reflection is never returned. Exact for two points.
    Source: Umeyama 1991 (IEEE TPAMI 13:376), in the plane.

    Raises:
        ValueError: Fewer than two different points.
    """
    a, b = similarity_of(in_plane(points), in_plane(template))
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def similarity_of(
    z: Complex128[np.ndarray, "n"], t: Complex128[np.ndarray, "n"]
) -> tuple[complex, complex]:
    """Return (a, b) so that a z + b is nearest to t: :func:`similarity` in the complex plane."""
    count = max(len(z), 1)
    z_mean, t_mean = complex(z.sum()) / count, complex(t.sum()) / count
    centred = z - z_mean
    spread = np.vdot(centred, centred).real
    if spread == 0:
        raise ValueError("a similarity needs two different points")
    a = complex(np.vdot(centred, t - t_mean) / spread)
    return a, t_mean - a * z_mean


def in_plane(points: Float[np.ndarray, "n 2"]) -> Complex128[np.ndarray, "n"]:
    """Return points as complex numbers x + i y."""
    return np.ascontiguousarray(points, np.float64).view(np.complex128)[:, 0]


def align_track(track: Track) -> dict[int, Float64[np.ndarray, "2 3"]]:
    """Return, for each frame of a track, the map from the full frame to the template.

    Where an eye is unknown, both are placed at the track's median eye positions within the box, or
    at ``FRONTAL`` if no frame of the track has both (ours).
    """
    with_eyes = [found for found in track.values() if has_eyes(found)]
    relative = [(found.landmarks[:2] - corner(found)) / size(found) for found in with_eyes]
    usual = np.median(relative, axis=0) if relative else FRONTAL[:2]
    return {number: align(found, usual) for number, found in track.items()}


def align(
    found: Detection, usual: Float64[np.ndarray, "2 2"] = FRONTAL[:2]
) -> Float64[np.ndarray, "2 3"]:
    """Return the map from the full frame to the template for one face.

    Args:
        found: The face.
        usual: Where the eyes are, share of the box, if one of them is unknown; else of no effect.
    """
    return similarity(complete_landmarks(found, usual), TEMPLATE)


def complete_landmarks(
    found: Detection, usual: Float64[np.ndarray, "2 2"]
) -> Float64[np.ndarray, "5 2"]:
    """Return the landmarks of a face with the unknown ones placed; ``usual`` as of :func:`align`.

    Nose and mouth are placed as far from the eyes as in ``FRONTAL`` on a box of that size, turned
    with the eyes: two eyes alone would give the size of narrow or turned faces badly, and put
    their mouths outside of the crop (ours).
    """
    if np.isfinite(found.landmarks).all() and has_eyes(found):
        return found.landmarks.astype(np.float64)
    known = has_eyes(found)
    eyes = found.landmarks[:2] if known else corner(found) + usual * size(found)
    placed = hang_on_eyes(eyes.astype(np.float64), size(found))
    unknown = np.isnan(found.landmarks) | ~np.bool_(known)
    return np.where(unknown, placed, found.landmarks)


def hang_on_eyes(
    eyes: Float64[np.ndarray, "2 2"], box: Float64[np.ndarray, "2"]
) -> Float64[np.ndarray, "5 2"]:
    """Return the eyes with nose and mouth placed as in ``FRONTAL``, for a box of (w, h) pixels."""
    across = (eyes[1] - eyes[0]) / np.linalg.norm(eyes[1] - eyes[0])
    turn = np.array([[across[0], across[1]], [-across[1], across[0]]])
    below = (FRONTAL[2:] - FRONTAL[:2].mean(axis=0)) * box
    return np.vstack([eyes, eyes.mean(axis=0) + below @ turn])


def has_eyes(found: Detection) -> bool:
    """Return whether both eyes are known and apart."""
    (x, y), (other_x, other_y) = found.landmarks[:2].tolist()
    return isfinite(x + y + other_x + other_y) and (x, y) != (other_x, other_y)


def corner(found: Detection) -> Float64[np.ndarray, "2"]:
    """Return the box's top left corner in pixel-centre coordinates."""
    return np.array([found.x - 0.5, found.y - 0.5])


def size(found: Detection) -> Float64[np.ndarray, "2"]:
    """Return the box's width and height in pixels."""
    return np.array([found.w, found.h])


def crop(patch: Patch, to_template: Float64[np.ndarray, "2 3"]) -> UInt8[np.ndarray, "112 112 3"]:
    """Sample the aligned face bilinearly; black where the frame ends.

    Args:
        patch: The face's surroundings.
        to_template: Map from the full frame to the template, of :func:`align_track`.
    """
    back = cv2.invertAffineTransform(to_template)
    from_template = patch.to_patch[:, :2] @ back
    from_template[:, 2] += patch.to_patch[:, 2]
    return cv2.warpAffine(
        patch.pixels, from_template, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
