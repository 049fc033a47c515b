import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.faces.cuts import Cuts


def scene(seed, height=90, width=120):
    """Return a grey picture of large shapes."""
    coarse = np.random.default_rng(seed).integers(30, 220, (6, 8))
    return np.kron(coarse, np.ones((height // 6, width // 8))).astype(np.uint8)


def cuts(frames):
    found = Cuts()
    told = [found.between(frame) for frame in frames]
    assert found.count == sum(told)
    return told


def test_scenes_that_replace_each_other_are_cuts():
    assert cuts([scene(1)] * 3 + [scene(2)] * 2 + [scene(1)]) == [
        False,
        False,
        False,
        True,
        False,
        True,
    ]


@given(st.floats(0.3, 1.1), st.integers(-2, 2))
def test_a_change_of_light_or_a_small_motion_is_no_cut(gain, shift):
    moved = np.clip(np.roll(scene(1), shift, axis=1) * gain, 0, 255).astype(np.uint8)
    assert cuts([scene(1), moved]) == [False, False]


@pytest.mark.parametrize("level", [0, 128])
def test_into_and_out_of_a_blank_picture_is_a_cut(level):
    blank = np.full_like(scene(1), level)
    assert cuts([scene(1), blank, blank, scene(2)]) == [False, True, False, True]
