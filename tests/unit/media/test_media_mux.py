from pathlib import Path

import av
import numpy as np
import pytest
from scipy.signal import correlate, resample_poly

from merflow.errors import MerflowError
from merflow.media.mux import write_clip, write_timed_clip
from merflow.media.sound import RATE, read_sound
from merflow.media.video import iterate_frames


def pictures(count=12, height=48, width=64):
    """Pictures that can be told apart by their brightness: 10, 20, 30, ..."""
    return [np.full((height, width, 3), 10 * (k + 1), np.uint8) for k in range(count)]


def babble(seconds, rate):
    draw = np.random.default_rng(5).standard_normal(int(seconds * rate))
    return np.convolve(draw, np.ones(12) / 12, "same").astype(np.float32) * 0.5


def test_pictures_come_back_in_order_and_on_time(tmp_path: Path):
    write_clip(tmp_path / "a.mp4", iter(pictures()), 12.5, babble(1, RATE), RATE)
    read = list(iterate_frames(tmp_path / "a.mp4", None))
    np.testing.assert_allclose([time for time, _ in read], np.arange(12) / 12.5, atol=1e-3)
    for (_, image), wanted in zip(read, pictures(), strict=True):
        assert image.shape == wanted.shape
        assert image.dtype == np.uint8
        assert abs(image.mean() - wanted.mean()) < 4


def test_colours_come_back_in_rgb_order(tmp_path: Path):
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    write_clip(tmp_path / "a.mp4", [red] * 3, 10, babble(0.3, RATE), RATE)
    for _, image in iterate_frames(tmp_path / "a.mp4", None):
        np.testing.assert_allclose(image.mean((0, 1)), [200, 0, 0], atol=6)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_sound_lines_up_with_what_was_written(tmp_path: Path, rate: int):
    sound = babble(1.5, rate)
    write_clip(tmp_path / "a.mp4", pictures(), 8, sound, rate)
    read = read_sound(tmp_path / "a.mp4")
    wanted = sound if rate == RATE else resample_poly(sound, 160, 441)
    length = min(read.size, wanted.size)
    assert wanted.size <= read.size <= wanted.size + 1024
    found = correlate(read[:length], wanted[:length])
    assert abs(found.argmax() - (length - 1)) < 0.005 * RATE
    assert np.corrcoef(read[:length], wanted[:length])[0, 1] > 0.98


@pytest.mark.parametrize(("height", "width"), [(48, 64), (180, 240), (90, 250)])
def test_two_writes_are_byte_identical(tmp_path: Path, height: int, width: int):
    shade = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    frames = [np.roll(shade // 8, 3 * k, 1) + flat for k, flat in enumerate(pictures(12, 1, 1))]
    for name in ("a.mp4", "b.mp4"):
        write_clip(tmp_path / name, iter(frames), 12.5, babble(1, RATE), RATE)
    written = (tmp_path / "a.mp4").read_bytes()
    assert written == (tmp_path / "b.mp4").read_bytes()
    # What differed once in some hundred writes cannot be waited for here; its cause can be told.
    assert b" mbtree=0 " in written


def test_sound_longer_than_the_pictures_is_written_whole(tmp_path: Path):
    write_clip(tmp_path / "a.mp4", pictures(2), 10, babble(1, RATE), RATE)
    assert read_sound(tmp_path / "a.mp4").size >= RATE


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([], "no frames"),
        (pictures(1, height=47), "64 x 47.*even"),
        ([*pictures(1), *pictures(1, width=32)], "frame 1 has another size"),
    ],
)
def test_what_cannot_be_written_is_told_and_leaves_no_file(tmp_path: Path, frames, said):
    with pytest.raises(MerflowError, match=said):
        write_clip(tmp_path / "a.mp4", frames, 10, babble(0.5, RATE), RATE)
    assert list(tmp_path.iterdir()) == []


TIMES = [
    [k / 12.5 for k in range(12)],
    [k * 1001 / 30000 for k in range(12)],
    [0, 0.033, 0.067, 0.1, 0.4, 0.41, 0.42, 0.9, 1.3, 1.31, 1.32, 1.4],
]


@pytest.mark.parametrize("times", TIMES, ids=["12.5 a second", "29.97 a second", "uneven"])
def test_frames_keep_the_times_they_are_given(tmp_path: Path, times):
    timed = zip(times, pictures(), strict=True)
    write_timed_clip(tmp_path / "a.mp4", timed, babble(1, RATE), RATE)
    read = list(iterate_frames(tmp_path / "a.mp4", None))
    np.testing.assert_allclose([time for time, _ in read], times, atol=1e-5)
    for (_, image), wanted in zip(read, pictures(), strict=True):
        assert abs(image.mean() - wanted.mean()) < 4
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        lasts = float(stream.duration * stream.time_base)
    assert lasts == pytest.approx(times[-1] + times[-1] - times[-2], abs=1e-4)


def test_frames_at_one_time_are_all_written(tmp_path: Path):
    timed = [(0.2 * (k // 3), image) for k, image in enumerate(pictures())]
    write_timed_clip(tmp_path / "a.mp4", timed, babble(1, RATE), RATE)
    read = list(iterate_frames(tmp_path / "a.mp4", None))
    np.testing.assert_allclose([t for t, _ in read], [t for t, _ in timed], atol=1e-4)


def test_two_timed_writes_are_byte_identical(tmp_path: Path):
    for name in ("a.mp4", "b.mp4"):
        timed = zip(TIMES[2], pictures(), strict=True)
        write_timed_clip(tmp_path / name, timed, babble(1, RATE), RATE)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
