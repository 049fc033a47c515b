"""Following faces over the frames of a clip, and choosing the one the clip is about."""

from collections.abc import Sequence
from math import hypot

from merflow.faces.detect import Detection

SAME_FACE = 0.2
"""Least overlap (IoU) of a face with its last box. At five frames a second a head moves by up to
two thirds of its width between two looks; faces of two persons hardly ever overlap (ours)."""

Box = tuple[float, float, float, float]
Track = dict[int, Detection]
"""The detections of one face by frame number."""


def overlap(one: Box, other: Box) -> float:
    """Return intersection over union of two boxes (x, y, w, h), in [0, 1]."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    total = one[2] * one[3] + other[2] * other[3] - common
    return common / total if total > 0 else 0.0


def box_of(detection: Detection) -> Box:
    """Return a detection's box (x, y, w, h) in pixels."""
    return detection.x, detection.y, detection.w, detection.h


def tracks_of(frames: Sequence[Sequence[Detection]]) -> list[Track]:
    """Join the detections of consecutive frames into tracks, by overlap alone.

    In each frame the pairs of track and detection are taken greedily, best overlap first. A track
    waits for its face however long it is missed. Neither the order of detections nor other
    faces elsewhere in the frame change a track (source: ours).
    """
    tracks: list[Track] = []
    last: list[Box] = []
    for number, frame in enumerate(frames):
        detections = sorted(frame, key=lambda found: (box_of(found), found.score))
        pairs = sorted(
            (-share, track, index)
            for track, box in enumerate(last)
            for index, found in enumerate(detections)
            if (share := overlap(box, box_of(found))) >= SAME_FACE
        )
        owner: dict[int, int] = {}
        for _, track, index in pairs:
            if index not in owner and track not in owner.values():
                owner[index] = track
        for index, found in enumerate(detections):
            if index not in owner:
                owner[index] = len(tracks)
                tracks.append({})
                last.append(box_of(found))
            tracks[owner[index]][number] = found
            last[owner[index]] = box_of(found)
    return tracks


def main_face(frames: Sequence[Sequence[Detection]], person: str, size: tuple[int, int]) -> Track:
    """Return the track of the person that the clip is about, who is never changed within it.

    ``largest``: the greatest sum of box areas over the frames, so that a large face counts more
    than a small one, and a face seen often more than a passing one. ``central``: the greatest sum
    of closeness to the frame's centre, 1 there and 0 in the corners (source: ours).

    Args:
        frames: The detections of each frame.
        person: ``largest`` or ``central``.
        size: Width and height of the frames, pixels.

    Returns:
        The track; empty if no frame has a face.
    """
    tracks = tracks_of(frames)
    if not tracks:
        return {}
    if person == "central":
        return max(tracks, key=lambda track: sum(closeness(f, size) for f in track.values()))
    return max(tracks, key=lambda track: sum(found.area for found in track.values()))


def closeness(found: Detection, size: tuple[int, int]) -> float:
    """Return how near a box's centre is to the frame's: 1 there, 0 in a corner."""
    away = hypot(found.x + found.w / 2 - size[0] / 2, found.y + found.h / 2 - size[1] / 2)
    return max(0.0, 1.0 - away / (hypot(*size) / 2))
