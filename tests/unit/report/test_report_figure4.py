import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pandas as pd
import pytest
from PIL import Image

from merflow.errors import MerflowError
from merflow.report.figure4 import draw as draw_figure
from merflow.report.layers import COLUMNS, probes_of
from merflow.report.protocols import READINGS

EMOTION = {"valence": False, "com": False, "valence_name": "valence"}
DEPTHS = {
    "HL": {"0": 0.0, "1": 0.25, "2": 0.5, "3": 0.75, "4": 1.0},
    "MR": {"block1": 0.72, "block2": 0.94},
}


def draw(report, name="figure", **changed):
    corpus, folder = report.corpus, report.corpus.folder
    arguments = ["--manifest", corpus.manifest, "--folds", corpus.fold_file]
    for encoder, depths in DEPTHS.items():
        frames = [
            pd.read_parquet(corpus.predictions(f"{encoder}{layer}", 2 * depth, layer=layer))
            for layer, depth in depths.items()
        ]
        pd.concat(frames).to_parquet(folder / f"{encoder}.parquet", index=False)
        for reading in READINGS:
            arguments += ["--probe", f"{encoder}|{reading}={folder / encoder}.parquet"]
    files = {kind: folder / f"{name}.{kind}" for kind in ("svg", "png", "csv")}
    for kind, path in files.items():
        arguments += [f"--out-{kind}", path]
    report.call("figure4", corpus.spec | {"depths": DEPTHS} | changed, *arguments)
    return files


def test_figure_4_has_the_same_bytes_twice(report):
    first, second = draw(report, "first"), draw(report, "second")
    for kind in ("svg", "png", "csv"):
        assert first[kind].read_bytes() == second[kind].read_bytes()


def test_figure_4_shows_scores_of_train_over_depth(report):
    files = draw(report, note="only a demo")
    csv = pd.read_csv(files["csv"], dtype={"layer": str})
    com = csv[(csv["metric"] == "Com") & (csv["encoder"] == "HL")]
    honest, organiser = (com[com["reading"] == reading] for reading in READINGS)
    assert honest["value"].tolist() == organiser["value"].tolist()  # of the same files
    com = honest
    assert list(com["layer"]) == ["0", "1", "2", "3", "4"]
    assert list(com["depth"]) == [0, 0.25, 0.5, 0.75, 1]
    assert (csv["low"] <= csv["value"]).all()
    metrics, _ = report.metrics({"a|clean|honest": report.corpus.folder / "HL4.parquet"})
    scores = metrics["systems"]["a"]["clean"]["honest"]["train"]
    assert com["value"].iloc[-1] == scores["com"]
    constant = csv[(csv["encoder"] == "constant") & (csv["metric"] == "Com")]["value"].item()
    assert constant == metrics["references"]["constant"]["train"]["com"]
    assert "clip_" not in files["csv"].read_text()


def test_figure_4_files_hold_no_date_and_no_software(report):
    files = draw(report)
    text = files["svg"].read_text()
    ElementTree.fromstring(text)  # noqa: S314 (our own file)
    assert "dc:date" not in text
    assert "Matplotlib" not in text
    picture = Image.open(files["png"])
    assert set(picture.info) <= {"dpi"}
    assert picture.width > 1000


def test_figure_4_without_valence_shows_weighted_f1(make_report):
    files = draw(make_report(valence=False))
    assert set(pd.read_csv(files["csv"])["metric"]) == {"Dis"}


def test_a_layer_without_depth_is_named(report):
    with pytest.raises(MerflowError, match=r"MR\(block1\) has no depth"):
        draw(report, depths={"HL": DEPTHS["HL"], "MR": {}})


def test_a_file_without_layers_is_named(report):
    path = report.corpus.predictions("one", 1.0)
    spec = report.corpus.spec | {"depths": DEPTHS}
    with pytest.raises(MerflowError, match="no column 'layer'"):
        probes_of("HL", path, spec)


