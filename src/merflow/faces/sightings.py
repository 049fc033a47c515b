"""What is kept of a face in a frame that is looked at: its crop, or what that will be cut from."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import UInt8
from numpy import ndarray

from merflow.faces.align import Patch, align, align_track, crop, has_eyes
from merflow.faces.detect import Detection

Crop = UInt8[ndarray, "112 112 3"]


@dataclass(frozen=True)
class Sighting:
    """A face in one frame.

    Attributes:
        face: Where it is, in pixels of the full frame.
        picture: Its crop; where an eye is not known its surroundings, as the alignment then takes
            the eyes of the other frames.
    """

    face: Detection
    picture: Crop | Patch


def sighting(face: Detection, patch: Patch) -> Sighting:
    """Return what is kept of a face; a crop has 37 KB, a patch up to half a megabyte.

    Args:
        face: In pixels of the full frame.
        patch: Its surroundings.
    """
    return Sighting(face, crop(patch, align(face)) if has_eyes(face) else patch)


def crops_of(sightings: Mapping[int, Sighting]) -> list[Crop]:
    """Return the crops of one person by the alignment of :func:`align_track`, in the given order.

    Args:
        sightings: All of the person, by frame.
    """
    pictures = {number: one.picture for number, one in sightings.items()}
    if any(isinstance(picture, Patch) for picture in pictures.values()):
        maps = align_track({number: one.face for number, one in sightings.items()})
    return [
        crop(picture, maps[number]) if isinstance(picture, Patch) else picture
        for number, picture in pictures.items()
    ]
