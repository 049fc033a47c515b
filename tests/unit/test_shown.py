"""Names of files as text: those that are not UTF-8 can be written too."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.errors import shown

GBK = "\u8bdd".encode("gbk")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("\u8bdd1.png".encode("gbk"), r"\xbb\xb01.png"),
        ("\u8bf41.png".encode() + b"\xff", "\u8bf41.png\\xff"),
        (b"a \\ b.png", "a \\ b.png"),
    ],
)
def test_bytes_that_are_not_utf8_are_escaped(name, text):
    assert shown(os.fsdecode(name)) == text


@given(st.text(st.characters(codec="utf-8")))
def test_other_names_stay(name):
    assert shown(name) == name


def test_a_command_prints_names_that_are_not_utf8(run, tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "labels.csv").write_text("path,emotion\nabsent.mp4,happy\n")
    spec = '{"classes": ["happy"], "valence": false, "tests": []}'
    out = tmp_path / os.fsdecode(GBK + b".csv")
    given = ("--csv", tmp_path / "labels.csv", "--root", tmp_path / "clips", "--out", out)
    more = ("--spec", spec, "--shard", 0, "--shards", 1, "--store", tmp_path / "store")
    done = run("corpus", "check", *given, *more)
    assert done.exit_code == 0, done.exception
    assert "1/1 clips checked" in done.stdout
    assert out.is_file()


def test_an_error_names_the_bytes(tmp_path):
    absent = tmp_path / os.fsdecode(GBK)
    spec = '{"adapter": "ravdess", "classes": ["happy"], "valence": false, "tests": []}'
    given = ("--spec", spec, "--root", absent, "--digest", "00", "--out", "list.csv")
    done = subprocess.run(
        [sys.executable, "-m", "merflow", "corpus", "own-layout", *given],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("merflow: corpus.root is ")
    assert rf"no folder at {tmp_path}/\xbb\xb0" in done.stderr
    assert "Traceback" not in done.stderr


@given(st.text(st.characters(categories=["Cs", "L"])))
def test_whatever_is_shown_can_be_written(name):
    shown(name).encode()
