"""Reading the headers of clips' files: what cannot be opened, crashes or hangs is told by name."""

import os
import signal
import time
from pathlib import Path

import pytest
from doctor_findings import find, levels

from merflow.doctor import content, sample
from merflow.doctor.sample import headers_of
from merflow.media import container

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


def test_clips_that_cannot_be_opened_are_named_and_those_told_of_before_are_not(project):
    Path("clips/clip03.mp4").write_bytes(b"")
    Path("clips/clip04.mp4").write_text(POINTER, encoding="utf-8")
    assert not [one for one in content.look(project.case()) if "be opened" in one.what]
    Path("clips/clip05.mp4").write_bytes(b"no film" * 100)
    whole = Path("clips/clip06.mp4").read_bytes()
    Path("clips/clip06.mp4").write_bytes(whole[: len(whole) // 2])  # its index stood at the end
    found = list(content.look(project.case()))
    find(found, "warning", "2 of 16 clips cannot be opened (clip05.mp4, clip06.mp4:", "good copies")
    assert levels(found) == {"warning"}


@pytest.mark.parametrize("name", ["clip00.mp4", "clip02.mp4", "test3.mp4"])
def test_a_clip_that_crashes_the_reading_of_headers_is_named(project, monkeypatch, name):
    real = container.opened

    def crashing(path):
        if path.name == name:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(path)

    monkeypatch.setattr(container, "opened", crashing)
    find(content.look(project.case()), "warning", "1 of 16 clips", f"({name}: it ended without")


def test_a_clip_that_hangs_does_not_condemn_those_that_were_not_tried(project, monkeypatch):
    monkeypatch.setattr(sample, "BUDGET_S", 0.2)
    monkeypatch.setattr(container, "opened", lambda path: time.sleep(60))
    found = list(content.look(project.case()))
    find(found, "warning", "1 of 1 clips cannot be opened", "(clip00.mp4: it took more than")
    assert levels(found) == {"warning"}


def test_a_crash_behind_the_last_header_is_of_no_file(project, monkeypatch):
    real = sample._headers

    def ending(paths):
        yield from real(paths)
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(sample, "_headers", ending)
    found = headers_of(project.case().files)
    assert len(found) == 16
    assert not [one for one in found if one.defect]
    assert headers_of({}) == []
