"""One clip in, its main face out: track and aligned crops."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from merflow.faces.align import SIDE
from merflow.faces.choose import chosen
from merflow.faces.crops import TRACK, FaceClip
from merflow.faces.detect import Detector
from merflow.faces.facts import Facts
from merflow.faces.mask import masked
from merflow.faces.picture import Picture
from merflow.faces.sightings import crops_of
from merflow.faces.speaking import Envelope, speaker
from merflow.faces.watch import Watch
from merflow.media.video import frames_due


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
    speaking = spec["person"] == "speaking"
    watch = Watch(detector, spec["detect_side"], spec["detect_every"], moving=speaking)
    sound, times, looked_at = Envelope(), [], []
    for time, frame, due in frames_due(path, spec["fps"], sound.hear if speaking else None):
        if due or speaking:
            watch.look(Picture(frame), due)
            times.append(time)
            looked_at.append(due)
    persons = watch.persons()
    by, reason, person = spec["person"], "", None
    if speaking and len(persons) > 1:
        person, why = speaker(persons, times, sound)
        by, reason = ("speaking", "") if person else ("largest", f"speaker not told: {why}")
    person = person or chosen(persons, by, watch.size)
    facts = Facts(
        by,
        persons=len(persons),
        returns=len(person.strands) - 1 if person else 0,
        switches=person.switches if person else 0,
        cuts=watch.cuts.count,
        reason=reason if person else f"no face in {sum(looked_at)} frames",
    )
    sightings = person.sightings if person else {}
    due_times = [time for time, due in zip(times, looked_at, strict=True) if due]
    row = np.cumsum(looked_at) - 1
    track = np.full((len(due_times), len(TRACK)), np.nan, dtype=np.float32)
    track[:, 0], track[:, 1] = np.arange(len(due_times)), due_times
    for number, one in ((number, seen.face) for number, seen in sightings.items()):
        track[row[number], 2:7] = one.x, one.y, one.w, one.h, one.score
        track[row[number], 7:] = one.landmarks.ravel()
    crops = crops_of(sightings)
    if spec["mask"]:
        crops = [masked(one) for one in crops]
    return FaceClip(np.array(crops, dtype=np.uint8).reshape(-1, SIDE, SIDE, 3), track, facts)
