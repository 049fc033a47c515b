"""Filmed clips, recorded speech and the face network of the folder MERFLOW_REAL_DATA.

What lies there is found by what it is, wherever below ``data/`` and ``weights/`` it is kept.
"""

import os
from pathlib import Path

import pytest


def real_files(below: str, pattern: str) -> list[Path]:
    """Return the files of a pattern, sorted; skips the test where no folder is named."""
    folder = os.environ.get("MERFLOW_REAL_DATA")
    if not folder:
        pytest.skip("MERFLOW_REAL_DATA names no folder of real data")
    found = sorted(Path(folder, below).rglob(pattern))
    assert found, f"there is no {pattern} in {folder}/{below}"
    return found


def filmed_clips() -> list[Path]:
    """Return filmed clips of one folder: a face that speaks, named ``<speaker>-...``."""
    found = real_files("data", "*.mp4")
    return [path for path in found if path.parent == found[0].parent]


def speaker_of(clip: Path) -> str:
    """Return who speaks in a filmed clip."""
    return clip.stem.split("-")[0]


def speech_folder() -> Path:
    """Return the folder of recorded speech."""
    return real_files("data", "*.flac")[0].parent


def yunet_file() -> Path:
    """Return the network of the face detector."""
    return real_files("weights", "face_detection_yunet*.onnx")[0]
