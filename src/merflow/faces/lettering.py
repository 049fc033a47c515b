"""Words in a picture, in DejaVu Sans: Latin, Greek, Cyrillic and more, alike on every machine."""

import functools
import textwrap
import unicodedata
from pathlib import Path

import matplotlib as mpl
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

ROOM = 1.25
"""Height of a line, in sizes of its letters."""


def write(
    picture: UInt8[np.ndarray, "h w 3"], x: int, y: int, words: str, size: int
) -> UInt8[np.ndarray, "h w 3"]:
    """Return the picture with one line of black words; what leads out of it is cut off.

    A character that the typeface lacks (Chinese, Japanese) is an empty box, one that cannot be
    printed a question mark in a diamond.

    Args:
        picture: RGB; it stays as it is.
        x: Where the line begins, pixels.
        y: The top of the line, pixels.
        words: What it says.
        size: Of the letters, pixels.
    """
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text((x, y), _printable(words), (0, 0, 0), _font(size))
    return np.array(image)


def write_lines(
    picture: UInt8[np.ndarray, "h w 3"], x: int, y: int, words: str, size: int
) -> UInt8[np.ndarray, "h w 3"]:
    """Return the picture with words in as many lines as they take; arguments as :func:`write`."""
    # Of a usual text no letter is wider than .7 sizes on the mean.
    letters = max(1, int((picture.shape[1] - 2 * x) / (0.7 * size)))
    for number, line in enumerate(textwrap.wrap(words, letters)):
        picture = write(picture, x, y + round(number * ROOM * size), line, size)
    return picture


def shortened(name: str, before: str, width: int, size: int) -> str:
    """Return ``before`` and a name, which loses its middle until all is ``width`` wide.

    Names of clips often begin alike and end in what tells them apart.

    Args:
        name: May be shortened.
        before: Stays whole.
        width: Pixels.
        size: Of the letters, pixels.
    """
    name, font = _printable(name), _font(size)
    text, kept = f"{before}{name}", len(name)
    while kept > 1 and font.getlength(text) > width:
        kept -= 1
        text = f"{before}{name[: kept // 2]}\u2026{name[len(name) - (kept + 1) // 2 :]}"
    return text


def _printable(words: str) -> str:
    """Return the words in one line: composed, and without control characters."""
    composed = unicodedata.normalize("NFC", words)
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in composed)


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Return matplotlib's own copy: no typeface of the machine, nor a library that sets letters."""
    file = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)
