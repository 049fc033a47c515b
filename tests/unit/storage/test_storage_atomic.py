"""Writers of one file are not in each other's way, and what a kill leaves is found by its name."""

import os
import subprocess
from pathlib import Path

import pytest

from merflow.cache.unused import TORN
from merflow.storage.atomic import leftovers_of, replacing

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", ["a.json", "a b.tar.gz", "plain"])
def test_writers_of_one_file_at_a_time_share_no_temporary_one(tmp_path, monkeypatch, name):
    monkeypatch.setattr(os, "getpid", lambda: 417)  # as two hosts may have it
    with replacing(tmp_path / name) as first:
        first.write_text("first")
        with replacing(tmp_path / name) as second:
            second.write_text("second")
        assert (tmp_path / name).read_text() == "second"
        assert second.name.endswith(Path(name).suffix)
    assert (tmp_path / name).read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["known.json", "crops-0-of-1.safetensors", "50% [x].mp4", "plain"])
def test_what_a_kill_leaves_is_a_leftover_to_gc_and_to_git(tmp_path, name):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    with replacing(tmp_path / "results" / "tables" / name) as temporary:
        temporary.touch()
        assert TORN.fullmatch(temporary.name)
        call = ["git", "-C", tmp_path, "status", "--porcelain", "--untracked-files=all"]
        told = subprocess.run(call, check=True, capture_output=True, text=True).stdout
        assert told.splitlines() == ["?? .gitignore"]


@pytest.mark.parametrize("name", ["ep1.mp4", "50% [x].mp4", "plain"])
def test_leftovers_are_of_that_file_alone(tmp_path, name):
    final = tmp_path / name
    assert leftovers_of(final) == []
    others = [f"{final.stem}.scene2{final.suffix}", f"x{name}", f"{final.stem}.json"]
    for other in others:
        with replacing(tmp_path / other) as working:
            working.touch()
            assert leftovers_of(final) == []
    with replacing(final) as working:
        working.touch()
        assert leftovers_of(final) == [working]
