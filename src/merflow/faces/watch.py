"""Looking at a clip's frames in turn: where to detect, where to follow."""

import numpy as np
from jaxtyping import UInt8

from merflow.faces.align import patch_of, surroundings
from merflow.faces.appearance import look_of
from merflow.faces.cuts import Cuts
from merflow.faces.detect import Detector, Shrunk, enlarged
from merflow.faces.flow import follow
from merflow.faces.persons import Person, persons_of
from merflow.faces.picture import Picture
from merflow.faces.sightings import sighting
from merflow.faces.speaking import mouth_motion
from merflow.faces.strands import Strand, Strands


class Watch:
    """All faces of one clip.

    Detection, motion and looks are found on shrunk frames; only the surroundings of the faces are
    cut from full ones, and kept until it is known where exactly the face is.

    Args:
        detector: The backend.
        side: To how many pixels the shorter side of a frame is shrunk.
        every: Of the frames looked at every so many-th is detected in; in between faces are
            followed. 1: none is followed, but to see how it moves.
        moving: Whether frames between those looked at are given too: faces are followed there to
            see how their mouths move.

    Attributes:
        strands: What was seen so far, in pixels of the shrunk frames.
        cuts: What was cut so far.
    """

    def __init__(self, detector: Detector, side: int, every: int, moving: bool) -> None:
        """Have seen nothing."""
        self.strands, self.cuts = Strands(), Cuts()
        self._detector, self._side, self._every = detector, side, every
        self._moving, self._follows = moving, moving or every > 1
        self._before: UInt8[np.ndarray, "h w"] | None = None
        self._number, self._until_key = 0, 0
        self._last = Shrunk(np.zeros((1, 1), np.uint8), (1.0, 1.0))
        self._shape: tuple[int, int] | None = None
        self._open: list[Strand] = []

    def look(self, picture: Picture, due: bool = True) -> None:
        """Look at the next frame.

        A face is detected at key frames, and also where one that was followed is lost and behind
        a cut. Where the frames' size changes all are found again, by their looks.

        Args:
            picture: The frame.
            due: Whether it is one of the frames looked at, and not given for its motion alone.
        """
        grey = picture.grey(self._side)
        number, self._number = self._number, self._number + 1
        if self.cuts.between(grey.frame) or self._shape != (picture.width, picture.height):
            self._end()
        self._last, self._shape = grey, (picture.width, picture.height)
        self._follow(number, grey.frame)
        if due and self._until_key <= 0:
            small = picture.small(self._side)
            found = self._detector.detect(small.frame)
            self.strands.see(number, found, [look_of(small.frame, face) for face in found])
            self._until_key = self._every
        if due:
            self._until_key -= 1
            for strand in self.strands.seen(number):
                if not strand.open:
                    self._open.append(strand)
                face = enlarged(strand.face, grey)
                place = surroundings(face, picture.width, picture.height)
                strand.open[number] = patch_of(picture.part(*place), *place[:2], face)
        self._settle()

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height of the shrunk frames."""
        height, width = self._last.frame.shape[:2]
        return width, height

    def persons(self) -> list[Person]:
        """Return who was seen, after the last frame."""
        self._end()
        return persons_of(self.strands.all)

    def _end(self) -> None:
        """End all strands; the next due frame is a key frame."""
        self.strands.end()
        self._until_key = 0
        self._settle()

    def _settle(self) -> None:
        """Align the faces that move no more: a crop takes a tenth of the memory of a patch."""
        for strand in self._open:
            for number, patch in strand.settle().items():
                face = enlarged(strand.faces[number], self._last)
                strand.sightings[number] = sighting(face, patch)
        self._open = [strand for strand in self._open if strand.open]

    def _follow(self, number: int, grey: UInt8[np.ndarray, "h w"]) -> None:
        """Follow all faces to this frame; where one is lost, the next due frame is a key frame."""
        before, self._before = self._before, grey
        if not self._follows or before is None or before.shape != grey.shape:
            return
        for strand in self.strands.followed:
            there = follow(before, grey, strand.face)
            if there is None:
                strand.drop_doubtful()
                self._until_key = 0
                continue
            if self._moving:
                motion = mouth_motion(before, grey, strand.face, there.to_next)
                strand.motion[number] = motion
            strand.move(number, there.found)
