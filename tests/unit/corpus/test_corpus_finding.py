"""What the doctor is told of a corpus, before anything is decoded."""

from pathlib import Path

import pytest

from merflow.corpus.finding import Finding, few, inspect
from merflow.corpus.listed import ListedClips


@pytest.fixture
def table(tmp_path: Path):
    """Return the settings of two clips, of which one is there."""
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "labels.csv").write_text("path,emotion\na.mp4,happy\nb.mp4,happy\n")
    return {
        "corpus": {"adapter": "table", "root": str(tmp_path), "csv": str(tmp_path / "labels.csv")}
    }


def test_clips_that_are_not_there_are_counted(table, tmp_path: Path):
    (found,) = inspect(table)
    assert found.level == "warning"
    assert "of 2 clips" in found.what
    assert "1 are not in" in found.what
    assert "(b.mp4)" in found.what
    (tmp_path / "b.mp4").write_bytes(b"x")
    (found,) = inspect(table)
    assert (found.level, found.todo) == ("fine", "")
    for name in "ab":
        (tmp_path / f"{name}.mp4").unlink()
    assert [f.level for f in inspect(table)] == ["error"]


def test_the_first_three_that_are_missing_are_named(table, tmp_path: Path):
    rows = "".join(f"{name}.mp4,happy\n" for name in "abcde")
    (tmp_path / "labels.csv").write_text(f"path,emotion\n{rows}")
    (found,) = inspect(table)
    assert "of 5 clips" in found.what
    assert "4 are not in" in found.what
    assert "(b.mp4, c.mp4, d.mp4 and 1 more)" in found.what


def test_rows_of_one_clip_are_doubled_not_missing(table, tmp_path: Path):
    (tmp_path / "labels.csv").write_text("path,emotion\na.mp4,happy\na.mp4,happy\n")
    (found,) = inspect(table)
    assert found.level == "error"
    assert "several rows of 1 clips (a)" in found.what


@pytest.mark.parametrize("path", ["b.mp4", "../out.mp4"])
def test_what_leads_out_is_told_as_such(table, tmp_path: Path, path):
    root = tmp_path / "clips"
    root.mkdir()
    (tmp_path / "a.mp4").rename(root / "a.mp4")
    (tmp_path / "out.mp4").write_bytes(b"x")
    (root / "b.mp4").symlink_to(tmp_path / "out.mp4")
    (tmp_path / "labels.csv").write_text(f"path,emotion\na.mp4,happy\n{path},happy\n")
    table["corpus"]["root"] = str(root)
    (found,) = inspect(table)
    assert "1 lie outside" in found.what
    assert f"({path})" in found.what
    assert "outside_root" in found.todo


def test_absolute_paths_into_the_root_are_there_as_relative_ones(table, tmp_path: Path):
    rows = f"{tmp_path}/a.mp4,happy\n{tmp_path}/b.mp4,happy\n"
    (tmp_path / "labels.csv").write_text(f"path,emotion\n{rows}")
    (found,) = inspect(table)
    assert "1 are not in" in found.what
    assert "b.mp4)" in found.what
    assert ListedClips(table["corpus"]).there == {"a": f"{tmp_path}/a.mp4"}
    (tmp_path / "b.mp4").write_bytes(b"x")
    assert [one.level for one in inspect(table)] == ["fine"]
    (tmp_path / "alias").symlink_to(tmp_path)
    table["corpus"]["root"] = str(tmp_path / "alias")
    paths = {clip: f"{tmp_path}/alias/{clip}.mp4" for clip in "ab"}
    assert ListedClips(table["corpus"]).there == paths


def test_a_split_without_any_of_its_clips_is_an_error_of_its_own(table, tmp_path: Path):
    rows = "a.mp4,happy,train\nb.mp4,happy,test1\nc.mp4,happy,test1\n"
    (tmp_path / "labels.csv").write_text(f"path,emotion,split\n{rows}")
    missing, split = inspect(table)
    assert (missing.level, split.level) == ("warning", "error")
    assert "test1: none of its 2 clips" in split.what
    assert "corpus.tests" in split.todo
    (tmp_path / "c.mp4").write_bytes(b"x")
    assert [one.level for one in inspect(table)] == ["warning"]


def test_lists_without_a_row_are_not_fine(table, tmp_path: Path):
    (tmp_path / "labels.csv").write_text("path,emotion\n")
    assert inspect(table) == []
    (tmp_path / "train.csv").write_text("name,discrete\n")
    labels = {"adapter": "labels", "labels": {"train": str(tmp_path / "train.csv")}}
    assert inspect({"corpus": labels}) == []


def test_bad_input_is_a_finding_with_what_to_do(table, tmp_path: Path):
    (tmp_path / "labels.csv").write_text("path,feeling\na.mp4,happy\n")
    (found,) = inspect(table)
    assert found.level == "error"
    assert "no column 'emotion'" in found.what
    assert found.todo == "add it"


def test_labels_alone_and_the_demo_are_fine(tmp_path: Path):
    (tmp_path / "train.csv").write_text("name,discrete\na,happy\n")
    labels = {"adapter": "labels", "labels": {"train": str(tmp_path / "train.csv")}}
    assert inspect({"corpus": labels}) == [
        Finding("fine", "1 clips are listed by their labels; none is decoded")
    ]
    demo = {"adapter": "demo", "demo": {"clips": {"train": 3, "test1": 2}}}
    assert inspect({"corpus": demo}) == [Finding("fine", "5 demo clips are generated in the run")]


def test_the_first_names_and_how_many_follow():
    assert few(["a", "b", "c"]) == "a, b, c"
    assert few(range(10)) == "0, 1, 2 and 7 more"


def test_a_name_with_a_comma_is_quoted():
    assert few(["a, b", "c"]) == '"a, b", c'
