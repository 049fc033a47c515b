"""What does not move while a face speaks: head, hair, neck, shoulders, wall."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from merflow.corpus.demo.drawing import Grid, Points, Shade, oval
from merflow.corpus.demo.identity import Colour, Identity

EYE_LEVEL = -0.13
NOSE_LEVEL = 0.27
MOUTH_LEVEL = 0.545
FADE = 0.45  # length over which long hair at the sides of the face fades out
REACH = (1.15, 1.40, 1.15)  # how far a head's own picture reaches: to the sides, up, down


def scaled(colour: Colour, factor: float) -> Colour:
    """Return a darker or lighter colour."""
    red, green, blue = (min(255.0, part * factor) for part in colour)
    return red, green, blue


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """Return ``first`` with a share of ``second``."""
    red, green, blue = (a * (1 - share) + b * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def head_grid(radius: float) -> Grid:
    """Return the grid of a head's own picture; ``radius`` is pixels a face unit."""
    side, up, down = (reach * radius for reach in REACH)
    return Grid(radius, (side, up), (int(2 * side) + 1, int(up + down) + 1))


def _half_width(who: Identity, v: Float[np.ndarray, " levels"]) -> Float[np.ndarray, " levels"]:
    """Return half the width of the face at each level from -1 (skull) to 1 (chin)."""
    above = np.sqrt(np.clip(1 - ((v - 0.05) / 1.05) ** 2, 0, 1))
    below = np.sqrt(1 - np.clip((v - 0.05) / 0.95, 0, 1) ** (1.5 + 5.0 * (who.jaw - 0.6)))
    return who.width * np.where(v < 0.05, above, below)


def outline(who: Identity) -> Points:
    """Return the outline of the face's skin, from the skull (under the hair) to the chin."""
    v = -np.cos(np.linspace(0, np.pi, 40))
    half = _half_width(who, v)
    return np.concatenate([np.stack([half, v], 1), np.stack([-half, v], 1)[::-1]])


def _skull(who: Identity) -> Points:
    """Return the outline of the hair around the head, down to where the front hair ends."""
    angle = np.linspace(0, np.pi / 2, 24)
    u = (who.width + 0.07) * np.sin(angle) ** 0.85
    v = -0.20 - 1.04 * np.cos(angle) ** 0.95
    end = _hair_end(who)
    narrow = who.width + (0.02 if _is_long(who) else -0.03)
    u, v = np.append(u, narrow)[::-1], np.append(v, end)[::-1]
    return np.concatenate([np.stack([u, v], 1), np.stack([-u, v], 1)[::-1]])


def _fringe(who: Identity) -> Points:
    """Return the hair above the forehead, between the skull and the hairline."""
    side, start = who.width + 0.02, 0.35 * who.parting * who.width
    u = np.linspace(-side, side, 60)
    reach = np.where(u < start, start + side, side - start)
    power = 3.6 if _is_long(who) else 2.4
    drop = (who.hairline + _hair_end(who)) * (np.abs(u - start) / reach) ** power
    return np.concatenate([_skull(who), np.stack([u, drop - who.hairline], 1)])


def _is_long(who: Identity) -> bool:
    return who.hair_length > 0.3


def _hair_end(who: Identity) -> float:
    return 0.35 + 0.45 * who.hair_length if _is_long(who) else -0.08 + 0.8 * who.hair_length


def _shade_head(who: Identity, grid: Grid) -> Shade:
    """Return the light and shadow of a face at rest; detectors look for exactly this."""
    shade = Shade(grid)
    across = np.clip(np.abs(shade.u) / who.width, 0, 1.2) ** 2.4
    down = np.clip(shade.v - 0.1, 0, 1) ** 2
    shade.factor *= 1.06 - 0.26 * across[None, :] - 0.16 * down[:, None]
    for side in (-1, 1):
        shade.spot((side * who.eye_apart, EYE_LEVEL - 0.03), (0.20, 0.13), 0.66)
        shade.spot((side * 0.13, EYE_LEVEL + 0.02), (0.06, 0.16), 0.86)
        shade.spot((side * 0.42, 0.20), (0.20, 0.15), 1.12)
        shade.spot((side * who.nose * 0.95, NOSE_LEVEL), (0.045, 0.06), 0.76)
        shade.spot((side * who.nose * 0.45, NOSE_LEVEL + 0.055), (0.040, 0.022), 0.42)
    shade.spot((0, 0.06), (0.075, 0.26), 1.16)
    shade.spot((0, NOSE_LEVEL - 0.02), (0.07, 0.06), 1.10)
    shade.spot((0, NOSE_LEVEL + 0.085), (0.13, 0.030), 0.80)
    shade.spot((0, -0.45), (0.38, 0.16), 1.10)
    shade.spot((0, 0.86), (0.16, 0.09), 1.07)
    return shade


def _beard(who: Identity, grid: Grid, picture: UInt8[np.ndarray, "height width 3"]) -> None:
    """Darken chin, cheeks and upper lip towards the colour of the hair, in place."""
    mask = np.zeros((grid.size[1], grid.size[0], 1), np.uint8)
    grid.fill(mask, outline(who) * np.array([0.97, 0.985]), (255,))
    grid.fill(mask, oval((0, -0.25), (who.width * 1.15, 0.72)), (0,))
    grid.ellipse(mask, (0, NOSE_LEVEL + 0.155), (0.26, 0.055), (255,))
    soft = cv2.GaussianBlur(mask, (0, 0), 0.05 * grid.radius)[..., None] * (who.beard * 0.62 / 255)
    picture[:] = picture * (1 - soft) + np.array(scaled(who.hair, 0.9)) * soft


