"""Pictures as a player shows them: turned and mirrored as the file says.

A phone writes what its sensor sees and a display matrix beside it.
"""

from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type
from jaxtyping import UInt8


@dataclass(frozen=True)
class Orientation:
    """How a decoded picture becomes the one to be shown: first transposed, then mirrored.

    Attributes:
        transposed: Rows become columns.
        up_down: The order of the rows is then reversed.
        left_right: The order of the columns is then reversed.
    """

    transposed: bool = False
    up_down: bool = False
    left_right: bool = False

    def apply(
        self, picture: UInt8[np.ndarray, "h w *c"]
    ) -> UInt8[np.ndarray, "shown_h shown_w *c"]:
        """Return the picture to be shown, contiguous; the same one where nothing is to be done."""
        if self.transposed:
            picture = picture.swapaxes(0, 1)
        if self.up_down:
            picture = picture[::-1]
        if self.left_right:
            picture = picture[:, ::-1]
        return np.ascontiguousarray(picture)


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """Return what the frame's display matrix says; quarter turns and mirrors alone are followed.

    Source: ``libavutil/display.h``: (x, y) is shown at (a x + c y, b x + d y), for a matrix
    (a, b, u, c, d, v, ...).
    """
    held = cast(SideDataContainer, frame.side_data)  # PyAV's stub names the wrong class
    if Type.DISPLAYMATRIX not in held:
        return Orientation()
    a, b, _, c, d = np.frombuffer(bytes(held[Type.DISPLAYMATRIX]), np.int32)[:5].tolist()
    if a and d and not (b or c):
        return Orientation(False, d < 0, a < 0)
    if b and c and not (a or d):
        return Orientation(True, b < 0, c < 0)
    return Orientation()
