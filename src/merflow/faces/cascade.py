"""The detector that needs no download: OpenCV's Haar cascades for faces and eyes."""

import hashlib
from itertools import combinations
from pathlib import Path

import cv2
import cv2.data
import numpy as np
from jaxtyping import Float, Float64, Int32, UInt8

from merflow.faces.detect import Detection, shrink
from merflow.storage.digest import file_sha256

FILES = ("haarcascade_frontalface_alt2.xml", "haarcascade_eye.xml")
EYE_BAND = (0.15, 0.60)
"""Where eyes are searched: share of the box's height, from the top."""
EYE_SIZE = (0.14, 0.40)
"""Smallest and largest side of an eye's box, share of the face box's width."""
EYE_DISTANCE = (0.25, 0.60)
"""Plausible horizontal distance of the eyes, share of the box's width."""
MAX_TILT = 0.36
"""Largest slope of the line between the eyes (20 degrees); a frontal cascade finds no more."""
MAX_ASYMMETRY = 0.12
"""Largest distance of the eyes' middle from the box's middle, share of the box's width."""


class Cascade:
    """Viola and Jones' detector as trained by Lienhart (OpenCV's ``frontalface_alt2``).

    Only the two eyes are known of the five landmarks; a pair is taken only where it is plausible
    (the thresholds above are ours). The score is the cascade's last stage sum, some 50 to 60.
    """

    def __init__(self, side: int, min_face: float) -> None:
        """Load the cascades.

        Args:
            side: The frame's shorter side for detection, pixels.
            min_face: The smallest face's box, share of the frame's shorter side.
        """
        paths = [Path(cv2.data.haarcascades) / name for name in FILES]
        self._face, self._eye = (cv2.CascadeClassifier(str(path)) for path in paths)
        self._side, self._min_face = side, min_face
        digests = "".join(file_sha256(path) for path in paths)
        self.weights_sha256 = hashlib.sha256(digests.encode()).hexdigest()

    def detect(self, frame: UInt8[np.ndarray, "h w 3"]) -> list[Detection]:
        """Return the faces of an RGB frame."""
        small = shrink(frame, self._side)
        grey = cv2.cvtColor(small.frame, cv2.COLOR_RGB2GRAY)
        least = max(20, round(self._min_face * min(grey.shape)))
        boxes, _, scores = self._face.detectMultiScale3(
            grey, scaleFactor=1.1, minNeighbors=3, minSize=(least, least), outputRejectLevels=True
        )
        found = []
        for box, score in zip(np.reshape(boxes, (-1, 4)), np.ravel(scores), strict=True):
            landmarks = np.full((5, 2), np.nan, dtype=np.float32)
            landmarks[:2] = small.points(self._eyes(grey, box))
            found.append(Detection(*small.box(box), float(score), landmarks))
        return found

    def _eyes(
        self, grey: UInt8[np.ndarray, "h w"], box: Int32[np.ndarray, "4"]
    ) -> Float64[np.ndarray, "2 2"]:
        """Return right and left eye of one box of ``grey``, NaN where no pair is plausible."""
        x, y, width, height = (int(value) for value in box)
        top, bottom = (y + round(share * height) for share in EYE_BAND)
        least, most = (round(share * width) for share in EYE_SIZE)
        boxes, _, scores = self._eye.detectMultiScale3(
            grey[top:bottom, x : x + width],
            scaleFactor=1.05,
            minNeighbors=2,
            minSize=(least, least),
            maxSize=(most, most),
            outputRejectLevels=True,
        )
        edges = np.reshape(boxes, (-1, 4)).astype(float)
        centres = edges[:, :2] + edges[:, 2:] / 2
        pair = eye_pair(centres / width, np.ravel(scores))
        return pair * width + (x, top) - 0.5


def eye_pair(
    centres: Float[np.ndarray, "n 2"], scores: Float[np.ndarray, "n"]
) -> Float64[np.ndarray, "2 2"]:
    """Choose the most plausible pair of eyes.

    Of the pairs within the thresholds of this module, the one with the best sum of scores, a
    lopsided one counting less (source: ours).

    Args:
        centres: Candidates, (x, y) from the box's left edge in widths of the box.
        scores: Their scores.

    Returns:
        The eye at the smaller x, then the other; NaN if no pair is plausible.
    """
    best, chosen = -np.inf, np.full((2, 2), np.nan)
    for one, other in combinations(range(len(centres)), 2):
        pair = centres[[one, other]]
        pair = pair[pair[:, 0].argsort()]
        across, down = pair[1] - pair[0]
        lopsided = abs(pair[:, 0].mean() - 0.5)
        if not EYE_DISTANCE[0] <= across <= EYE_DISTANCE[1]:
            continue
        if abs(down) > MAX_TILT * across or lopsided > MAX_ASYMMETRY:
            continue
        value = scores[one] + scores[other] - 20 * lopsided
        if value > best:
            best, chosen = value, pair
    return chosen