@pytest.mark.parametrize(
    ("metrics", "shown", "told", "label"),
    [
        (("Dis", "Dim", "Com"), 2, {}, "Com = weighted F1 - 0.25 MSE, on Train&Val"),
        (("Dis", "valence MSE", "valence CCC"), 0, {"com": False}, "weighted F1, on Train&Val"),
        (("Dis",), 0, {"valence": False, "com": False}, "weighted F1, on Train&Val"),
    ],
)
def test_figure_4_plots_the_metric_that_its_axis_names(report, metrics, shown, told, label):
    places = [("HL", "1", 0.25), ("HL", "2", 0.5), ("MR", "block1", 0.7), ("constant", "", None)]
    rows = [
        (reading, encoder, layer, depth, metric, worth, worth - 1, worth + 2, 60)
        # The organiser's values lie elsewhere and must not be drawn.
        for reading, more in (("honest", 0), ("organiser", 500))
        for k, (encoder, layer, depth) in enumerate(places)
        for m, metric in enumerate(metrics)
        for worth in [10 * k + m + more]
        if reading == "honest" or encoder != "constant"
    ]
    figure = draw_figure(pd.DataFrame(rows, columns=COLUMNS), report.corpus.spec | told)
    (axes,) = figure.axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["HL"].get_xdata()) == [0.25, 0.5]
    assert list(lines["HL"].get_ydata()) == [shown, 10 + shown]
    assert list(lines["MR"].get_ydata()) == [20 + shown]
    assert set(lines["constant predictor"].get_ydata()) == {30 + shown}
    band = axes.collections[0].get_paths()[0].get_extents()
    assert (band.y0, band.y1) == (shown - 1, 10 + shown + 2)
    assert axes.get_ylabel() == label


def points(**encoders):
    rows = [
        {"encoder": name, "layer": str(i), "depth": depth, "metric": "Dis", "value": 0.3 + 0.1 * i}
        for name, depths in encoders.items()
        for i, depth in enumerate(depths)
    ]
    curve = pd.DataFrame([*rows, {**rows[0], "encoder": "constant", "layer": "", "depth": None}])
    return curve.assign(reading="honest", low=curve["value"] - 0.05, high=curve["value"] + 0.05)


def test_points_on_no_line_stand_side_by_side_with_their_intervals():
    spec = {"corpus": "mine", "bootstrap": {"draws": 10}, "kind": "mlp", **EMOTION}
    figure = draw_figure(points(HL=[0.0, 0.5, 1.0], MF=[1.0, 1.0], HG=[1.0]), spec)
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert list(lines["HL"].get_xdata()) == [0, 0.5, 1]
    assert lines["HL"].get_linestyle() == "-"
    places = [*lines["MF"].get_xdata(), *lines["HG"].get_xdata()]
    assert lines["MF"].get_linestyle() == lines["HG"].get_linestyle() == "None"
    assert len(set(places)) == 3
    assert max(places) == 1
    names = {text.get_text() for text in figure.axes[0].texts}
    assert {"MF(0)", "MF(1)", "HG(0)"} < names
    assert "side by side" in figure.get_supxlabel()
    alone = draw_figure(points(HL=[0.0, 1.0], HG=[1.0]), spec)
    assert "side by side" not in alone.get_supxlabel()


@pytest.mark.parametrize("encoders", [{"MF": [1.0, 1.0], "HG": [1.0]}, {"HL": [1.0], "MR": [0.9]}])
def test_without_any_line_the_layers_stand_abreast_with_their_names_below(encoders):
    spec = {"corpus": "mine", "bootstrap": {"draws": 10}, "kind": "mlp", **EMOTION}
    figure = draw_figure(points(**encoders), spec)
    (axes,) = figure.axes
    figure.draw_without_rendering()
    labels = axes.get_xticklabels()
    wanted = [f"{name}({i})\n{d:g}" for name, own in encoders.items() for i, d in enumerate(own)]
    assert [label.get_text() for label in labels] == wanted
    boxes = [label.get_window_extent() for label in labels]
    gaps = [right.x0 - left.x1 for left, right in pairwise(boxes)]
    assert min(gaps) > 0
    drawn = [place for line in axes.lines if line.get_ls() == "None" for place in line.get_xdata()]
    assert drawn == axes.get_xticks().tolist()
    assert not axes.texts
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["constant predictor"]
    assert "Bars: 95 %" in figure.get_supxlabel()
    assert "Named" not in figure.get_supxlabel()


def test_many_names_below_do_not_meet():
    spec = {"corpus": "mine", "bootstrap": {"draws": 10}, "kind": "mlp", **EMOTION}
    figure = draw_figure(points(**{f"encoder{k}": [1.0] for k in range(12)}), spec)
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    assert all(not left.overlaps(right) for left, right in pairwise(boxes))


def test_linear_probes_are_called_so():
    spec = {"corpus": "mine", "bootstrap": {"draws": 10}, **EMOTION}
    titles = [
        draw_figure(points(HL=[0.0, 1.0]), {**spec, "kind": kind}).get_suptitle()
        for kind in ("mlp", "linear")
    ]
    assert titles == [
        f"{what} by layer, corpus mine" for what in ("Unimodal probes", "Linear unimodal probes")
    ]
