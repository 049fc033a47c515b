import numpy as np

from merflow.faces.align import SIDE, TEMPLATE
from merflow.faces.mask import masked, oval


def test_the_face_stays_and_the_corners_are_black():
    rng = np.random.default_rng(0)
    crop = rng.integers(1, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    shown = masked(crop)
    inside = oval()[:, :, 0].astype(bool)
    np.testing.assert_array_equal(shown[inside], crop[inside])
    assert not shown[~inside].any()
    assert not shown[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    rows, columns = np.round(TEMPLATE[:, ::-1]).astype(int).T
    for away in (-10, 0, 10):  # not the points alone: eyes and lips whole
        assert inside[rows, columns + away].all()
    assert 0.4 < inside.mean() < 0.6
