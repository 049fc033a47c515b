"""Which frame of a clip a picture is of, by its name.

Also asked while planning, so it imports nothing but the standard library.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

LARGEST = 1 << 24
"""No frame has such a number (float32 holds all below); a name that has it means a time or so."""
_OPENFACE = re.compile(r"frame_det_\d+_(\d+)")
"""The name that OpenFace gives: the number of the face, then that of the frame."""
_WHOLE = re.compile(r"(frame[\W_]*)?(\d+)", re.IGNORECASE)
_POINTED = re.compile(r"(frame[\W_]*)?((?<!\d\.)(?<!\d)\d+\.\d+(?!\.?\d)|\d+)", re.IGNORECASE)
"""Numbers, one with a point counting as one; ``2023.01.02`` are three."""


@dataclass(frozen=True)
class Place:
    """What names have as their number at one place.

    Attributes:
        place: 0 for the first number of a name.
        values: The number of each name; None where it has no more numbers.
        numbers: The different ones of these.
        named: Whether the word ``frame`` stands before all of them.
        padded: Whether they are filled up with zeros to one width.
    """

    place: int
    values: Sequence[int | Decimal | None]
    numbers: frozenset[int | Decimal]
    named: bool
    padded: bool

    @property
    def whole(self) -> bool:
        """Return whether none has a fraction: it may be a confidence, and is no frame's number."""
        return all(value == int(value) for value in self.numbers)

    def rank(self) -> tuple[int, bool, bool, bool, int | Decimal, int]:
        """Return what is the greater the likelier this is the frame; see :func:`numbers_of`."""
        span = max(self.numbers) - min(self.numbers)
        return len(self.numbers), self.whole, self.named, self.padded, -span, self.place


def numbers_of(stems: Sequence[str]) -> list[int | None]:
    """Return the frame that each name of a folder tells; None where it tells none.

    It is the number at that place of the names, counted from the front, where the most different
    ones stand: not the face in ``frame_007_face_0`` nor the size in ``007_112x112``. Of several
    such places it is one of whole numbers (``0003_0.8712`` has a confidence), then one behind the
    word ``frame``, then one whose numbers are filled up with zeros to one width (``0026_131`` has
    a coordinate), then the one whose numbers lie closest together, then the last. In OpenFace's
    names, ``frame_det_00_000007``, it is the last in any case. Where all names have the same
    numbers these tell no frame, but that of the only name.

    Fractions are times, ``1.04``, of which the first is frame 1, the next frame 2. With ``1.1``
    beside ``1.10`` they are none, but two numbers. Numbers of ``LARGEST`` and above tell no frame.

    Args:
        stems: The names without suffix; two pictures may have one.
    """
    openface = [_OPENFACE.fullmatch(stem) for stem in stems]
    if all(openface):
        return [_frame(int(name[1])) for name in openface if name]
    alone = len(set(stems)) == 1
    places = [place for place in _places(stems) if alone or len(set(place.values)) > 1]
    if not places:
        return [None] * len(stems)
    best = max(places, key=Place.rank)
    if best.whole:
        return [None if value is None else _frame(int(value)) for value in best.values]
    order = {time: number for number, time in enumerate(sorted(best.numbers), start=1)}
    return [None if value is None else order[value] for value in best.values]


def natural(name: str) -> tuple[str, str]:
    """Return what sorts names with their numbers as numbers: ``x9`` before ``x10``."""
    return re.sub(r"\d+", lambda run: run[0].lstrip("0").rjust(255, "0"), name), name


def _frame(number: int) -> int | None:
    return number if number < LARGEST else None


def _places(stems: Sequence[str]) -> list[Place]:
    """Return all places at which any name has a number."""
    found = [_POINTED.findall(stem) for stem in stems]
    fractions = {text for runs in found for _, text in runs if "." in text}
    if len({Decimal(text) for text in fractions}) < len(fractions):
        found = [_WHOLE.findall(stem) for stem in stems]
    places = []
    for place in range(max(map(len, found), default=0)):
        here = [runs[place] if len(runs) > place else None for runs in found]
        values = [None if one is None else _value(one[1]) for one in here]
        numbers = frozenset(value for value in values if value is not None)
        told = [one for one in here if one is not None]
        named, padded = all(word for word, _ in told), _padded([text for _, text in told])
        places.append(Place(place, values, numbers, named, padded))
    return places


def _padded(texts: Sequence[str]) -> bool:
    """Return whether texts are numbers of one width, one of which is shorter but for its zeros."""
    width = len(texts[0])
    return any(text[0] == "0" for text in texts) and all(
        len(text) == width > 1 and text.isdecimal() for text in texts
    )


def _value(text: str) -> int | Decimal:
    return Decimal(text) if "." in text else int(text)
