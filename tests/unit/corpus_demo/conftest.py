"""A corpus small enough to be drawn in a second."""

import pytest


@pytest.fixture
def tiny() -> dict:
    return {
        "seed": 7,
        "clips": {"train": 2, "test1": 1, "test2": 1},
        "speakers": 3,
        "label_noise": 0.06,
        "duration_s": 0.6,
        "fps": 10.0,
        "width": 128,
        "height": 96,
    }
