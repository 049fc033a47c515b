"""Histograms of oriented gradients of the aligned face, by OpenCV.

The grey 112 x 112 crop in 7 x 7 cells of 16 pixels, 9 unsigned directions a cell, blocks of 2 x 2
cells that move by one cell (6 x 6 of them), no gamma, L2-Hys: 1296 values a frame. A clip's
vector is the mean over its frames and, behind it, their population standard deviation: the mean
mostly tells who it is, the deviation how the face moves.

Each frame is described in ``prepare``, hence in the threads that read ahead.

Source: Dalal and Triggs, "Histograms of oriented gradients for human detection" (2005); cells of
a seventh of the face are ours.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from merflow.encoders.encoder import Encoder, Vectors
from merflow.encoders.registry import layers_of
from merflow.storage.digest import settings_digest
from merflow.threads import numeric_threads

SIDE, BLOCK, CELL, BINS = 112, 32, 16, 9


class HogEncoder(Encoder):
    """Mean and deviation over frames of OpenCV's descriptor."""

    modality: Literal["visual"] = "visual"

    def __init__(self, layers: list[str]) -> None:
        """Give OpenCV the threads of the command line."""
        cv2.setNumThreads(numeric_threads())
        self.layers = layers
        self.digest = settings_digest(["hog", "opencv", cv2.__version__])

    def prepare(self, clip: UInt8[np.ndarray, "frames 112 112 3"]) -> Float32[np.ndarray, "2592"]:
        """Return the mean description and the deviation from it.

        Raises:
            ValueError: The clip has no frame; such clips have no row in the cache.
        """
        if len(clip) == 0:
            raise ValueError("a clip without frames cannot be encoded")
        frames = np.stack([describe(frame) for frame in clip]).astype(np.float64)
        return np.concatenate([frames.mean(axis=0), frames.std(axis=0)]).astype(np.float32)

    def encode_prepared(self, prepared: Sequence[Any]) -> list[Vectors]:
        """Return what is there already, by layer."""
        return [dict.fromkeys(self.layers, vector) for vector in prepared]


def describe(frame: UInt8[np.ndarray, "112 112 3"]) -> Float32[np.ndarray, "1296"]:
    """Return one frame's histograms: by block (columns first), cell, direction."""
    # Made anew: nothing says that a descriptor may be used by several threads.
    descriptor = cv2.HOGDescriptor((SIDE, SIDE), (BLOCK, BLOCK), (CELL, CELL), (CELL, CELL), BINS)
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return np.asarray(descriptor.compute(grey), np.float32).reshape(-1)


def load(spec: Mapping[str, Any], path: Path | None) -> HogEncoder:
    """Return the encoder; there is no file to read."""
    return HogEncoder(layers_of(spec))
