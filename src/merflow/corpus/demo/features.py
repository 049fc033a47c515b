"""What moves in a face: brows, eyes, cheeks and mouth, from an expression's numbers."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import UInt8

from merflow.corpus.demo.drawing import Grid, Shade
from merflow.corpus.demo.identity import Identity
from merflow.corpus.demo.portrait import EYE_LEVEL, MOUTH_LEVEL, mixed, scaled

Head = UInt8[np.ndarray, "height width 3"]
SIDES = (-1, 1)
ALONG = np.linspace(-1, 1, 15)
GAZE = (0.048, 0.020)  # face units that the iris moves at most


@dataclass(frozen=True)
class Expression:
    """The numbers of a face; 0 is at rest where nothing else is said.

    Attributes:
        brow_raise: Brows up, -1..1.
        inner_brow: Inner ends up (sad, 1) or down (angry, -1).
        eye_open: 0 shut, 1 at rest, 1.4 wide.
        mouth_curve: Corners up (1) or down (-1).
        mouth_open: 0..1.
        mouth_width: 1 at rest, .8..1.25.
        nose_wrinkle: 0..1.
        gaze_x: Where the eyes look, -1 (to the picture's left) .. 1.
        gaze_y: The same, -1 (up) .. 1 (down).
    """

    brow_raise: float = 0.0
    inner_brow: float = 0.0
    eye_open: float = 1.0
    mouth_curve: float = 0.0
    mouth_open: float = 0.0
    mouth_width: float = 1.0
    nose_wrinkle: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0


def habitual(who: Identity, shown: Expression) -> Expression:
    """Return an expression on a speaker's resting face."""
    lids = shown.eye_open + who.eye_open * min(shown.eye_open, 1.0)  # a shut eye is shut
    return replace(
        shown,
        brow_raise=shown.brow_raise + who.brow_raise,
        inner_brow=shown.inner_brow + who.inner_brow,
        eye_open=max(lids, 0.0),
        mouth_curve=shown.mouth_curve + who.mouth_curve,
    )


def shade_expression(head: Head, grid: Grid, shown: Expression) -> Head:
    """Return the head with the soft folds that an expression makes in the skin."""
    smile, frown = max(shown.mouth_curve, 0.0), max(-shown.inner_brow, 0.0)
    shade = Shade(grid)
    for side in SIDES:
        fold = 0.91 - 0.15 * smile - 0.08 * shown.nose_wrinkle
        shade.spot((side * (0.26 + 0.04 * smile), 0.36), (0.035, 0.09), fold)
        shade.spot((side * (0.32 + 0.05 * smile), 0.47), (0.035, 0.07), fold)
        shade.spot((side * 0.43, 0.17 - 0.05 * smile), (0.16, 0.10), 1 + 0.10 * smile)
        if shown.nose_wrinkle > 0.05:
            shade.spot((side * 0.13, 0.04), (0.03, 0.08), 1 - 0.28 * shown.nose_wrinkle)
    if frown > 0.05:
        shade.spot((0.0, EYE_LEVEL - 0.14), (0.035, 0.08), 1 - 0.32 * min(frown, 1.0))
    if shown.brow_raise > 0.1:
        for level in (-0.50, -0.58):
            shade.spot((0.0, level), (0.30, 0.018), 1 - 0.14 * min(shown.brow_raise, 1.0))
    shade.spot((0.0, MOUTH_LEVEL + 0.15 + 0.16 * shown.mouth_open), (0.17, 0.04), 0.84)
    return shade.apply(head)


def draw_eyes(head: Head, grid: Grid, who: Identity, shown: Expression) -> None:
    """Draw both eyes in place; a shut eye is a line of lashes on the bare lid."""
    opening = max(shown.eye_open, 0.0)
    high, low = 0.074 * opening, 0.050 * opening
    skin, lash = who.skin, mixed(scaled(who.hair, 0.35), (20, 16, 16), 0.5)
    for side in SIDES:
        centre = side * who.eye_apart
        bow = np.sqrt(np.clip(1 - ALONG**2, 0, 1))
        u = centre + who.eye_size * ALONG
        corner = EYE_LEVEL + 0.012 * (ALONG * -side)
        upper = np.stack([u, corner - high * bow**1.3], 1)
        lower = np.stack([u, corner + low * bow], 1)
        if opening > 0.08:
            rows, columns, inner = grid.window((centre, EYE_LEVEL), (0.24, 0.16))
            patch = head[rows, columns]
            looks = centre + GAZE[0] * shown.gaze_x, EYE_LEVEL + 0.004 + GAZE[1] * shown.gaze_y
            ball = _eyeball(inner, patch.shape, who, looks, EYE_LEVEL - 0.55 * high)
            mask = np.zeros(patch.shape, np.uint8)
            inner.fill(mask, np.concatenate([upper, lower[::-1]]), (255, 255, 255))
            kept = cv2.multiply(patch, 255 - mask, scale=1 / 255)
            patch[:] = cv2.add(kept, cv2.multiply(ball, mask, scale=1 / 255))
            grid.line(head, lower[2:-2], scaled(skin, 0.52), 0.012)
        grid.line(head, upper, lash, 0.030)
        crease = np.stack([u, upper[:, 1] - 0.035 - 0.012 * bow], 1)
        grid.line(head, crease[2:-2], scaled(skin, 0.55), 0.012)


def _eyeball(
    grid: Grid, shape: tuple[int, ...], who: Identity, centre: tuple[float, float], lid: float
) -> Head:
    """Return a window filled with an eye's white, iris, pupil and glint, dark above a level."""
    u, v = centre
    ball = np.full(shape, 216, np.uint8)
    ball[:] = (226, 222, 218)
    grid.ellipse(ball, (u, v), (0.080, 0.080), scaled(who.iris, 0.55))
    grid.ellipse(ball, (u, v), (0.066, 0.066), who.iris)
    grid.ellipse(ball, (u, v), (0.036, 0.036), (12, 10, 10))
    grid.ellipse(ball, (u - 0.024, v - 0.026), (0.014, 0.014), (250, 250, 250))
    ball[: max(0, int(lid * grid.radius + grid.origin[1]))] //= 2
    return ball


def draw_brows(head: Head, grid: Grid, who: Identity, shown: Expression) -> None:
    """Draw both brows in place, thick inside and thin outside."""
    colour = mixed(scaled(who.hair, 0.6), scaled(who.skin, 0.5), 0.25)
    bend = np.linspace(0, 1, 12)
    for side in SIDES:
        u = side * (who.eye_apart - who.eye_size * 1.15 + who.eye_size * 2.45 * bend)
        arch = 0.055 * np.sin(np.pi * bend**1.3) + 0.01 * bend
        tilt = 0.085 * shown.inner_brow * (1 - bend) ** 1.2
        level = EYE_LEVEL - 0.175 - 0.075 * shown.brow_raise - tilt - arch + 0.05 * bend
        thick = who.brow * (1.05 - 0.75 * bend**1.5) * np.clip(4 * bend + 0.3, 0, 1)
        upper, lower = np.stack([u, level - thick], 1), np.stack([u, level + thick], 1)
        grid.fill(head, np.concatenate([upper, lower[::-1]]), colour)


def draw_mouth(head: Head, grid: Grid, who: Identity, shown: Expression) -> None:
    """Draw lips, teeth and tongue in place."""
    half = who.mouth * shown.mouth_width * (1 - 0.12 * shown.mouth_open)
    gape = max(shown.mouth_open, 0.0)
    t = np.linspace(-1, 1, 25)
    u, arc = half * t, np.sqrt(np.clip(1 - t**2, 0, 1))
    middle = MOUTH_LEVEL - 0.100 * shown.mouth_curve * (t**2 - 0.3)
    bow = 1 - 0.30 * np.exp(-((t / 0.16) ** 2))
    inner_top, inner_low = middle - 0.045 * gape * arc, middle + 0.185 * gape * arc
    top = inner_top - 0.050 * arc**0.8 * bow
    low = inner_low + 0.068 * arc
    lips = mixed(scaled(who.skin, 0.74), (172, 62, 68), 0.25 + 0.45 * who.lip)

    def band(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.concatenate([np.stack([u, first], 1), np.stack([u, second], 1)[::-1]])

    grid.fill(head, band(top, inner_top), scaled(lips, 0.86))
    grid.fill(head, band(inner_low, low), lips)
    if gape > 0.06:
        grid.fill(head, band(inner_top, inner_low), (58, 22, 26))
        teeth = inner_top + np.minimum(0.050 * arc, 0.55 * (inner_low - inner_top))
        grid.fill(head, band(inner_top, teeth)[3:-3], (226, 220, 210))
        if gape > 0.35:
            tongue = (0.0, float(inner_low.max()) - 0.025)
            grid.ellipse(head, tongue, (half * 0.5, 0.06 * gape), (150, 66, 70))
    else:
        grid.line(head, np.stack([u, middle], 1), scaled(lips, 0.42), 0.020)
