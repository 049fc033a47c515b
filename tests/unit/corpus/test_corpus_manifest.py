from pathlib import Path

import pandas as pd
import pytest

from merflow.corpus.manifest import CHECKED, COLUMNS, QUARANTINE, read_manifest, write_manifest
from merflow.errors import MerflowError


def row(clip: str, split: str = "train", reason: str = "", speaker: str = "NA") -> dict[str, str]:
    labels = [clip, split, "angry", "-1.5", speaker, f"{clip}.mp4"]
    facts = ["", "", "", "", reason, "why"] if reason else [f"digest {clip}", "1.250", *[""] * 4]
    return dict(zip(CHECKED, [*labels, *facts], strict=True))


def merged(tmp_path: Path, *tables: list[dict[str, str]]) -> tuple[Path, Path]:
    paths = []
    for number, rows in enumerate(tables):
        paths.append(tmp_path / f"{number}.csv")
        pd.DataFrame(rows, columns=CHECKED).to_csv(paths[-1], index=False)
    out = tmp_path / "manifest.csv", tmp_path / "quarantine.csv"
    write_manifest(paths, *out)
    return out


def test_every_clip_is_in_exactly_one_of_both_files(tmp_path: Path):
    first = [row("d"), row("b", reason="empty"), row("e", "test1")]
    second = [row("a"), row("c", "test1", reason="missing")]
    manifest, quarantine = merged(tmp_path, first, second, [])
    usable, others = (pd.read_csv(path, dtype=str) for path in (manifest, quarantine))
    assert list(usable.columns) == COLUMNS
    assert list(others.columns) == QUARANTINE
    assert usable["clip"].tolist() == ["a", "d", "e"]
    assert others["clip"].tolist() == ["b", "c"]
    assert others["reason"].tolist() == ["empty", "missing"]


def test_the_division_into_tables_changes_no_byte(tmp_path: Path):
    rows = [row(clip) for clip in "cadb"]
    one = [path.read_bytes() for path in merged(tmp_path, rows)]
    assert [path.read_bytes() for path in merged(tmp_path, rows[2:], rows[:2])] == one


def test_no_usable_train_clip_is_told_with_the_reasons(tmp_path: Path):
    with pytest.raises(MerflowError, match=r"none of the 3 clips.*1 empty, 1 missing"):
        merged(tmp_path, [row("a", reason="missing"), row("b", reason="empty"), row("c", "test1")])
    assert not (tmp_path / "manifest.csv").exists()


def test_a_clip_in_two_tables_is_told(tmp_path: Path):
    with pytest.raises(MerflowError, match="'a' stands in two"):
        merged(tmp_path, [row("a")], [row("a")])


def test_a_manifest_is_read_with_its_types(tmp_path: Path):
    rows = [row("001"), row("b", "test1") | {"valence": "", "emotion": "", "speaker": ""}]
    table = read_manifest(merged(tmp_path, rows)[0])
    assert table["clip"].tolist() == ["001", "b"]
    assert table["speaker"].tolist() == ["NA", ""]
    assert table["emotion"].tolist() == ["angry", ""]
    assert table["valence"].isna().tolist() == [False, True]
    assert table["valence"].dtype == table["duration"].dtype == "float64"


def test_sessions_and_folds_are_kept_where_a_clip_has_one(tmp_path: Path):
    rows = [row("a") | {"session": "007"}, row("b"), row("c", reason="empty") | {"fold": "1"}]
    file = merged(tmp_path, rows)[0]
    assert list(pd.read_csv(file).columns) == [*COLUMNS, "session"]
    table = read_manifest(file)
    assert table["session"].tolist() == ["007", ""]
    assert table["fold"].tolist() == ["", ""]
    file = merged(tmp_path, [row("a")])[0]
    assert list(pd.read_csv(file).columns) == COLUMNS
    assert read_manifest(file)["session"].tolist() == [""]


def test_what_is_no_manifest_is_told(tmp_path: Path):
    with pytest.raises(MerflowError, match=r"manifest\.csv is not there"):
        read_manifest(tmp_path / "manifest.csv")
    (tmp_path / "manifest.csv").write_text("clip,split\na,train\n")
    with pytest.raises(MerflowError, match="other columns"):
        read_manifest(tmp_path / "manifest.csv")
