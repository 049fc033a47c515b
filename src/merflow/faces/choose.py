"""Whose face it is that the clip is about."""

from collections.abc import Sequence
from math import hypot

from merflow.faces.detect import Detection
from merflow.faces.persons import Person


def chosen(persons: Sequence[Person], by: str, size: tuple[int, int]) -> Person | None:
    """Return the person that the clip is about, who is never changed within it.

    ``largest``: the greatest sum of box areas over the frames looked at, so that a large face
    counts more than a small one, and a face seen often more than a passing one. ``central``: the
    greatest sum of closeness to the frame's centre (source: ours).

    Args:
        persons: All persons of the clip.
        by: ``largest`` or ``central``; ``speaking`` counts as ``largest``, see
            :func:`merflow.faces.speaking.speaker`.
        size: Width and height of the frames, in the pixels of the boxes.

    Returns:
        One of them; None if there are none.
    """

    def weight(person: Person) -> float:
        faces = person.looked_at.values()
        if by == "central":
            return sum(closeness(face, size) for face in faces)
        return sum(face.area for face in faces)

    return max(persons, key=weight, default=None)


def closeness(found: Detection, size: tuple[int, int]) -> float:
    """Return how near a box's centre is to the frame's: 1 there, 0 in a corner."""
    away = hypot(found.x + found.w / 2 - size[0] / 2, found.y + found.h / 2 - size[1] / 2)
    return max(0.0, 1.0 - away / (hypot(*size) / 2))
