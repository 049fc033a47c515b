"""What makes the face of a clip, by the settings; light to import, for processes of their own."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from merflow.corpus.clip_file import checked_clip
from merflow.faces.crops import FaceClip
from merflow.faces.detect import make_detector
from merflow.faces.extract import face_of_clip
from merflow.faces.pool import Maker


def face_maker(spec: Mapping[str, Any]) -> Callable[[Path, str], FaceClip]:
    """Return what gives the face of a clip, by its path and name, as ``spec`` says.

    Args:
        spec: The section ``faces`` of the parameters.

    Raises:
        MerflowError: The detector's file is missing, or is not the declared one.
    """
    if spec["backend"] == "precropped":
        from merflow.faces.precropped import face_of_pictures

        root = Path(spec["precropped"]["root"])
        return lambda path, clip: face_of_pictures(root, clip)
    detector = make_detector(spec)
    return lambda path, clip: face_of_clip(path, detector, spec)


def clip_maker(spec: Mapping[str, Any]) -> Maker:
    """Return what gives the face of a clip of the manifest; raises as :func:`face_maker`."""
    make = face_maker(spec)
    return lambda task: make(checked_clip(*task), task[1])
