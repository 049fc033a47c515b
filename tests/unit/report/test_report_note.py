"""The note on what a run can show: on every table, every csv and the figure."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from PIL import Image

from merflow.report.figure4 import draw, save
from merflow.report.layers import COLUMNS

NOTE = "demo corpus, demo encoders: shows the method, says nothing about MER 2023"
NAMES = ["mr_rf-baseline", "mr_rf-jdev", "fused-baseline", "fused-jdev"]
TABLES = ("table1", "differences", "augmentation")


def values():
    places = [("HL", "1", 0.25), ("HL", "2", 0.5), ("constant", "", None)]
    rows = [
        ("honest", encoder, layer, depth, "Com", 0.1 * k, 0.0, 0.4, 9)
        for k, (encoder, layer, depth) in enumerate(places)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.mark.parametrize("verb", TABLES)
def test_pages_carry_the_note_on_top(scored, verb):
    report, _ = scored
    _, page = report.table(verb, NAMES, note=NOTE)
    assert page.splitlines()[2] == f"**Note: {NOTE}.**"
    assert "Note:" not in report.table(verb, NAMES)[1]


@pytest.mark.parametrize("verb", ["table1", "augmentation"])
def test_every_row_of_a_csv_carries_the_note(scored, verb):
    report, _ = scored
    csv, _ = report.table(verb, NAMES, note=NOTE)
    assert len(csv)
    assert set(csv["note"]) == {NOTE}
    assert csv.columns[-1] == "note"
    assert report.table(verb, NAMES)[0]["note"].isna().all()


def test_the_long_csv_of_differences_leaves_the_note_to_its_page(scored):
    report, _ = scored
    csv, page = report.table("differences", NAMES, note=NOTE)
    assert len(csv)
    assert "note" not in csv
    assert NOTE in page


def test_scores_carry_the_note(corpus, report):
    found, _ = report.metrics({"s|clean|honest": corpus.predictions("s", 1.0)}, note=NOTE)
    assert found["note"] == NOTE
    assert NOTE not in json.dumps(json.loads((corpus.folder / "metrics.json").read_text()))


def note_of(figure):
    """Return the one visible text that has the note."""
    texts = [text for text in figure.findobj(Text) if text.get_visible()]
    (shown,) = [text for text in texts if "Note:" in text.get_text()]
    return shown


@pytest.mark.parametrize("note", [NOTE, " ".join(["every word of a long note stays"] * 4)])
def test_figure_4_shows_the_whole_note(corpus, note):
    figure = draw(values(), corpus.spec | {"note": note})
    shown = note_of(figure)
    assert note in " ".join(shown.get_text().split())
    box, frame = shown.get_window_extent(), figure.bbox
    assert frame.x0 < box.x0 < box.x1 < frame.x1
    assert frame.y0 < box.y0 < box.y1 < frame.y1
    assert box.y0 > figure.axes[0].get_legend().get_window_extent().y1


def test_both_files_of_figure_4_have_the_note(corpus, tmp_path):
    figure = draw(values(), corpus.spec | {"note": NOTE})
    svg, png = tmp_path / "figure.svg", tmp_path / "figure.png"
    save(figure, svg, png)
    # Letters are drawn as paths; matplotlib writes the words beside them.
    assert f"Note: {NOTE}" in svg.read_text()
    picture, box = Image.open(png).convert("L"), note_of(figure).get_window_extent()
    last_line = (box.x0, picture.height - box.y0 - box.height / 2, box.x1, picture.height - box.y0)
    dark = np.asarray(picture.crop([round(edge) for edge in last_line])) < 100
    assert dark.any(axis=0).mean() > 0.5


def test_figure_4_s_csv_carries_the_note(report):
    corpus, folder = report.corpus, report.corpus.folder
    probe = corpus.predictions("HL1", 1.0, layer="1")
    out = [f"--out-{kind}={folder}/f.{kind}" for kind in ("svg", "png", "csv")]
    spec = corpus.spec | {"depths": {"HL": {"1": 0.5}}, "note": NOTE}
    arguments = ["--manifest", corpus.manifest, "--folds", corpus.fold_file]
    report.call("figure4", spec, *arguments, "--probe", f"HL|honest={probe}", *out)
    assert set(pd.read_csv(folder / "f.csv")["note"]) == {NOTE}


def test_figure_4_says_which_layers_it_names(corpus):
    words = " ".join(text.get_text() for text in draw(values(), corpus.spec).findobj(Text))
    assert "a third of them, 3 at most" in words
    named = [w for w in words.split() if w.startswith("HL(")]
    assert named == ["HL(2)"]
