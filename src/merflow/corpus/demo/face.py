"""A face that is drawn again and again with another expression and pose."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from merflow.corpus.demo.drawing import Grid
from merflow.corpus.demo.features import (
    Expression,
    draw_brows,
    draw_eyes,
    draw_mouth,
    habitual,
    shade_expression,
)
from merflow.corpus.demo.identity import Identity
from merflow.corpus.demo.portrait import draw_body, draw_head, head_grid, outline

SUPERSAMPLING = 2


@dataclass(frozen=True)
class Pose:
    """Where the head is.

    Attributes:
        x: The face's middle, as a share of the frame's width.
        y: The same of its height.
        scale: Half the face's height, as a share of the frame's height.
        roll: Degrees, clockwise.
    """

    x: float = 0.5
    y: float = 0.50
    scale: float = 0.34
    roll: float = 0.0


class Face:
    """One speaker in front of a wall, under one light (source: ours).

    All that does not move is drawn once, at twice the resolution.

    Args:
        who: The speaker's looks.
        width: Of a frame, pixels.
        height: Of a frame, pixels.
        rest: The mean pose; neck and shoulders stay there.
        light: -1 (from the left) .. 1 (from the right).
        wall: Seeds the soft pattern of the background.
    """

    def __init__(
        self,
        who: Identity,
        width: int,
        height: int,
        rest: Pose,
        light: float,
        wall: np.random.Generator,
    ) -> None:
        """Draw what does not move."""
        self.who, self.size = who, (width, height)
        unit = rest.scale * height
        self.grid = head_grid(unit * SUPERSAMPLING)
        self.head, self.opacity = draw_head(who, self.grid)
        middle = (rest.x * width * SUPERSAMPLING, rest.y * height * SUPERSAMPLING)
        doubled = (width * SUPERSAMPLING, height * SUPERSAMPLING)
        body = draw_body(who, Grid(unit * SUPERSAMPLING, middle, doubled), wall)
        self.body = cv2.resize(body, self.size, interpolation=cv2.INTER_AREA)
        across = (np.arange(width) - rest.x * width) / unit
        gain = 1.0 + 0.16 * light * np.tanh(across)
        self.gain = np.ascontiguousarray(
            np.broadcast_to(gain[None, :, None], (height, width, 3)), np.float32
        )

    def draw(self, shown: Expression, pose: Pose) -> UInt8[np.ndarray, "height width 3"]:
        """Return one RGB frame: an expression on the speaker's own resting face."""
        shown = habitual(self.who, shown)
        head = shade_expression(self.head, self.grid, shown)
        draw_mouth(head, self.grid, self.who, shown)
        draw_eyes(head, self.grid, self.who, shown)
        draw_brows(head, self.grid, self.who, shown)
        head = cv2.blur(head, (SUPERSAMPLING, SUPERSAMPLING))
        place = self._placement(pose)
        head = cv2.warpAffine(head, place, self.size, borderMode=cv2.BORDER_REPLICATE)
        opacity = cv2.warpAffine(self.opacity, place, self.size)
        frame = cv2.blendLinear(head, self.body, opacity, 1 - opacity)
        return cv2.multiply(frame, self.gain, dtype=cv2.CV_8U)

    def box(self, pose: Pose) -> Float[np.ndarray, "4"]:
        """Return the upright box around the face's skin: hairline to chin, ear to ear.

        The four numbers are x, y, width and height in pixels of a frame; neither expression nor
        what hides the skin (a fringe at the sides, the frame's edge) changes them.
        """
        corners = outline(self.who)
        seen = corners[corners[:, 1] >= -self.who.hairline] * self.grid.radius + self.grid.origin
        placed = cv2.transform(seen[None], self._placement(pose))[0] + 0.5
        low, high = placed.min(0), placed.max(0)
        return np.concatenate([low, high - low])

    def _placement(self, pose: Pose) -> np.ndarray:
        """Return the 2 x 3 matrix from the head's own picture to the frame."""
        width, height = self.size
        zoom = pose.scale * height / self.grid.radius
        angle = np.deg2rad(pose.roll)
        turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = np.array([pose.x * width, pose.y * height])
        # Pixel centres: OpenCV's pixel 0 lies at .5 of the unit square.
        shift = middle - 0.5 - turn @ (np.array(self.grid.origin) - 0.5)
        return np.hstack([turn, shift[:, None]])
