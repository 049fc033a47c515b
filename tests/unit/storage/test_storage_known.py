"""Digests are remembered for as long as files stay as they are, and no longer."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from merflow.storage import known as module
from merflow.storage.digest import file_sha256
from merflow.storage.known import KnownDigests


@pytest.fixture
def reads(monkeypatch):
    """The files that were read, in order; files count as settled at once."""
    seen = []

    def spy(path):
        seen.append(path.name)
        return file_sha256(path)

    monkeypatch.setattr(module, "file_sha256", spy)
    monkeypatch.setattr(module, "SETTLED_NS", -1)
    return seen


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / "sounds" / name for name in "abc"]
    paths[0].parent.mkdir()
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]) * 99)
    return paths


def test_another_job_reads_nothing_again(files, reads, tmp_path):
    kept = tmp_path / "there" / "known.json"
    first = KnownDigests(kept).sha256(files)
    assert first == [file_sha256(path) for path in files]
    assert reads == ["a", "b", "c"]
    assert KnownDigests(kept).sha256(files) == first
    assert KnownDigests(kept).sha256(files[::-1]) == first[::-1]
    assert reads == ["a", "b", "c"]


@pytest.mark.parametrize("how", ["content", "times kept", "replaced", "longer"])
def test_a_changed_file_is_read_again(files, reads, tmp_path, how):
    kept = tmp_path / "known.json"
    KnownDigests(kept).sha256(files)
    stat = files[1].stat()
    if how == "replaced":
        (tmp_path / "new").write_bytes(b"x" * 99)
        (tmp_path / "new").rename(files[1])
    else:
        files[1].write_bytes(b"x" * (100 if how == "longer" else 99))
    if how != "content":
        os.utime(files[1], ns=(stat.st_atime_ns, stat.st_mtime_ns))
    found = KnownDigests(kept).sha256(files)
    assert found == [file_sha256(path) for path in files]
    assert reads == ["a", "b", "c", "b"]


def test_what_has_just_changed_is_not_remembered(files, reads, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SETTLED_NS", 10**15)
    kept = tmp_path / "known.json"
    for _ in range(2):
        KnownDigests(kept).sha256(files)
    assert len(reads) == 6
    assert not kept.exists()


def test_jobs_side_by_side_forget_nothing_of_each_other(files, reads, tmp_path):
    kept = tmp_path / "known.json"
    one, other = KnownDigests(kept), KnownDigests(kept)
    one.sha256(files[:1])
    other.sha256(files[1:])
    assert set(json.loads(kept.read_text())) == {str(path) for path in files}


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b'{"a": 1}', b"\xff", b"[" * 99_999])
def test_what_is_damaged_counts_as_nothing(files, reads, tmp_path, content):
    kept = tmp_path / "known.json"
    kept.write_bytes(content)
    assert KnownDigests(kept).sha256(files) == [file_sha256(path) for path in files]
    assert KnownDigests(kept).sha256(files)
    assert len(reads) == 3


def test_without_a_place_nothing_is_written(files, reads, tmp_path):
    KnownDigests(None).sha256(files)
    assert [path.name for path in tmp_path.iterdir()] == ["sounds"]


def test_threads_of_a_job_ask_one_by_one(reads, tmp_path):
    paths = [tmp_path / f"{number}.wav" for number in range(120)]
    for path in paths:
        path.write_text(path.name)
    kept = tmp_path / "there" / "known.json"
    known = KnownDigests(kept)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda path: known.sha256([path]), paths))
    assert found == [[file_sha256(path)] for path in paths]
    assert set(json.loads(kept.read_text())) == {str(path) for path in paths}
    assert os.listdir(kept.parent) == ["known.json"]


def test_what_cannot_be_remembered_is_said_once_and_ends_no_job(files, reads, tmp_path, capsys):
    (tmp_path / "file").touch()
    known = KnownDigests(tmp_path / "file" / "known.json")
    for path in files:
        assert known.sha256([path]) == [file_sha256(path)]
    (told,) = capsys.readouterr().out.splitlines()
    assert told.startswith(f"{tmp_path / 'file' / 'known.json'} cannot be written (File exists)")


def test_files_that_are_gone_leave_it_and_others_stay(files, reads, tmp_path):
    kept = tmp_path / "known.json"
    elsewhere = tmp_path / "elsewhere.wav"
    elsewhere.touch()
    known = KnownDigests(kept)
    known.sha256([*files[:2], elsewhere])
    files[0].unlink()
    files[1].rename(tmp_path / "moved")
    known.sha256([files[2], tmp_path / "moved"])
    left = {str(path) for path in (files[2], tmp_path / "moved", elsewhere)}
    assert set(json.loads(kept.read_text())) == left
