"""One clip in, its main face out: track and aligned crops."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from merflow.faces.align import SIDE, align_track, crop, cut_patch
from merflow.faces.crops import TRACK, FaceClip
from merflow.faces.detect import Detector
from merflow.faces.facts import Facts
from merflow.faces.mask import masked
from merflow.faces.track import main_face
from merflow.media.video import iterate_frames


def face_of_clip(path: str | Path, detector: Detector, spec: Mapping[str, Any]) -> FaceClip:
    """Decode a clip once and return its main face.

    Args:
        path: The clip.
        detector: The backend.
        spec: The section ``faces`` of the parameters: ``fps`` (frames a second that are looked
            at; None for all), ``person`` and ``mask``.

    Raises:
        ClipDefect: Nothing in the file can be decoded.
    """
    times, found, patches = [], [], []
    size = (1, 1)
    for time, frame in iterate_frames(path, spec["fps"]):
        size = (frame.shape[1], frame.shape[0])
        detections = detector.detect(frame)
        times.append(time)
        found.append(detections)
        patches.append({id(face): cut_patch(frame, face) for face in detections})
    face = main_face(found, spec["person"], size)
    track = np.full((len(times), len(TRACK)), np.nan, dtype=np.float32)
    track[:, 0], track[:, 1] = np.arange(len(times)), times
    for number, one in face.items():
        track[number, 2:7] = one.x, one.y, one.w, one.h, one.score
        track[number, 7:] = one.landmarks.ravel()
    maps = align_track(face)
    crops = [crop(patches[number][id(face[number])], maps[number]) for number in sorted(face)]
    if spec["mask"]:
        crops = [masked(one) for one in crops]
    facts = Facts(spec["person"], reason="" if face else f"no face in {len(times)} frames")
    return FaceClip(np.array(crops, dtype=np.uint8).reshape(-1, SIDE, SIDE, 3), track, facts)
