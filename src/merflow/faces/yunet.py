"""YuNet, a small network with five landmarks, run by OpenCV from a file of the user's."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from merflow.errors import MerflowError
from merflow.faces.detect import Detection, shrink
from merflow.storage.digest import file_sha256

SCORE = 0.6
"""Least confidence of a face, in [0, 1] (ours)."""
OVERLAP = 0.3
"""Boxes that overlap more than this (IoU) are one face; OpenCV's default."""


class YuNet:
    """Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023)."""

    def __init__(self, side: int, min_face: float, path: str | None, sha256: str | None) -> None:
        """Load the network after checking the file.

        Args:
            side: The frame's shorter side for detection, pixels.
            min_face: The smallest face's longer box side, share of the frame's shorter side.
            path: The onnx file.
            sha256: Its declared digest; None prints the digest of a network that could be loaded,
                and asks to pin it.

        Raises:
            MerflowError: The file is missing, is not the declared one, or is no such network.
        """
        self.weights_sha256 = checked_sha256(path, sha256)
        try:
            self._network = cv2.FaceDetectorYN.create(str(path), "", (320, 320), SCORE, OVERLAP)
        except cv2.error as error:
            raise MerflowError(
                f"{path} cannot be loaded as a YuNet network; download OpenCV Zoo's "
                "face_detection_yunet again and name it in faces.yunet.path"
            ) from error
        if sha256 is None:
            print(f"faces: {path} has sha256 {self.weights_sha256}; pin it in faces.yunet.sha256")
        self._side, self._min_face = side, min_face

    def detect(self, frame: UInt8[np.ndarray, "h w 3"]) -> list[Detection]:
        """Return the faces of an RGB frame."""
        small = shrink(frame, self._side)
        height, width = small.frame.shape[:2]
        self._network.setInputSize((width, height))
        rows = self._network.detect(cv2.cvtColor(small.frame, cv2.COLOR_RGB2BGR))[1]
        found = []
        for row in () if rows is None else rows.astype(np.float64):
            if max(row[2:4]) < self._min_face * min(height, width):
                continue
            landmarks = small.points(row[4:14].reshape(5, 2))
            found.append(Detection(*small.box(row[:4]), float(row[14]), landmarks))
        return found


def checked_sha256(path: str | None, declared: str | None) -> str:
    """Return the digest of the weight file if it is the declared one, or none is declared.

    Raises:
        MerflowError: No file, or another digest than ``declared``.
    """
    if path is None or not Path(path).is_file():
        where = "faces.yunet.path is null" if path is None else f"there is no file {path}"
        raise MerflowError(
            f"faces.backend is yunet but {where}; download face_detection_yunet (an onnx file of "
            "230 KB) from OpenCV Zoo (github.com/opencv/opencv_zoo) and name it in faces.yunet.path"
        )
    digest = file_sha256(path)
    if declared is not None and digest != declared.lower():
        raise MerflowError(
            f"{path} has sha256 {digest}, but faces.yunet.sha256 declares {declared}; "
            "use the declared file or pin the new digest"
        )
    return digest
