"""The frame that a picture's name tells, in the names that tools and people give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.faces.numbering import natural, numbers_of

FRAMES = list(range(1, 60))
SCORES = np.random.default_rng(2).permutation(len(FRAMES)) / 100 + 0.3


@pytest.mark.parametrize(
    ("stems", "numbers"),
    [
        (["frame_det_00_000012", "frame_det_00_000013"], [12, 13]),
        (["frame_det_00_000001", "frame_det_01_000001"], [1, 1]),
        (["frame_det_00_000001", "frame_det_01_000001", "frame_det_02_000001"], [1, 1, 1]),
        (["7"], [7]),
        (["frame_007_112x112"], [7]),
        (["0003_0.87"], [3]),
        (["1.04"], [1]),
        (["x", "y2"], [None, 2]),
        ([f"{10**12}", "3"], [None, 3]),
        (["f1_112x112", "f2_112x112"], [1, 2]),
        (["1", "1"], [1, 1]),
        (["a_1", "b_1"], [None, None]),
        (["a", "b"], [None, None]),
        (["frame_01_face_0", "frame_01_face_1", "frame_02_face_0"], [1, 1, 2]),
        (["0001_0", "0001_1", "0002_0", "0003_0"], [1, 1, 2, 3]),
        (["001", "002", "002_1", "003"], [1, 2, 2, 3]),
        (["0001_120", "0026_131", "0051_128"], [1, 26, 51]),
        (["120_0001_98_9", "131_0026_87_8", "128_0051_90_7"], [1, 26, 51]),
        (["0_1_7", "1_0_8", "2_3_9"], [7, 8, 9]),
        (["10_1", "25_2", "90_3"], [1, 2, 3]),
        (["08_1", "9_2", "10_3"], [1, 2, 3]),
        (["12-00-01_0040", "12-01-02_0041", "12-02-04_0042"], [40, 41, 42]),
        (["007_112x112"], [7]),
        (["0001_104_87_70", "0002_97_80_66", "0003_99_91_71"], [1, 2, 3]),
        (["1.9", "1.10", "1.11", "1.1"], [9, 10, 11, 1]),
        (["2023.01.02", "2023.01.03"], [2, 3]),
        (["0", "0.5", "1", "1.5"], [1, 2, 3, 4]),
        ([], []),
    ],
)
def test_the_frame_is_where_most_numbers_differ(stems, numbers):
    assert numbers_of(stems) == numbers


@pytest.mark.parametrize(
    "form",
    [
        "{0}",
        "{0:06d}",
        "clip_{0:04d}",
        "clip12_{0}",
        "{0:04d}_aligned",
        "Frame{0}",
        "frame-{0}_112x112",
        "{0:03d}_0",
        "{0}_{1:.2f}",
        "{0}_{1:g}",
        "{1:.2f}_{0:04d}",
        "{0:04d}_face1_conf{1:.4f}",
        "dia0_utt3.mp4_{0}",
        "frame_det_00_{0:06d}",
        "frame_{0}_time_{2:.2f}",
    ],
)
def test_names_tell_their_frames(form):
    stems = [form.format(n, SCORES[k], n / 25) for k, n in enumerate(FRAMES)]
    assert numbers_of(stems) == FRAMES


@given(
    st.lists(
        st.tuples(st.integers(1, 9999), st.integers(1, 999)),
        min_size=2,
        unique_by=(lambda pair: pair[0], lambda pair: pair[1]),
    ),
    st.sampled_from(["{:05d}_{}", "{1}_{0:05d}", "clip12_{:05d}_x{}_0.9"]),
)
def test_a_coordinate_beside_numbers_filled_up_with_zeros_is_no_frame(pairs, form):
    stems = [form.format(frame, coordinate) for frame, coordinate in pairs]
    assert numbers_of(stems) == [frame for frame, _ in pairs]


@pytest.mark.parametrize("form", ["{0:.2f}", "{0}", "{0:g}", "clip_0001_{0:.3f}", "t{0:05.2f}s"])
def test_times_are_frames_in_their_order(form):
    """From one second to the next, whether zeros are filled up or not."""
    assert numbers_of([form.format((n - 1) / 25) for n in FRAMES]) == FRAMES


@given(st.permutations(range(20)), st.integers(0, 19))
def test_neither_order_nor_one_double_changes_a_frame(order, double):
    """What other pictures there are may name the place, but not move a picture."""
    stems = [f"frame_{n:03d}_face_0" for n in order]
    assert numbers_of(stems) == list(order)
    assert numbers_of([*stems, f"frame_{double:03d}_face_1"]) == [*order, double]


@given(st.lists(st.text("aZ_-. 0123456789", max_size=12), max_size=8, unique=True))
def test_any_names_have_numbers_or_none(stems):
    found = numbers_of(stems)
    assert len(found) == len(stems)
    assert all(number is None or 0 <= number < 1 << 24 for number in found)
    assert numbers_of(stems[::-1]) == found[::-1]


def test_natural_order_is_that_of_the_numbers():
    names = ["x9", "x10", "x010", "a", "x1b3", "x1b20"]
    assert sorted(names, key=natural) == ["a", "x1b3", "x1b20", "x9", "x010", "x10"]
