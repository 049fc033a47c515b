"""Persons: the strands of a clip that look like one and the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Int64

from merflow.faces.appearance import Look, likeness, mean_look
from merflow.faces.detect import Detection
from merflow.faces.sightings import Sighting
from merflow.faces.strands import SAME_FACE, Strand

SAME_PERSON = 0.95
"""Least likeness of two strands of one person (ours)."""
PAIRS = 1024
"""So many pairs of strands are looked at together."""
Places = Int64[np.ndarray, "pairs"]


@dataclass
class Person:
    """One person of a clip.

    Attributes:
        strands: In the order of their beginnings; no two share a frame.
    """

    strands: list[Strand]

    @property
    def looked_at(self) -> dict[int, Detection]:
        """Return the face by frame looked at, in the order of the frames."""
        return {n: one.faces[n] for n, one in self._by_frame()}

    @property
    def sightings(self) -> dict[int, Sighting]:
        """Return what is kept of the face, in the frames and the order of ``looked_at``."""
        return {n: one.sightings[n] for n, one in self._by_frame()}

    def _by_frame(self) -> list[tuple[int, Strand]]:
        """Return the frames looked at, in order: strands alternate where a place is left and
        taken again.
        """
        seen = [(n, strand) for strand in self.strands for n in strand.sightings]
        return sorted(seen, key=lambda pair: pair[0])

    @property
    def look(self) -> Look:
        """Return what the person looks like altogether."""
        return mean_look([look for strand in self.strands for look in strand.looks])

    @property
    def switches(self) -> int:
        """Return how often a strand looks less like the one before than one face should."""
        looks = [strand.look for strand in self.strands]
        return sum(likeness(a, b) < SAME_FACE for a, b in pairwise(looks))


def persons_of(strands: Sequence[Strand]) -> list[Person]:
    """Group the strands of a clip by their looks: who is found again after a cut or an absence.

    The most alike two are joined first, as long as they share no frame and what they look like
    altogether stays alike (source: ours).
    """
    kept = [strand for strand in strands if strand.faces]
    groups = {place: Person([strand]) for place, strand in enumerate(kept)}
    home = np.arange(len(kept))
    for one, other in _alike(kept):
        # Most pairs of a clip of many strands are together by now.
        for k in np.flatnonzero(home[one] != home[other]):
            a, b = sorted((int(home[one[k]]), int(home[other[k]])))
            if a == b or _meet(groups[a], groups[b]):
                continue
            if likeness(groups[a].look, groups[b].look) < SAME_PERSON:
                continue
            groups[a] = Person(groups[a].strands + groups.pop(b).strands)
            home[home == b] = a
    for person in groups.values():
        person.strands.sort(key=lambda strand: min(strand.faces))
    return list(groups.values())


def _alike(strands: Sequence[Strand]) -> Iterator[tuple[Places, Places]]:
    """Yield the pairs of strands that may be one person, the most alike first, some at a time."""
    if not strands:
        return
    looks = np.array([strand.look for strand in strands])
    like = looks @ looks.T / 2.0
    rows, columns = np.nonzero(np.triu(like >= SAME_PERSON, 1))
    order = np.lexsort((columns, rows, -like[rows, columns]))
    for start in range(0, len(order), PAIRS):
        some = order[start : start + PAIRS]
        yield rows[some], columns[some]


def _meet(one: Person, other: Person) -> bool:
    """Return whether two persons are seen in one frame."""
    seen = {number for strand in one.strands for number in strand.faces}
    return any(number in seen for strand in other.strands for number in strand.faces)
