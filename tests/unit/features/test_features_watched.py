"""The digest by which the graph notices that given features or pictures were replaced."""

import os
import shutil
from pathlib import Path

import pytest

from merflow.faces.pictures import watched_files
from merflow.features import watched
from merflow.features.watched import files_digest


@pytest.fixture
def folder(tmp_path):
    """Three files, one of which is empty."""
    (tmp_path / "a-UTT").mkdir()
    for name, content in (("x", b"one"), ("y", b"two"), ("z", b"")):
        (tmp_path / "a-UTT" / f"{name}.npy").write_bytes(content)
    return tmp_path / "a-UTT"


def digest_of(folder):
    return files_digest(sorted(map(str, folder.iterdir())))


def test_small_files_count_by_their_content_alone(folder, tmp_path):
    before = digest_of(folder)
    for file in folder.iterdir():
        os.utime(file, (1e9, 1e9))
    (tmp_path / "link").symlink_to(folder)
    assert digest_of(tmp_path / "link") == digest_of(folder) == before
    (folder / "x.npy").write_bytes(b"eno")
    os.utime(folder / "x.npy", (1e9, 1e9))
    assert digest_of(folder) != before


def test_large_files_count_by_size_and_time(folder, tmp_path, monkeypatch):
    contents = digest_of(folder)
    monkeypatch.setattr(watched, "SMALL", 5)
    before = digest_of(folder)
    assert before != contents
    shutil.copytree(folder, tmp_path / "kept")
    assert digest_of(tmp_path / "kept") == before
    os.utime(folder / "x.npy", (1e9, 1e9))
    assert digest_of(folder) != before
    (tmp_path / "kept" / "x.npy").rename(tmp_path / "kept" / "w.npy")
    assert digest_of(tmp_path / "kept") != before


def test_below_a_root_the_folders_count_and_the_root_does_not(tmp_path, monkeypatch):
    """As of pictures, whose clips are the folders."""

    def digest(root):
        return files_digest(watched_files(Path(root), ["a", "b"]), root)

    for name in ("a/1.png", "a/2.png", "b/3.png"):
        (tmp_path / "old" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "old" / name).write_bytes(name.encode())
    before = digest(str(tmp_path / "old"))
    (tmp_path / "link").symlink_to("old")
    monkeypatch.chdir(tmp_path)
    assert digest("old") == digest("./old/") == digest("link") == before
    (tmp_path / "old").rename(tmp_path / "new")
    assert digest("new") == before
    (tmp_path / "new/a/2.png").rename(tmp_path / "new/b/2.png")
    assert digest("new") != before


def test_a_name_in_no_encoding_and_no_file_at_all_have_a_digest(folder):
    before = digest_of(folder)
    (folder / os.fsdecode(b"\xff.npy")).write_bytes(b"")
    assert digest_of(folder) != before
    assert files_digest(sorted(map(str, folder.iterdir())), str(folder)) != before
    assert files_digest([]) == files_digest([])
