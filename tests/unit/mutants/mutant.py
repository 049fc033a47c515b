"""What is known of a media file by the way it was made."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

USABLE = ""
ANY = frozenset(
    {USABLE, "empty", "undecodable", "no_picture", "soundless", "too_long", "too_large"}
)
"""What may become of a file at which bytes were changed at random."""


@dataclass(frozen=True)
class Mutant:
    """One row of a label file and what must be found of it.

    Attributes:
        path: As the label file names it, relative to the corpus.
        reasons: What may be found: ``USABLE`` or reasons of the quarantine.
        make: Writes the file, at the path in the folder that it is given; None: there is none.
        frames: Pictures, where they are known by construction.
        length_s: Least and most length that it can have, where it is known.
        sound_s: Least and most of the sound.
        defect: What the label file says is wrong with it.
    """

    path: str
    reasons: frozenset[str]
    make: Callable[[Path], object] | None
    frames: int | None = None
    length_s: tuple[float, float] = (0.0, 0.0)
    sound_s: tuple[float, float] = (0.0, 0.0)
    defect: str = ""


def bad(path: str, reason: str, make: Callable[[Path], object] | None = None) -> Mutant:
    """Return a mutant with one reason."""
    return Mutant(path, frozenset({reason}), make)


def numbered(mutants: Iterator[Mutant], folder: str) -> Iterator[Mutant]:
    """Yield mutants whose paths are ``<folder>/<number>-<path>``."""
    for number, mutant in enumerate(mutants):
        yield dataclasses.replace(mutant, path=f"{folder}/{number:03d}-{mutant.path}")