def draw_head(
    who: Identity, grid: Grid
) -> tuple[UInt8[np.ndarray, "height width 3"], Float[np.ndarray, "height width"]]:
    """Return a head without eyes, brows and mouth, RGB, and its opacity 0..1 (float32)."""
    width, height = grid.size
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = np.rint(who.hair).astype(np.uint8)
    opacity = np.zeros((height, width, 1), np.uint8)
    ears = [oval((side * who.width * 1.0, 0.02), (0.095, 0.19)) for side in (-1, 1)]
    for ear in [] if _is_long(who) else ears:
        grid.fill(picture, ear, scaled(who.skin, 0.84))
        grid.fill(picture, (ear - ear.mean(0)) * 0.55 + ear.mean(0), scaled(who.skin, 0.70))
        grid.fill(opacity, ear, (255,))
    skin = np.empty_like(picture)
    skin[:] = np.rint(who.skin).astype(np.uint8)
    skin = _shade_head(who, grid).apply(skin)
    if who.beard:
        _beard(who, grid, skin)
    inside = np.zeros((height, width, 1), np.uint8)
    grid.fill(inside, outline(who), (255,))
    share = inside.astype(np.float32) / 255
    picture = (picture * (1 - share) + skin * share).astype(np.uint8)
    _draw_fringe(who, grid, picture)
    hair = np.zeros_like(opacity)
    grid.fill(hair, _skull(who), (255,))
    if _is_long(who):  # strands lose themselves in the hair behind, which does not move
        level = (np.arange(height) - grid.origin[1]) / grid.radius
        left = np.clip((_hair_end(who) - level) / FADE, 0, 1)[:, None, None]
        hair = np.rint(hair * left).astype(np.uint8)
    opacity = np.maximum(opacity, hair)
    grid.fill(opacity, outline(who), (255,))
    return picture, opacity[..., 0].astype(np.float32) / 255


def _draw_fringe(who: Identity, grid: Grid, picture: UInt8[np.ndarray, "height width 3"]) -> None:
    """Draw the front hair with its shadow on the forehead and its sheen, in place."""
    mask = np.zeros((*picture.shape[:2], 1), np.uint8)
    grid.fill(mask, _fringe(who), (255,))
    shadow = cv2.GaussianBlur(mask, (0, 0), 0.05 * grid.radius)[..., None] / np.float32(255)
    sheen = Shade(grid)
    sheen.spot((0.35 * who.parting, -0.85), (0.42, 0.12), 1.35)
    sheen.spot((0, -1.2), (0.8, 0.16), 0.80)
    strands = np.sin(31 * sheen.u + 4 * who.parting) + np.sin(53 * sheen.u) + np.sin(19 * sheen.u)
    sheen.factor *= 1 + 0.025 * strands[None, :]
    hair = np.empty_like(picture)
    hair[:] = np.rint(who.hair).astype(np.uint8)
    hair = sheen.apply(hair)
    share = mask.astype(np.float32) / 255
    picture[:] = picture * (1 - 0.35 * shadow) * (1 - share) + hair * share


def draw_body(
    who: Identity, grid: Grid, rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 3"]:
    """Return wall, back hair, shoulders and neck, RGB, at twice the frame's size."""
    width, height = grid.size
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = np.rint(who.wall).astype(np.uint8)
    room = Shade(grid)
    room.factor *= np.linspace(1.06, 0.86, len(room.v), dtype=np.float32)[:, None]
    for _ in range(3):
        spot = (rng.uniform(-2, 2), rng.uniform(-1.5, 1.5))
        room.spot(spot, (rng.uniform(0.5, 1.2), rng.uniform(0.5, 1.2)), rng.uniform(0.85, 1.15))
    picture = room.apply(picture)
    grid.ellipse(picture, (0, 2.35), (1.55, 1.12), who.shirt)
    if _is_long(who):
        low = 0.35 + 0.95 * who.hair_length
        wide = who.width + 0.10
        grid.ellipse(picture, (0, -0.15), (wide, 1.05), scaled(who.hair, 0.72))
        sides = [(-wide, -0.1), (-wide * 1.06, low), (wide * 1.06, low), (wide, -0.1)]
        grid.fill(picture, np.array(sides), scaled(who.hair, 0.72))
        grid.ellipse(picture, (0, low), (wide * 1.06, 0.14), scaled(who.hair, 0.72))
    neck = [(-0.36, 0.5), (-0.35, 1.18), (-0.48, 1.34), (0, 1.62), (0.48, 1.34), (0.35, 1.18)]
    chin_shadow = Shade(grid)
    chin_shadow.factor *= 0.86
    chin_shadow.spot((0, 1.02), (0.6, 0.20), 0.66)
    skin = np.empty_like(picture)
    skin[:] = np.rint(who.skin).astype(np.uint8)
    mask = np.zeros_like(picture)
    grid.fill(mask, np.array([*neck, (0.36, 0.5)]), (255, 255, 255))
    shaded = cv2.multiply(chin_shadow.apply(skin), mask, scale=1 / 255)
    return cv2.add(cv2.multiply(picture, 255 - mask, scale=1 / 255), shaded)
