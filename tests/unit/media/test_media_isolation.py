import os
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from decoding_workers import decoding_workers

from merflow.errors import MerflowError
from merflow.media.container import ClipDefect
from merflow.media.isolation import IsolatedCheck
from merflow.media.limits import LIMITS, Limits
from merflow.media.mux import write_clip
from merflow.media.probe import check_clip


def made(path: Path, side: int = 32, frames: int = 10) -> Path:
    draw = np.random.default_rng(2)
    pictures = (np.full((side, side, 3), k % 256, np.uint8) for k in range(frames))
    write_clip(path, pictures, 10, draw.standard_normal(1600 * frames) * 0.1, 16000)
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("clips") / "a.mp4")


@pytest.fixture(scope="module")
def lasting(tmp_path_factory) -> Path:
    """A clip of some tenths of a second of computing."""
    return made(tmp_path_factory.mktemp("clips") / "lasting.mp4", 256, 1000)


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """One picture of 16 megapixels."""
    path = tmp_path_factory.mktemp("clips") / "large.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mjpeg", 10, width=4000, height=4000, pix_fmt="yuvj420p")
        sound = output.add_stream("pcm_s16le", 16000, layout="mono")
        frame = av.VideoFrame(4000, 4000, "yuvj420p")
        frame.pts, frame.time_base = 0, Fraction(1, 10)
        output.mux([*stream.encode(frame), *stream.encode(None)])
        noise = np.random.default_rng(0).integers(-9000, 9000, (1, 1600), np.int16)
        heard = av.AudioFrame.from_ndarray(noise, "s16", "mono")
        heard.sample_rate = 16000
        output.mux([*sound.encode(heard), *sound.encode(None)])
    return path


def defect(check: IsolatedCheck, path: Path) -> tuple[str, str]:
    with pytest.raises(ClipDefect) as caught:
        check(path)
    assert str(path) in str(caught.value)
    assert str(path) not in caught.value.detail
    return caught.value.reason, caught.value.detail


class Crashing:
    """Sends the next processes a signal as soon as they decode; a crash from outside."""

    def __init__(self, times: int, number: int = signal.SIGSEGV) -> None:
        self.hit: list[int] = []
        self._times, self._number = times, number
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Crashing":
        self._thread.start()
        return self

    def __exit__(self, *caught: object) -> None:
        self._thread.join(30)
        assert len(self.hit) == self._times

    def _run(self) -> None:
        while len(self.hit) < self._times:
            for child in decoding_workers():
                if child.pid not in self.hit and decoding(child):
                    child.send_signal(self._number)
                    self.hit.append(child.pid)
            time.sleep(0.01)


def decoding(child: psutil.Process) -> bool:
    try:
        return any(Path(file.path).name == "lasting.mp4" for file in child.open_files())
    except psutil.Error:
        return False


def test_facts_and_defects_are_those_of_the_check(clip: Path, tmp_path: Path):
    (tmp_path / "zero.mp4").touch()
    with IsolatedCheck() as check:
        assert check(clip) == check_clip(clip)
        assert defect(check, tmp_path / "zero.mp4") == ("empty", "the file has 0 bytes")
        assert defect(check, tmp_path / "none.mp4")[0] == "missing"
        assert check(clip) == check_clip(clip)


def test_one_process_serves_all_clips_and_none_is_left(clip: Path):
    with IsolatedCheck() as check:
        assert not decoding_workers()
        check(clip)
        first = decoding_workers()
        check(clip)
        assert decoding_workers() == first
        assert len(first) == 1
    assert not decoding_workers()


def test_names_of_any_kind_arrive(clip: Path, tmp_path: Path):
    content = clip.read_bytes()
    names = [
        "a b.mp4",
        "-a.mp4",
        "'\".mp4",
        "a\nb.mp4",
        "{x}.mp4",
        "ä漢.mp4",
        "%s:.mp4",
        "$(x).mp4",
    ]
    names.append(os.fsdecode(b"\xff.mp4"))
    with IsolatedCheck() as check:
        for name in names:
            (tmp_path / name).write_bytes(content)
            assert check(tmp_path / name).frames == 10


def test_a_crash_is_the_clips_if_it_comes_again(clip: Path, lasting: Path):
    with IsolatedCheck() as check:
        check(clip)
        with Crashing(2):
            reason, detail = defect(check, lasting)
        assert (reason, detail) == ("undecodable", "the decoder crashed on it (SIGSEGV)")
        assert check(clip).frames == 10
    assert not decoding_workers()


def test_a_crash_that_may_come_of_another_clip_is_tried_again(clip: Path, lasting: Path):
    with IsolatedCheck() as check:
        check(clip)
        with Crashing(1):
            assert check(lasting).frames == 1000


def test_too_much_computing_is_too_slow(clip: Path, lasting: Path):
    with IsolatedCheck(Limits(cpu_s=0.05)) as check:
        assert check(clip).frames == 10
        assert defect(check, lasting) == (
            "too_slow",
            "decoding takes more than 0.05 s of computing",
        )
        assert check(clip).frames == 10


def test_a_wait_without_computing_is_too_slow(clip: Path, lasting: Path):
    with IsolatedCheck(Limits(wall_s=2.0)) as check:
        check(clip)
        with Crashing(1, signal.SIGSTOP):
            reason, detail = defect(check, lasting)
        assert (reason, detail) == ("too_slow", "decoding did not end in 2 s by the clock")
        assert check(clip).frames == 10


def test_too_much_memory_is_too_large(clip: Path, large: Path):
    assert check_clip(large).frames == 1
    with IsolatedCheck(Limits(memory=120 * 2**20)) as check:
        assert check(clip).frames == 10
        reason, detail = defect(check, large)
        assert (reason, detail) == ("too_large", "decoding takes more than 0.117 GiB of memory")
        assert check(clip).frames == 10
    with IsolatedCheck() as check:
        assert check(large).frames == 1


def test_a_process_that_cannot_start_is_no_defect_of_a_clip(
    clip: Path, monkeypatch, tmp_path: Path
):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with IsolatedCheck() as check, pytest.raises(MerflowError, match="does not start"):
        check(clip)


def test_no_process_outlives_a_killed_job(lasting: Path, tmp_path: Path):
    script = (
        "import sys; from pathlib import Path; from merflow.media.isolation import IsolatedCheck\n"
        "with IsolatedCheck() as check:\n"
        "    while True: check(Path(sys.argv[1]))\n"
    )
    job = subprocess.Popen([sys.executable, "-c", script, str(lasting)], cwd=tmp_path)
    try:
        until = time.monotonic() + 60
        while not (found := [c for c in psutil.Process(job.pid).children() if decoding(c)]):
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        job.kill()
        job.wait()
    assert not psutil.wait_procs(found, timeout=30)[1]


def test_the_limits_leave_room_for_what_may_be_decoded():
    assert LIMITS.memory >= 2**30
    assert LIMITS.wall_s > LIMITS.cpu_s
