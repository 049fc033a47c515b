"""What a run says last."""

import os
from pathlib import Path

import pytest
import yaml

from merflow.ending import RECORD, what_went_wrong, where_to_look
from merflow.layout import Layout

SMALL = Path(__file__).parents[2] / "presets" / "small.yaml"


def test_each_sentence_of_this_run_is_told_once(tmp_path):
    old = tmp_path / "old.log"
    old.write_text("merflow: yesterday's trouble\n")
    os.utime(old, (100, 100))
    for number in (1, 2):
        path = tmp_path / "corpus_check" / f"{number}.log"
        path.parent.mkdir(exist_ok=True)
        path.write_text("progress\nmerflow: labels.csv, line 3: no such class\n")
    assert what_went_wrong(200, tmp_path).strip() == "merflow: labels.csv, line 3: no such class"


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """A layout in a folder where an earlier run made everything."""
    monkeypatch.chdir(tmp_path)
    found = Layout(yaml.safe_load(SMALL.read_text(encoding="utf-8")))
    for path in everything(found):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    return found


def everything(layout):
    tables, figures = f"{layout.tables}/table1.md", f"{layout.figures}/figure4.png"
    return [tables, figures, "results/metrics.json", str(RECORD)]


def test_of_a_whole_run_all_is_named(layout):
    told = where_to_look(layout, everything(layout), "1 %")
    for part in ("Tables: ", "Figures: ", "Metrics: ", "Private: "):
        assert part in told
    assert "Results: " not in told
    assert told.endswith("Start-up:    1 %\n")


@pytest.mark.parametrize("figure", [True, False])
def test_a_figure_that_was_not_asked_for_is_not_named(layout, figure):
    targets = [path for path in everything(layout) if figure or "figure4" not in path]
    assert ("Figures: " in where_to_look(layout, targets, "")) == figure


def test_of_a_part_nothing_is_named_that_an_earlier_run_left(layout):
    told = where_to_look(layout, [f"{layout.noisy}/noisy.csv"], "")
    assert f"Results:     {layout.noisy}/ (<split>/<clip>.mp4; noisy.csv lists them" in told
    for part in ("table1", "figure4", "metrics.json", "Quarantined"):
        assert part not in told


def test_single_targets_are_named_and_many_by_their_folders(layout):
    single = f"{layout.tables}/table1.md"
    many = [f"results/a/{k}.txt" for k in range(3)] + [f"results/b{k}/x.txt" for k in range(7)]
    lines = where_to_look(layout, [single], "").splitlines()
    assert lines[1] == f"Results:     {single}"
    lines = where_to_look(layout, many, "").splitlines()
    assert lines[1:3] == ["Results:     results/a/ (3 files)", f"{'':13}results/b0/x.txt"]
    assert lines[6] == f"{'':13}and 3 more folders"


def test_clips_in_quarantine_are_counted_by_reason_where_they_were_looked_for(layout):
    path, faces = (Path(of) / "quarantine.csv" for of in (layout.corpus, layout.faces))
    for folder in (path.parent, faces.parent):
        folder.mkdir(parents=True)
    path.write_text("clip,reason\n")
    assert "Quarantined: no clip\n" in where_to_look(layout, ["x"], "")
    # A detail may have line breaks, and a clip's name commas: rows count, not lines.
    rows = ('a,undecodable,"no\nheader"', '"b,c",soundless,', "d,undecodable,", "e,no_picture,")
    path.write_text("\n".join(["clip,reason,detail", *rows, ""]))
    corpus = f"Quarantined: 4 in {path} (1 no_picture, 1 soundless, 2 undecodable)"
    assert f"{corpus}\n" in where_to_look(layout, ["x"], "")
    faces.write_text("clip,reason\nf,faceless\n")
    assert f"{corpus}; 1 in {faces} (1 faceless)\n" in where_to_look(layout, ["x"], "")
