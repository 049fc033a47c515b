import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from real_media import yunet_file

from merflow.corpus.demo.face import Pose
from merflow.errors import MerflowError
from merflow.faces.cascade import Cascade, eye_pair
from merflow.faces.detect import halved, make_detector, shrink
from merflow.faces.yunet import YuNet, checked_sha256
from merflow.storage.digest import file_sha256


@pytest.fixture(scope="module")
def cascade():
    return Cascade(360, 0.2)


@pytest.mark.parametrize(
    ("size", "side", "wanted"),
    [((90, 120), 360, (90, 120)), ((720, 1280), 360, (360, 640)), ((999, 501), 100, (199, 100))],
)
def test_the_shorter_side_is_at_most_what_is_asked_for(size, side, wanted):
    small = shrink(np.zeros((*size, 3), np.uint8), side)
    assert small.frame.shape[:2] == wanted


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40), st.integers(1, 40))
def test_halves_are_means_and_large_enough(height, width, least_width, least_height):
    draws = np.random.default_rng(height * width)
    picture = draws.integers(0, 256, (height, width, 3)).astype(np.uint8)
    half = halved(picture, (least_width, least_height))
    times = height // half.shape[0]
    assert half.shape == (height // times, width // times, 3)
    assert half.shape[1] * times == width
    assert half.shape[0] * times == height
    if times > 1:
        assert half.shape[1] >= least_width
        assert half.shape[0] >= least_height
    means = picture.reshape(half.shape[0], times, half.shape[1], times, 3).mean(axis=(1, 3))
    assert np.abs(half - means).max() <= 0.5 * np.log2(times) + 1e-9
    smaller = half.shape[1] // 2 >= least_width and half.shape[0] // 2 >= least_height
    assert not smaller or half.shape[0] % 2 or half.shape[1] % 2


@pytest.mark.parametrize("size", [(960, 1280), (718, 1022), (1001, 1003)])
def test_a_frame_of_any_size_is_shrunk_without_aliasing(size):
    frame = np.zeros((*size, 3), np.uint8)
    frame[::2, ::2] = frame[1::2, 1::2] = 255
    small = shrink(frame, 128).frame
    assert small.std() < 3
    assert small.mean() == pytest.approx(127.5, abs=2)


def test_what_is_found_in_the_small_frame_is_told_for_the_full_one():
    frame = np.zeros((600, 900, 3), dtype=np.uint8)
    frame[300:330, 450:510] = 255
    small = shrink(frame, 120)
    rows, columns = np.nonzero(small.frame[:, :, 0] > 127)
    centre = small.points(np.array([[columns.mean(), rows.mean()]]))
    np.testing.assert_allclose(centre, [[479.5, 314.5]], atol=0.01)
    low = [columns.min(), rows.min()]
    box = small.box(np.array([*low, np.ptp(columns) + 1, np.ptp(rows) + 1]))
    np.testing.assert_allclose(box, [450, 300, 60, 30])


@pytest.mark.parametrize("roll", [-8, 0, 8])
def test_the_cascade_finds_a_drawn_face_and_its_eyes(cascade, portrait, roll):
    pose = Pose(0.52, 0.49, 0.34, roll)
    found = cascade.detect(portrait.frame(pose))
    assert len(found) == 1
    truth = portrait.eyes(pose)
    apart = np.linalg.norm(truth[1] - truth[0])
    error = np.linalg.norm(found[0].landmarks[:2] - truth, axis=1).max()
    assert error < 0.15 * apart
    assert np.isnan(found[0].landmarks[2:]).all()
    assert found[0].score > 0


def test_a_frame_twice_as_large_has_the_face_at_twice_the_place(cascade, portrait):
    frame = cv2.resize(portrait.frame(), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    large = cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    (one,), (other,) = cascade.detect(frame), cascade.detect(large)
    boxes = np.array([[f.x, f.y, f.w, f.h] for f in (one, other)])
    np.testing.assert_allclose(boxes[1], 2 * boxes[0], atol=0.1 * boxes[0, 2])
    eyes = one.landmarks[:2], other.landmarks[:2] / 2
    np.testing.assert_allclose(*eyes, atol=0.05 * boxes[0, 2])


def test_no_face_on_an_empty_wall_or_below_the_least_size(cascade, portrait):
    assert cascade.detect(np.full((90, 120, 3), 90, np.uint8)) == []
    assert cascade.detect(np.zeros((8, 8, 3), np.uint8)) == []
    assert Cascade(360, 0.9).detect(portrait.frame()) == []


def test_the_symmetric_pair_is_chosen_whatever_the_order():
    eyes = np.array([[0.31, 0.4], [0.68, 0.41], [0.35, 0.25], [0.7, 0.6], [0.5, 0.58]])
    scores = np.array([3.0, 3.0, 3.0, 3.5, 5.0])
    for order in np.random.default_rng(0).permuted(np.tile(np.arange(5), (20, 1)), axis=1):
        np.testing.assert_array_equal(eye_pair(eyes[order], scores[order]), eyes[:2])


@pytest.mark.parametrize(
    "eyes",
    [
        [],
        [[0.3, 0.4]],
        [[0.3, 0.4], [0.4, 0.4]],
        [[0.3, 0.3], [0.6, 0.5]],
        [[0.1, 0.4], [0.5, 0.4]],
    ],
)
def test_no_plausible_pair_is_no_pair(eyes):
    assert np.isnan(eye_pair(np.reshape(eyes, (-1, 2)).astype(float), np.ones(len(eyes)))).all()


def test_an_unknown_backend_is_told(spec):
    with pytest.raises(MerflowError, match="'openface'; choose cascade or yunet"):
        make_detector(spec | {"backend": "openface"})


@pytest.mark.parametrize("path", [None, "nowhere/face.onnx"])
def test_a_missing_network_is_told_with_where_to_get_it(spec, path):
    with pytest.raises(MerflowError, match="OpenCV Zoo") as caught:
        make_detector(spec | {"backend": "yunet", "yunet": {"path": path, "sha256": None}})
    assert "faces.yunet.path" in str(caught.value)
    assert (path or "null") in str(caught.value)


def test_another_network_than_declared_is_refused(tmp_path):
    path = tmp_path / "face.onnx"
    path.write_bytes(b"not the declared one")
    with pytest.raises(MerflowError, match=file_sha256(path)):
        YuNet(360, 0.2, str(path), "0" * 64)


def test_a_declared_digest_may_have_capitals(tmp_path):
    path = tmp_path / "face.onnx"
    path.write_bytes(b"any")
    digest = file_sha256(path)
    assert checked_sha256(str(path), None) == checked_sha256(str(path), digest.upper()) == digest


def test_a_file_that_is_no_network_is_told_and_nobody_asked_to_pin_it(tmp_path, capfd):
    path = tmp_path / "face.onnx"
    path.write_bytes(b"any")
    with pytest.raises(MerflowError, match="cannot be loaded as a YuNet"):
        YuNet(360, 0.2, str(path), None)
    assert "pin it" not in capfd.readouterr().out


@pytest.mark.real
def test_a_network_that_is_not_pinned_is_asked_to_be(capsys):
    path = str(yunet_file())
    digest = YuNet(360, 0.2, path, None).weights_sha256
    assert f"sha256 {digest}; pin it in faces.yunet.sha256" in capsys.readouterr().out
    assert YuNet(360, 0.2, path, digest).weights_sha256 == digest
    assert capsys.readouterr().out == ""


@pytest.mark.real
def test_yunet_finds_five_landmarks_in_drawn_faces(portrait):
    path = yunet_file()
    (found,) = YuNet(360, 0.2, str(path), file_sha256(path)).detect(portrait.frame())
    truth = portrait.eyes(Pose())
    apart = np.linalg.norm(truth[1] - truth[0])
    assert np.linalg.norm(found.landmarks[:2] - truth, axis=1).max() < 0.2 * apart
    right, left = found.landmarks[[0, 3]], found.landmarks[[1, 4]]
    assert (right[:, 0] < left[:, 0]).all()
