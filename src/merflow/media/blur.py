"""The blur of the challenge's organisers: fewer pixels, brought back to the old size."""

import numpy as np
from jaxtyping import UInt8


def pyramid_blur(
    frame: UInt8[np.ndarray, "height width 3"], halvings: int
) -> UInt8[np.ndarray, "height width 3"]:
    """Halve a picture's sides so many times and double them again, to its own size.

    ``cv2.pyrDown`` rounds an odd side up; ``pyrUp`` goes back to the very sizes that were there.
    Source: the corruption of MER 2023's organisers (FACTS 4.7), whose level is 2 to the halvings.
    """
    import cv2

    sizes = []
    for _ in range(halvings):
        sizes.append((frame.shape[1], frame.shape[0]))
        frame = cv2.pyrDown(frame)
    for size in reversed(sizes):
        frame = cv2.pyrUp(frame, dstsize=size)
    return frame
