"""Progress lines: rate, time left, and not too many of them."""

import pytest

from merflow.progress import Progress, duration


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (0.2, "0:01"), (61, "1:01"), (3600, "1:00:00")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_rate_and_time_left_follow_from_the_clock(capsys):
    clock = Clock()
    progress = Progress("faces", 40, "clips", clock)
    clock.now += 10
    progress.add(20)
    assert capsys.readouterr().out == "progress: faces: 20 of 40 clips, 2 clips/s, 0:10 left\n"
    clock.now += 30
    progress.add(20)
    assert capsys.readouterr().out == "progress: faces: 40 of 40 clips, 1 clips/s, 0:00 left\n"


def test_lines_are_seconds_apart_but_for_the_last(capsys):
    clock = Clock()
    progress = Progress("faces", 1000, "clips", clock)
    for _ in range(1000):
        clock.now += 0.1
        progress.add()
    lines = capsys.readouterr().out.splitlines()
    assert 18 <= len(lines) <= 21
    assert " 1000 of 1000 " in lines[-1]
