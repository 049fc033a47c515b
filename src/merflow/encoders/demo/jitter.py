"""Small changes of a face crop that leave its actions as they are."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from merflow.seeds import generator

TURN, SHIFT, ZOOM = 3.0, 1.0, 0.015  # degrees, pixels of 112, share
CONTRAST, BRIGHTNESS, TINT = (0.85, 1.2), 8.0, 3.0
BLURRED, SIGMA = 0.2, (0.5, 2.0)  # share of the crops, pixels


def jittered(
    crops: UInt8[np.ndarray, "n 112 112 3"], seed: int, number: int
) -> tuple[UInt8[np.ndarray, "n 112 112 3"], Float32[np.ndarray, "n"]]:
    """Return crops turned, shifted, scaled, tinted and blurred a little, and their turns.

    Args:
        crops: RGB.
        seed: Of the encoder.
        number: Of the batch; with the seed it decides all that is drawn.

    Returns:
        The crops, and by how much each was turned, about -1.7..1.7 with deviation 1.
    """
    rng = generator(seed, "demo-jitter", number)
    changed = np.empty_like(crops)
    turns = rng.uniform(-TURN, TURN, len(crops))
    for place, (frame, turn) in enumerate(zip(crops, turns, strict=True)):
        zoom = 1 + rng.uniform(-ZOOM, ZOOM)
        matrix = cv2.getRotationMatrix2D((55.5, 55.5), turn, zoom)
        matrix = matrix + np.outer(rng.uniform(-SHIFT, SHIFT, 2), (0, 0, 1))
        moved = cv2.warpAffine(frame, matrix, (112, 112), borderMode=cv2.BORDER_REFLECT)
        if rng.random() < BLURRED:
            moved = cv2.GaussianBlur(moved, (0, 0), rng.uniform(*SIGMA))
        shift = 128 + rng.uniform(-BRIGHTNESS, BRIGHTNESS) + rng.uniform(-TINT, TINT, 3)
        levels = (np.arange(256)[:, None] - 128) * rng.uniform(*CONTRAST) + shift
        table = levels.clip(0, 255).astype(np.uint8)
        changed[place] = cv2.LUT(moved, table[None])
    return changed, (turns * np.sqrt(3) / TURN).astype(np.float32)
