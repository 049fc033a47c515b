import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.errors import MerflowError
from merflow.noise.visual import GREY, TRANSFORMS, transform_crops

CROPS = np.random.default_rng(0).integers(0, 256, (5, 112, 112, 3), dtype=np.uint8)
SMOOTH = np.broadcast_to(
    (127.5 + 80 * np.outer(np.sin(np.arange(112) / 17), np.cos(np.arange(112) / 23)))[..., None],
    (2, 112, 112, 3),
).astype(np.uint8)


def changed_crops(crops, transform, magnitude, seed=0):
    return transform_crops(crops, transform, float(magnitude), seed)


STRENGTHS = {
    "solarize": 150,
    "blur": 2.0,
    "rotate": 13.0,
    "cutout": 0.4,
    "pyramid": 4,
    "identity": 0,
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_shape_dtype_and_input_are_kept(name):
    before = CROPS.copy()
    changed = changed_crops(CROPS, name, STRENGTHS[name], 3)
    assert changed.shape == CROPS.shape
    assert changed.dtype == np.uint8
    assert not np.shares_memory(changed, CROPS)
    np.testing.assert_array_equal(CROPS, before)
    assert name == "identity" or (changed != CROPS).any()


@pytest.mark.parametrize("name", TRANSFORMS)
def test_no_frames_give_no_frames(name):
    assert changed_crops(CROPS[:0], name, STRENGTHS[name], 3).shape == (0, 112, 112, 3)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_frame_is_changed_alike_whatever_its_neighbours(name):
    together = changed_crops(CROPS, name, STRENGTHS[name], 3)
    alone = changed_crops(CROPS[2:3], name, STRENGTHS[name], 3)
    np.testing.assert_array_equal(together[2:3], alone)


@pytest.mark.parametrize(
    ("name", "null"),
    [
        ("solarize", 256),
        ("blur", 0),
        ("blur", 0.01),
        ("rotate", 0),
        ("rotate", 360),
        ("cutout", 0),
        ("pyramid", 1),
    ],
)
def test_a_null_magnitude_changes_nothing(name, null):
    np.testing.assert_array_equal(changed_crops(CROPS, name, null, 3), CROPS)


def test_solarize_inverts_values_from_its_threshold_up():
    changed = changed_crops(CROPS, "solarize", 150)
    below = CROPS < 150
    np.testing.assert_array_equal(changed[below], CROPS[below])
    np.testing.assert_array_equal(changed[~below], 255 - CROPS[~below])
    inverted = changed_crops(CROPS, "solarize", 0)
    np.testing.assert_array_equal(changed_crops(inverted, "solarize", 0), CROPS)


def test_blur_keeps_a_flat_picture_and_smooths_more_with_sigma():
    flat = np.full((1, 112, 112, 3), 77, np.uint8)
    np.testing.assert_array_equal(changed_crops(flat, "blur", 3.0), flat)
    spread = [changed_crops(CROPS, "blur", sigma).std() for sigma in (0.5, 1.0, 3.0)]
    assert CROPS.std() > spread[0] > spread[1] > spread[2]


def test_rotate_by_a_quarter_is_exact_and_turns_counter_clockwise():
    expected = np.rot90(CROPS, 1, axes=(1, 2))
    np.testing.assert_array_equal(changed_crops(CROPS, "rotate", 90), expected)


def test_rotate_there_and_back_keeps_the_middle():
    back = changed_crops(changed_crops(SMOOTH, "rotate", 17), "rotate", -17)
    middle = np.s_[:, 30:82, 30:82]
    assert np.abs(back[middle].astype(int) - SMOOTH[middle]).max() <= 3


def test_cutout_fills_one_whole_square_at_one_place_in_all_frames():
    dark = np.zeros((4, 112, 112, 3), np.uint8)
    places = set()
    for seed in range(40):
        filled = changed_crops(dark, "cutout", 0.25, seed) == GREY
        assert (filled == filled[:1]).all()
        rows, columns = np.nonzero(filled[0, :, :, 0])
        assert len(rows) == 28 * 28
        assert np.ptp(rows) == np.ptp(columns) == 27
        places.add((rows.min(), columns.min()))
    assert len(places) > 30
    assert {edge for place in places for edge in place} <= set(range(112 - 28 + 1))
    assert (changed_crops(dark, "cutout", 1.0, 0) == GREY).all()


sides = st.integers(1, 90)


@given(sides, sides, st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_pyramid_is_the_organisers_loop_at_any_size(height, width, halvings, seed):
    frame = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    down = [frame]
    for _ in range(halvings):
        down.append(cv2.pyrDown(down[-1]))
    literal = down[-1]
    for smaller in reversed(down[:-1]):
        literal = cv2.pyrUp(literal, dstsize=(smaller.shape[1], smaller.shape[0]))
    changed = changed_crops(frame[None], "pyramid", 2**halvings)
    assert changed.shape == (1, height, width, 3)
    np.testing.assert_array_equal(changed[0], literal)


def test_cutout_of_a_wide_frame_is_a_square_of_its_height():
    wide = np.zeros((1, 60, 200, 3), np.uint8)
    rows, columns = np.nonzero(changed_crops(wide, "cutout", 0.5, 1)[0, :, :, 0] == GREY)
    assert np.ptp(rows) == np.ptp(columns) == 29


def test_an_unknown_transform_is_named():
    with pytest.raises(MerflowError, match="swirl"):
        changed_crops(CROPS, "swirl", 1)
