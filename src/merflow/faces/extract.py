"""One clip in, its main face out: track and aligned crops."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from merflow.faces.align import SIDE, align_track, crop
from merflow.faces.choose import chosen
from merflow.faces.crops import TRACK, FaceClip
from merflow.faces.detect import Detector
from merflow.faces.facts import Facts
from merflow.faces.mask import masked
from merflow.faces.watch import Watch
from merflow.media.video import iterate_frames


def face_of_clip(path: str | Path, detector: Detector, spec: Mapping[str, Any]) -> FaceClip:
    """Decode a clip once and return its main face.

    Args:
        path: The clip.
        detector: The backend.
        spec: The section ``faces`` of the parameters: ``fps`` (frames a second that are looked
            at; None for all), ``detect_every``, ``detect_side``, ``person`` and ``mask``.

    Raises:
        ClipDefect: Nothing in the file can be decoded.
    """
    watch = Watch(detector, spec["detect_side"], spec["detect_every"], moving=False)
    times = []
    for time, frame in iterate_frames(path, spec["fps"]):
        watch.look(frame)
        times.append(time)
    persons = watch.persons()
    person = chosen(persons, spec["person"], watch.size)
    facts = Facts(
        spec["person"],
        persons=len(persons),
        returns=len(person.strands) - 1 if person else 0,
        switches=person.switches if person else 0,
        cuts=watch.cuts.count,
        reason="" if person else f"no face in {len(times)} frames",
    )
    face = watch.full_size(person.looked_at) if person else {}
    track = np.full((len(times), len(TRACK)), np.nan, dtype=np.float32)
    track[:, 0], track[:, 1] = np.arange(len(times)), times
    for number, one in face.items():
        track[number, 2:7] = one.x, one.y, one.w, one.h, one.score
        track[number, 7:] = one.landmarks.ravel()
    maps = align_track(face)
    crops = [crop(person.patch(number), maps[number]) for number in face] if person else []
    if spec["mask"]:
        crops = [masked(one) for one in crops]
    return FaceClip(np.array(crops, dtype=np.uint8).reshape(-1, SIDE, SIDE, 3), track, facts)
