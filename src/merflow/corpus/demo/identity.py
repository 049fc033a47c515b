"""What stays the same from clip to clip of one speaker's face."""

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]

SKINS = (
    (236, 202, 178),
    (228, 188, 160),
    (216, 172, 140),
    (209, 164, 128),
    (186, 141, 106),
    (160, 116, 84),
    (136, 97, 70),
)
HAIRS = (
    (28, 24, 22),
    (52, 37, 28),
    (84, 58, 38),
    (120, 82, 50),
    (176, 138, 84),
    (124, 78, 54),
    (128, 126, 124),
)
IRISES = ((74, 48, 30), (96, 72, 40), (70, 96, 62), (70, 104, 138), (96, 112, 124))
SHIRTS = (
    (58, 78, 110),
    (122, 52, 58),
    (66, 98, 82),
    (150, 140, 122),
    (70, 66, 74),
    (188, 182, 170),
    (112, 84, 122),
)
WALLS = (
    (150, 168, 176),
    (176, 166, 148),
    (128, 146, 134),
    (164, 148, 160),
    (112, 124, 142),
    (192, 188, 180),
)


@dataclass(frozen=True)
class Identity:
    """A speaker's looks; lengths in face units (half the height of the face).

    Attributes:
        skin: RGB, 0..255, like every colour here.
        hair: RGB.
        iris: RGB.
        shirt: RGB.
        wall: RGB of the background.
        lip: How much redder than the skin the lips are, 0..1.
        width: Half the width of the face.
        jaw: Width of the jaw, as a share of ``width``.
        eye_apart: Distance of an eye's centre from the middle line.
        eye_size: Half the width of an eye.
        brow: Half the thickness of a brow.
        nose: Half the width of the nose.
        mouth: Half the width of the mouth.
        hairline: Height of the hairline above the face's middle.
        parting: Where the hair parts, -1..1.
        hair_length: How far down the hair falls, 0 (short) .. 1 (shoulders).
        beard: Darkness of the beard, 0..1.
        brow_raise: Added to that number of every expression, like the three below.
        inner_brow: Of a face that looks stern (below 0) or sorry (above) when it rests.
        eye_open: Of heavy or wide lids.
        mouth_curve: Of corners that hang or rise when the mouth rests.
    """

    skin: Colour
    hair: Colour
    iris: Colour
    shirt: Colour
    wall: Colour
    lip: float
    width: float
    jaw: float
    eye_apart: float
    eye_size: float
    brow: float
    nose: float
    mouth: float
    hairline: float
    parting: float
    hair_length: float
    beard: float
    brow_raise: float = 0.0
    inner_brow: float = 0.0
    eye_open: float = 0.0
    mouth_curve: float = 0.0


def _near(rng: np.random.Generator, palette: tuple[Colour, ...], spread: float) -> Colour:
    """Return a colour of the palette, a little off."""
    chosen = np.array(palette[rng.integers(len(palette))]) * rng.uniform(1 - spread, 1 + spread)
    red, green, blue = np.clip(chosen + rng.normal(0, 3, 3), 4, 252)
    return float(red), float(green), float(blue)


def draw_identity(rng: np.random.Generator, female: bool) -> Identity:
    """Draw a face for a speaker (source: ours).

    Args:
        rng: Seeded by the speaker's name.
        female: Longer hair and no beard, as often seen with a higher voice.
    """
    return Identity(
        skin=_near(rng, SKINS, 0.04),
        hair=_near(rng, HAIRS, 0.10),
        iris=_near(rng, IRISES, 0.15),
        shirt=_near(rng, SHIRTS, 0.15),
        wall=_near(rng, WALLS, 0.12),
        lip=rng.uniform(0.5, 0.9) if female else rng.uniform(0.2, 0.5),
        width=rng.uniform(0.70, 0.76) if female else rng.uniform(0.72, 0.79),
        jaw=rng.uniform(0.60, 0.70) if female else rng.uniform(0.68, 0.80),
        eye_apart=rng.uniform(0.345, 0.385),
        eye_size=rng.uniform(0.160, 0.185),
        brow=rng.uniform(0.026, 0.036) if female else rng.uniform(0.034, 0.048),
        nose=rng.uniform(0.135, 0.160) if female else rng.uniform(0.150, 0.180),
        mouth=rng.uniform(0.25, 0.29),
        hairline=rng.uniform(0.60, 0.70),
        parting=rng.uniform(-0.7, 0.7),
        hair_length=rng.uniform(0.35, 1.0) if female else rng.uniform(0.0, 0.12),
        beard=0.0 if female or rng.random() < 0.6 else rng.uniform(0.2, 0.8),
        brow_raise=rng.normal(0.0, 0.10),
        inner_brow=rng.normal(0.0, 0.12),
        eye_open=rng.normal(0.0, 0.05),
        mouth_curve=rng.normal(0.0, 0.10),
    )
