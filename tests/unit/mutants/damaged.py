"""Clips at which bytes were cut off, flipped, blanked or taken out."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePath

import numpy as np

from mutants.good import write_bytes
from mutants.mutant import ANY, Mutant

HEADER = 1500
"""Bytes at either end of a file that are headers and indices rather than pictures and sound."""


def cut(content: bytearray, draw: np.random.Generator) -> None:
    """Cut the file off at a random place."""
    del content[draw.integers(len(content)) :]


def flip_header(content: bytearray, draw: np.random.Generator) -> None:
    """Flip bits near the start or the end."""
    places = draw.integers(0, min(HEADER, len(content)), draw.integers(1, 30))
    _flip(
        content, np.where(draw.random(len(places)) < 0.5, places, len(content) - 1 - places), draw
    )


def flip_payload(content: bytearray, draw: np.random.Generator) -> None:
    """Flip bits anywhere."""
    _flip(content, draw.integers(0, len(content), draw.integers(1, 200)), draw)


def blank(content: bytearray, draw: np.random.Generator) -> None:
    """Overwrite a stretch with zeros, as a lost block of a disk."""
    start, length = draw.integers(len(content)), draw.integers(1, 5000)
    end = min(len(content), start + length)
    content[start:end] = bytes(end - start)


def take_out(content: bytearray, draw: np.random.Generator) -> None:
    """Take a stretch out, or double it."""
    start, length = draw.integers(len(content)), draw.integers(1, 2000)
    stretch = content[start : start + length]
    content[start : start + length] = b"" if draw.random() < 0.5 else stretch + stretch


KINDS: dict[Callable[[bytearray, np.random.Generator], None], int] = {
    cut: 40,
    flip_header: 50,
    flip_payload: 50,
    blank: 20,
    take_out: 20,
}


def _flip(content: bytearray, places: np.ndarray, draw: np.random.Generator) -> None:
    for place in places:
        content[place] ^= 1 << int(draw.integers(8))


def damaged(sources: dict[str, bytes], draw: np.random.Generator) -> Iterator[Mutant]:
    """Yield damaged copies of clips, each kind going round the clips."""
    names = sorted(sources)
    for kind, count in KINDS.items():
        for number in range(count):
            name = names[number % len(names)]
            content = bytearray(sources[name])
            kind(content, draw)
            suffix = PurePath(name).suffix
            make = partial(write_bytes, content=bytes(content))
            yield Mutant(f"{kind.__name__}{suffix}", ANY, make)
