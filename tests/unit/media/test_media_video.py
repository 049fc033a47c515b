import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.media import container
from merflow.media.mux import write_clip
from merflow.media.video import Clock, iterate_frames


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Two seconds at 12.5 pictures a second."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    frames = (np.full((32, 32, 3), 10 * k, np.uint8) for k in range(25))
    sound = np.random.default_rng(0).standard_normal(32000) * 0.1
    write_clip(path, frames, 12.5, sound, 16000)
    return path


@pytest.mark.parametrize("fps", [1, 3, 5, 12.5, 25, 60])
def test_each_multiple_gets_the_first_frame_at_or_after_it(clip: Path, fps: float):
    read = [time for time, _ in iterate_frames(clip, fps)]
    own = [Fraction(2 * k, 25) for k in range(25)]
    multiples = [k / Fraction(fps) for k in range(2 * 60 + 1)]
    wanted = {min((t for t in own if t >= m), default=None) for m in multiples} - {None}
    np.testing.assert_allclose(read, sorted(float(time) for time in wanted), atol=1e-3)


def test_frames_are_decoded_only_when_asked_for(clip: Path, monkeypatch):
    asked = []

    def counting(frames):
        for frame in frames:
            asked.append(frame)
            yield frame

    decoded = container.decoded
    monkeypatch.setattr("merflow.media.video.decoded", lambda *args: counting(decoded(*args)))
    list(itertools.islice(iterate_frames(clip, None), 3))
    assert len(asked) == 3


def stamped(pts, duration=1, base=Fraction(1, 10)):
    frame = av.VideoFrame(16, 16)
    frame.pts, frame.duration, frame.time_base = pts, duration, base
    return frame


def test_times_count_from_the_first_frame():
    clock = Clock(10)
    assert [clock.time(stamped(pts)) for pts in (14, 15, 18)] == pytest.approx([0, 0.1, 0.4])
    assert clock.end == pytest.approx(0.5)


def test_frames_without_time_stamp_follow_the_frame_before():
    clock = Clock(10)
    times = [clock.time(stamped(pts)) for pts in (0, None, None, 3)]
    assert times == pytest.approx([0, 0.1, 0.2, 0.3])


@given(st.lists(st.none() | st.integers(-(2**40), 2**40), min_size=1, max_size=30))
def test_damaged_time_stamps_neither_run_backwards_nor_leap(stamps):
    clock = Clock(10)
    times = [clock.time(stamped(pts)) for pts in stamps]
    assert times[0] == 0
    gaps = np.diff([*times, clock.end])
    assert (gaps >= 0).all()
    assert (gaps <= 61).all()
