"""What is shown of running jobs' logs."""

import os

from merflow.watch import Watch


def log(folder, name, *lines):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_the_last_progress_of_each_log_is_said_once(tmp_path):
    said = []
    watch = Watch(tmp_path, 0.0, said.append)
    log(tmp_path, "a/one.log", "progress: faces: 1 of 9", "progress: faces: 2 of 9", "a note")
    log(tmp_path, "two.log", "nothing to see")
    watch.look()
    watch.look()
    assert said == ["  faces: 2 of 9"]
    log(tmp_path, "a/one.log", "progress: faces: 9 of 9")
    watch.look()
    assert said == ["  faces: 2 of 9", "  faces: 9 of 9"]


def test_logs_of_earlier_runs_are_not_repeated(tmp_path):
    said = []
    old = log(tmp_path, "old.log", "progress: faces: 1 of 9")
    os.utime(old, (100, 100))
    Watch(tmp_path, 200.0, said.append).look()
    assert said == []


def test_a_long_log_is_read_from_its_end_alone(tmp_path):
    said = []
    log(tmp_path, "one.log", "progress: first", *["noise " * 20] * 500, "progress: last")
    Watch(tmp_path, 0.0, said.append).look()
    assert said == ["  last"]
