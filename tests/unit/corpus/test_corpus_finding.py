"""What the doctor is told of a corpus, before anything is decoded."""

from pathlib import Path

import pytest

from merflow.corpus.finding import Finding, inspect


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
    assert "1 are files" in found.what
    (tmp_path / "b.mp4").write_bytes(b"x")
    (found,) = inspect(table)
    assert (found.level, found.todo) == ("fine", "")
    for name in "ab":
        (tmp_path / f"{name}.mp4").unlink()
    assert [f.level for f in inspect(table)] == ["error"]


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
