import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merflow.faces.detect import Detection
from merflow.faces.flow import follow

LANDMARKS = np.array([[80, 60], [110, 60], [95, 75], [84, 90], [106, 90]], dtype=np.float32)
FACE = Detection(65.0, 40.0, 60.0, 64.0, 0.9, LANDMARKS)


def texture(seed):
    """Return a grey picture with something to follow everywhere."""
    noise = np.random.default_rng(seed).integers(0, 256, (160, 200)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 3) * 3 // 2


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 9),
    st.floats(-0.08, 0.08),
    st.floats(0.94, 1.06),
    st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
)
def test_a_moved_picture_moves_the_face(seed, angle, scale, shift):
    centre = np.array([94.5, 71.5])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    motion = np.column_stack([turn, centre + shift - turn @ centre])
    before = texture(seed)
    now = cv2.warpAffine(before, motion, (200, 160), borderMode=cv2.BORDER_REFLECT)
    found = follow(before, now, FACE)
    assert found is not None
    assert found.found.w == pytest.approx(60 * scale, abs=0.8)
    middle = found.found.x + found.found.w / 2 - 0.5, found.found.y + found.found.h / 2 - 0.5
    np.testing.assert_allclose(middle, centre + shift, atol=0.6)
    np.testing.assert_allclose(found.found.landmarks, LANDMARKS @ turn.T + motion[:, 2], atol=0.8)
    assert found.found.score == FACE.score


def test_a_face_that_stays_stays():
    found = follow(texture(1), texture(1), FACE)
    np.testing.assert_allclose(found.found.landmarks, LANDMARKS, atol=1e-3)


def test_another_picture_or_nothing_to_see_is_a_loss():
    assert follow(texture(1), texture(2), FACE) is None
    assert follow(texture(1), np.zeros((160, 200), np.uint8), FACE) is None


@pytest.mark.parametrize("place", [(-200.0, 0.0), (195.0, 155.0), (400.0, 400.0)])
def test_a_face_outside_of_the_frame_is_a_loss(place):
    away = Detection(*place, 60.0, 60.0, 1.0, LANDMARKS)
    assert follow(texture(1), texture(1), away) is None
