"""HOG against a second implementation, and against images whose direction is known."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from merflow.encoders.hog import describe
from merflow.encoders.load import load


@pytest.fixture(scope="module")
def encoder():
    return load("hog", {"architecture": "hog"}, None)


def grey_crop(plane):
    return np.repeat(np.clip(np.round(plane), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def ramp(degrees):
    """An image that grows in one direction; y points down."""
    y, x = np.mgrid[:112, :112] - 55.5
    turn = np.deg2rad(degrees)
    return grey_crop(128 + 1.1 * (x * np.cos(turn) + y * np.sin(turn)))


def literal(plane):
    """Dalal and Triggs with OpenCV's choices: no gamma, Gaussian, bilinear shares, L2-Hys."""
    padded = np.pad(plane.astype(np.float64), 1, mode="reflect")
    right, down = padded[1:-1, 2:] - padded[1:-1, :-2], padded[2:, 1:-1] - padded[:-2, 1:-1]
    size = np.hypot(right, down)
    place = (np.arctan2(down, right) % np.pi) * 9 / np.pi - 0.5
    directions = np.zeros((9, 112, 112))
    low = np.floor(place).astype(int)
    rows, columns = np.mgrid[:112, :112]
    np.add.at(directions, (low % 9, rows, columns), size * (1 - (place - low)))
    np.add.at(directions, ((low + 1) % 9, rows, columns), size * (place - low))
    away = np.arange(32) - 16
    bell = np.exp(-(away[:, None] ** 2 + away[None, :] ** 2) / (2 * 8**2))
    share = np.array([np.clip(1 - abs((np.arange(32) + 0.5) / 16 - 0.5 - c), 0, 1) for c in (0, 1)])
    blocks = []
    for left in range(0, 96, 16):
        for top in range(0, 96, 16):
            part = bell * directions[:, top : top + 32, left : left + 32]
            cells = np.einsum("dyx,ay,bx->bad", part, share, share).ravel()
            cells = np.minimum(cells / (np.sqrt(np.sum(cells**2)) + 36 * 0.1), 0.2)
            blocks.append(cells / (np.sqrt(np.sum(cells**2)) + 1e-3))
    return np.concatenate(blocks)


def test_it_is_that_of_the_literal_implementation():
    drawn = np.random.default_rng(3).standard_normal((112, 112))
    crop = grey_crop(128 + 400 * gaussian_filter(drawn, 2))
    assert describe(crop) == pytest.approx(literal(crop[..., 0]), abs=2e-4)


def direction(crop):
    """Return the middle of all histograms on the half circle, degrees 0..180."""
    histogram = describe(crop).reshape(-1, 9).sum(axis=0)
    middles = np.deg2rad(20 * np.arange(9) + 10)
    return np.rad2deg(np.angle(np.sum(histogram * np.exp(2j * middles)))) / 2 % 180


@pytest.mark.parametrize("degrees", range(10, 190, 20))
def test_a_turned_ramp_falls_into_the_bin_of_its_direction(degrees):
    assert direction(ramp(degrees)) == pytest.approx(degrees, abs=3)
    assert direction(ramp(degrees + 180)) == pytest.approx(degrees, abs=3)  # without a sign


def test_colour_counts_as_its_grey():
    crop = ramp(30)
    crop[..., 2] = 255 - crop[..., 2]  # RGB: blue weighs least
    assert direction(crop) == pytest.approx(30, abs=3)


def test_a_clip_is_the_mean_of_its_frames_and_their_deviation(encoder, crops):
    clip = crops(5)
    frames = np.stack([describe(frame) for frame in clip])
    told = np.concatenate([frames.mean(axis=0), frames.std(axis=0)])
    assert encoder.encode([clip])[0]["hog"] == pytest.approx(told, abs=1e-6)
    still = encoder.encode([np.repeat(clip[:1], 3, axis=0)])[0]["hog"]
    assert still == pytest.approx(np.concatenate([frames[0], np.zeros(1296)]), abs=1e-6)


def test_black_and_white_are_finite_and_empty(encoder):
    for value in (0, 255):
        vector = encoder.encode([np.full((2, 112, 112, 3), value, np.uint8)])[0]["hog"]
        assert vector.shape == (2592,)
        assert not vector.any()


def test_a_clip_without_frames_is_refused(encoder, crops):
    with pytest.raises(ValueError, match="without frames"):
        encoder.encode([crops(0)])


def test_neighbours_and_threads_change_no_bit(encoder, crops):
    clips = [crops(count) for count in (1, 7, 3)]
    alone = [encoder.encode([clip])[0]["hog"] for clip in clips]
    with ThreadPoolExecutor(3) as pool:
        threaded = encoder.encode_finite(list(pool.map(encoder.prepare, clips)))
    for many in (encoder.encode(clips), threaded):
        assert [list(vectors) for vectors in many] == [["hog"]] * 3
        assert all(np.array_equal(v["hog"], a) for v, a in zip(many, alone, strict=True))


def test_digest_follows_the_library(encoder, monkeypatch):
    assert load("hog", {"architecture": "hog"}, None).digest == encoder.digest
    monkeypatch.setattr("cv2.__version__", "0")
    assert load("hog", {"architecture": "hog"}, None).digest != encoder.digest
