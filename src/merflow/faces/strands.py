"""Strands: one face each, followed through a clip for as long as there is no doubt."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from merflow.faces.align import Patch
from merflow.faces.appearance import Look, likeness, mean_look
from merflow.faces.detect import Detection
from merflow.faces.overlap import box_of, overlap
from merflow.faces.sightings import Sighting

SAME_PLACE = 0.2
"""Least overlap (IoU) of a face with its last box. At five frames a second a head moves by up to
two thirds of its width between two looks; faces of two persons hardly ever overlap (ours)."""
SAME_FACE = 0.93
"""Least likeness of a face with its strand (ours): lower, it is another that took its place."""
PLACE_COUNTS = 0.05
"""How much likeness a full overlap outweighs, where several faces may continue a strand (ours)."""
MISSES = 2
"""So many detections in turn may miss a face that is still followed (ours)."""
EXAMPLES = 8
"""Looks that are kept of a strand, evenly spread."""


@dataclass
class Strand:
    """One face while it is followed.

    Attributes:
        faces: The face by frame; between two detections followed, and pulled to the later one.
        sightings: What is kept of it in the frames that are looked at, once it moves no more.
        open: Its surroundings in the other ones.
        motion: How its mouth moved up to a frame, where that is looked at.
        looks: What it looked like at some of its detections.
        at: The latest frame that it has a face in.
        last: Frame of the last detection.
        missed: Frame of the first detection since then that has not found it; None for none.
        misses: How many there were.
        followed: Whether it was followed to the latest frame.
    """

    faces: dict[int, Detection] = field(default_factory=dict)
    sightings: dict[int, Sighting] = field(default_factory=dict)
    open: dict[int, Patch] = field(default_factory=dict)
    motion: dict[int, float] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    at: int = -1
    last: int = -1
    missed: int | None = None
    misses: int = 0
    followed: bool = True
    _seen: int = 0
    _apart: int = 1

    @property
    def face(self) -> Detection:
        """Return the face where it was last."""
        return self.faces[self.at]

    @property
    def look(self) -> Look:
        """Return what it looked like altogether."""
        return mean_look(self.looks)

    def like(self, look: Look) -> float:
        """Return how like the strand a face looks: its latest look, or any that is kept."""
        return max(likeness(look, one) for one in (self._latest, *self.looks))

    def find(self, number: int, found: Detection, look: Look) -> None:
        """Take a detection; what was followed up to it is pulled to it, more the nearer it is."""
        between = range(self.last + 1, number)
        if number in self.faces and all(frame in self.faces for frame in between):
            guess = self.faces[number]
            for frame in between:
                share = (frame - self.last) / (number - self.last)
                self.faces[frame] = _pulled(self.faces[frame], guess, found, share)
        else:
            self.drop_doubtful()
        self.faces[number], self.at, self.last = found, number, number
        self.missed, self.misses, self.followed = None, 0, True
        self._remember(look)

    def move(self, number: int, found: Detection) -> None:
        """Take a face that was followed to a frame."""
        self.faces[number], self.at = found, number

    def miss(self, number: int) -> None:
        """Note that a detection has not found the face."""
        self.missed = number if self.missed is None else self.missed
        self.misses += 1
        if self.misses > MISSES or number not in self.faces:
            self.drop_doubtful()

    def drop_doubtful(self) -> None:
        """Forget where the face was followed since a detection missed it, and follow no more."""
        if self.missed is not None:
            self.faces = {n: face for n, face in self.faces.items() if n < self.missed}
            self.at = max(self.faces)
        self.followed = False

    def settle(self) -> dict[int, Patch]:
        """Take out of ``open`` where the face moves no more, and forget where it was dropped.

        It moves no more up to its last detection, and where it is not followed.
        """
        settled = [n for n in self.open if n <= self.last or not self.followed]
        patches = {n: self.open.pop(n) for n in settled}
        return {n: patch for n, patch in patches.items() if n in self.faces}

    def _remember(self, look: Look) -> None:
        """Keep the look if it is due; when there are too many, every other one."""
        self._latest = look
        if self._seen % self._apart == 0:
            self.looks.append(look)
            if len(self.looks) > EXAMPLES:
                self.looks, self._apart = self.looks[::2], 2 * self._apart
        self._seen += 1


class Strands:
    """The strands of one clip, made frame by frame.

    Attributes:
        all: Every strand in the order in which they began.
    """

    def __init__(self) -> None:
        """Have none."""
        self.all: list[Strand] = []
        self._live: list[Strand] = []

    @property
    def followed(self) -> list[Strand]:
        """Return the strands that were followed to the latest frame."""
        return [strand for strand in self._live if strand.followed]

    def seen(self, number: int) -> list[Strand]:
        """Return the strands with a face in the latest frame, ``number``."""
        return [strand for strand in self._live if strand.at == number]

    def end(self) -> None:
        """End all strands: behind a cut the same place is no longer the same person."""
        for strand in self._live:
            strand.drop_doubtful()
        self._live = []

    def see(self, number: int, found: Sequence[Detection], looks: Sequence[Look]) -> None:
        """Join the detections of a frame to the strands, and begin new ones.

        A strand waits for its face, at its place, however long it is missed. Pairs are taken
        greedily, the best sum of likeness and weighted overlap first. The order of detections
        does not count (source: ours).
        """
        faces = sorted(zip(found, looks, strict=True), key=lambda pair: _order(pair[0]))
        pairs = []
        for place, strand in enumerate(self._live):
            box = box_of(strand.face)
            for index, (face, look) in enumerate(faces):
                share = overlap(box, box_of(face))
                if share >= SAME_PLACE and (like := strand.like(look)) >= SAME_FACE:
                    pairs.append((-like - PLACE_COUNTS * share, place, index))
        owner: dict[int, Strand] = {}
        taken: set[int] = set()
        for _, place, index in sorted(pairs):
            if index not in owner and place not in taken:
                owner[index] = self._live[place]
                taken.add(place)
        for place, strand in enumerate(self._live):
            if place not in taken and strand.followed:
                strand.miss(number)
        for index, (face, look) in enumerate(faces):
            if index not in owner:
                owner[index] = Strand()
                self.all.append(owner[index])
                self._live.append(owner[index])
            owner[index].find(number, face, look)


def _order(face: Detection) -> tuple[tuple[float, ...], float]:
    return box_of(face), face.score


def _pulled(face: Detection, guess: Detection, found: Detection, share: float) -> Detection:
    """Return a followed face moved by a share of what the guess was off at the detection."""
    boxes = zip(box_of(face), box_of(found), box_of(guess), strict=True)
    x, y, w, h = (here + share * (true - guessed) for here, true, guessed in boxes)
    off = found.landmarks - guess.landmarks
    off[np.isnan(off)] = 0.0
    score = face.score + share * (found.score - face.score)
    landmarks = (face.landmarks + share * off).astype(np.float32)
    return Detection(x, y, w, h, score, landmarks)
