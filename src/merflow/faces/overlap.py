"""Boxes of faces and how much they share."""

from merflow.faces.detect import Detection

Box = tuple[float, float, float, float]


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
