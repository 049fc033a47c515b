"""Clips small enough that a test can have a corpus of them."""

from pathlib import Path

import numpy as np
import pytest

from merflow.media.mux import write_clip


@pytest.fixture(scope="session")
def make_clip():
    """Write a clip of 0.4 s whose content follows from the seed."""

    def make(path: Path, seed: int = 0, loudness: float = 0.1) -> Path:
        draw = np.random.default_rng(seed)
        frames = (np.full((32, 32, 3), draw.integers(256), np.uint8) for _ in range(4))
        write_clip(path, frames, 10, draw.standard_normal(6400) * loudness, 16000)
        return path

    return make
