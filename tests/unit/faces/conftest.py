"""Drawn faces, and settings."""

import pytest
from drawn_faces import Portrait


@pytest.fixture(scope="session")
def portrait():
    return Portrait(1)


@pytest.fixture
def spec():
    """Settings of faces: the cascade, ten looks a second."""
    return {
        "backend": "cascade",
        "yunet": {"path": None, "sha256": None},
        "precropped": {"root": None},
        "person": "largest",
        "mask": False,
        "fps": 10.0,
        "min_face": 0.2,
        "detect_side": 360,
        "detect_every": 1,
    }
