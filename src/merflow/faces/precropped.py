"""Faces that somebody else has cut out: OpenFace, the organisers' tools, or any other.

A picture is taken as it is, whatever its alignment: made RGB, brought to 112 x 112. Layouts and
order: :func:`merflow.faces.pictures.pictures_of`.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from merflow.errors import shown
from merflow.faces.align import SIDE
from merflow.faces.crops import TRACK, FaceClip
from merflow.faces.facts import Facts
from merflow.faces.pictures import ARRAY, Pictures, pictures_of
from merflow.storage.npy import load_array

FORMATS = ("BMP", "PNG", "JPEG")
MOST_PIXELS = 1 << 24
"""A face is no larger; more is a picture of something else, or an attack (ours)."""
SCORE = 1.0
"""Of a picture of which no confidence is told."""

Seen = dict[int, tuple[float, float, bool]]
"""Time (s), confidence and success by frame, as OpenFace's csv tells them."""


def face_of_pictures(root: Path, clip: str) -> FaceClip:
    """Return the pictures of a clip as its crops.

    The track has a row a picture: its frame's number, box and landmarks NaN; time and confidence
    where OpenFace's csv tells them. The score is NaN, and there is no crop, where a picture is
    broken or OpenFace says ``success`` 0 of its frame: it then writes a picture all the same, of
    whatever lay where it had lost the face.

    Args:
        root: The folder of all clips, ``faces.precropped.root``; nothing outside is read.
        clip: The clip's name.
    """
    listed = pictures_of(root, clip)
    told = _told(listed.table)
    crops, rows, broken = [], [], 0
    for number, picture in _pictures(listed):
        time, score, success = told.get(number, (np.nan, SCORE, True))
        broken += picture is None
        kept = picture is not None and success
        rows.append([number, time, np.nan, np.nan, np.nan, np.nan, score if kept else np.nan])
        if kept:
            crops.append(picture)
    track = np.full((len(rows), len(TRACK)), np.nan, dtype=np.float32)
    track[:, :7] = np.reshape(rows, (-1, 7))
    left_out = broken + listed.outside + len(listed.doubles)
    facts = Facts("given", left_out=left_out, reason=_why(listed, crops))
    stacked = np.array(crops, dtype=np.uint8).reshape(-1, SIDE, SIDE, 3)
    return FaceClip(stacked, track, facts)


def _why(listed: Pictures, crops: Sequence[np.ndarray | None]) -> str:
    """Return why a clip has no face, or which pictures of a frame were passed over; else empty."""
    if crops and listed.doubles:
        double, taken = (shown(path.name) for path in listed.doubles[0])
        more = f", and {len(listed.doubles) - 1} more so" if len(listed.doubles) > 1 else ""
        return f"{double} is of the same frame as {taken} and left out{more}"
    if crops:
        return ""
    if listed.files:
        return "no usable picture among its files"
    return "its pictures lead out of the folder" if listed.outside else "no pictures in the folder"


def _pictures(listed: Pictures) -> Iterator[tuple[int, UInt8[np.ndarray, "112 112 3"] | None]]:
    """Yield the number and the picture of each frame; None for a broken one.

    The frames of an array are numbered from 1, as OpenFace counts.
    """
    if listed.files and listed.files[0].suffix == ARRAY:
        yield from _of_array(listed.files[0])
        return
    for frame, path in zip(listed.frames, listed.files, strict=True):
        yield frame, _of_file(path)


def _of_file(path: Path) -> UInt8[np.ndarray, "112 112 3"] | None:
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if not 0 < picture.width * picture.height <= MOST_PIXELS:
                return None
            return _brought(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _of_array(path: Path) -> Iterator[tuple[int, UInt8[np.ndarray, "112 112 3"] | None]]:
    """Yield the frames of an array [frames, h, w, 3] in BGR, or [frames, h, w] in grey.

    BGR because the organisers' tools fill these files with what ``cv2.imread`` returns.
    """
    try:
        frames = load_array(path, mapped=True)
    except (FileNotFoundError, ValueError):
        yield 1, None
        return
    shaped = frames.ndim == 3 or (frames.ndim == 4 and frames.shape[3] == 3)
    if frames.dtype != np.uint8 or not shaped or 0 in frames.shape[1:]:
        yield 1, None
        return
    for number, frame in enumerate(frames, start=1):
        large = frame.shape[0] * frame.shape[1] > MOST_PIXELS
        rgb = np.ascontiguousarray(frame[..., ::-1] if frame.ndim == 3 else frame)
        yield number, None if large else _brought(Image.fromarray(rgb))


def _brought(picture: Image.Image) -> UInt8[np.ndarray, "112 112 3"]:
    """Return a picture as RGB of 112 x 112, resized bilinearly with antialiasing (Pillow)."""
    rgb = picture.convert("RGB")
    if rgb.size != (SIDE, SIDE):
        rgb = rgb.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(rgb, dtype=np.uint8)


def _told(table: Path | None) -> Seen:
    """Return what OpenFace's csv says; {} without one, or if it is no such csv.

    Columns frame, timestamp, confidence, success; OpenFace writes a space before the names. With
    several faces a frame has several rows: it counts as a success if one of them is.
    """
    if table is None:
        return {}
    found: Seen = {}
    try:
        with table.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, skipinitialspace=True):
                said = {(name or "").strip(): value for name, value in row.items()}
                frame = int(said["frame"])
                time, score = (float(said.get(n) or "nan") for n in ("timestamp", "confidence"))
                success = float(said.get("success") or 1) != 0
                score = score if np.isfinite(score) else SCORE
                if frame not in found or (success and not found[frame][2]):
                    found[frame] = time, score, success
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return {}
    return found
