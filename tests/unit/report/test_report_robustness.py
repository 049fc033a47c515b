"""``merflow report robustness`` from made predictions: csv, page and curves."""

from statistics import fmean

import numpy as np
import pandas as pd
import pytest

from merflow.errors import MerflowError
from merflow.report.holm import holm
from merflow.report.robustness import Level
from merflow.report.robustness_figure import draw
from merflow.report.robustness_page import verdict

SNRS = [-5, 0, 20]
ROBUSTNESS = {"split": "test1", "snr": SNRS}
HEADS = ["-5", "0", "20", "clean"]


def labels_of(systems, trained=("clean", "noise")):
    return [f"{name}|{how}|{snr}" for name in systems for how in trained for snr in HEADS]


def call(report, files, out="out", **changed):
    """Run the command; return csv, page and the bytes of all four files."""
    folder = report.corpus.folder / out
    folder.mkdir()
    names = ["--out-csv", "--out-md", "--out-svg", "--out-png"]
    paths = [folder / f"robustness.{name.rpartition('-')[2]}" for name in names]
    arguments = ["--manifest", report.corpus.manifest, "--folds", report.corpus.fold_file]
    for label, path in files.items():
        arguments += ["--predictions", f"{label}={path}"]
    for name, path in zip(names, paths, strict=True):
        arguments += [name, path]
    spec = report.corpus.spec | {"robustness": ROBUSTNESS, "preset": "paper"} | changed
    report.call("robustness", spec, *arguments)
    page = paths[1].read_text()
    return pd.read_csv(paths[0], dtype={"snr": str}), page, [path.read_bytes() for path in paths]


@pytest.fixture
def made(report):
    """Files of an ensemble and two systems, one of which was trained clean alone."""
    labels = labels_of(["fused-jdev", "hl-jdev"])
    labels += labels_of(["all_s1-baseline"], ("clean",))
    return {
        label: report.corpus.predictions(label, 1.0 + (i % 4) / 3, seeds=(0, 1))
        for i, label in enumerate(labels)
    }


def literal_scores(corpus, path, paper):
    """Return Dis, Dim and Com of test1 with plain loops: mean over folds, then over seeds."""
    frame = pd.read_parquet(path)
    truth = {row["clip"]: row for row in corpus.clips.to_dict("records")}
    rows = [row for row in frame.to_dict("records") if row["split"] == "test1"]
    scores = []
    for seed in sorted({row["seed"] for row in rows}):
        true, said, errors = [], [], []
        for clip in sorted({row["clip"] for row in rows}):
            own = [r for r in rows if r["clip"] == clip and r["seed"] == seed]
            assert len(own) == 5
            p = [fmean(row[f"p_{name}"] for row in own) for name in corpus.classes]
            true.append(corpus.classes.index(truth[clip]["emotion"]))
            said.append(p.index(max(p)))
            if corpus.valence:
                valence = fmean(row["valence"] for row in own)
                errors.append((valence - truth[clip]["valence"]) ** 2)
        dis = paper.weighted_f1(true, said, len(corpus.classes))
        dim = fmean(errors) if errors else 0.0
        scores.append((dis, dim, dis - 0.25 * dim))
    return dict(zip(("Dis", "Dim", "Com"), map(fmean, zip(*scores, strict=True)), strict=True))


def test_csv_and_page_have_what_a_literal_computation_gives(report, made, paper):
    frame, page, _ = call(report, made)
    assert set(frame["metric"]) == {"Dis", "Dim", "Com", "CCC"}
    assert len(frame) == 3 * 4 * 4
    assert set(frame["split"]) == {"test1"}
    assert list(dict.fromkeys(frame["snr"])) == HEADS
    for label, path in made.items():
        system, trained, snr = label.split("|")
        own = frame[(frame["system"] == system) & (frame["snr"] == snr)].set_index("metric")
        for metric, value in literal_scores(report.corpus, path, paper).items():
            assert own.loc[metric, trained] == pytest.approx(value, abs=1e-4)
            assert (
                own.loc[metric, f"{trained}_low"]
                <= own.loc[metric, trained]
                <= own.loc[metric, f"{trained}_high"]
            )
        line = next(
            row
            for row in page.splitlines()
            if row.startswith(f"| {system} ")
            and f" {'clean' if trained == 'clean' else 'with noisy copies'} |" in row
        )
        cells = [cell.strip() for cell in line.split("|")[3:-1]]
        assert float(cells[HEADS.index(snr)]) == own.loc["Com", trained]


def test_differences_are_paired_and_corrected_over_all_cells_of_a_metric(report, made):
    frame, page, _ = call(report, made)
    both = frame["noise"].notna()
    assert set(frame[~both]["system"]) == {"all_s1-baseline"}
    assert frame[~both][["difference", "difference_low", "p", "p_holm"]].isna().all(axis=None)
    paired = frame[both]
    gap = (paired["noise"] - paired["clean"]).to_numpy()
    assert paired["difference"].to_numpy() == pytest.approx(gap, abs=1.01e-4)
    assert (paired["difference_low"] <= paired["difference_high"]).all()
    for _, own in paired.groupby("metric"):
        assert len(own) == 8
        assert own["p_holm"].tolist() == pytest.approx(holm(own["p"].tolist()), abs=2e-5)
    assert page.count("| fused-jdev") == 3
    assert page.count("| all_s1-baseline") == 1


def better_at(report, snr, odds=8.0):
    """Files of an ensemble whose noisy training is far better at one SNR, else the same."""
    files = {}
    for head in HEADS:
        same = report.corpus.predictions(f"same-{head}", 1.0, seeds=(0, 1))
        files |= {f"fused-jdev|{how}|{head}": same for how in ("clean", "noise")}
    files[f"fused-jdev|noise|{snr}"] = report.corpus.predictions("better", odds, seeds=(0, 1))
    return files


def test_the_verdict_names_the_snr_at_which_noisy_copies_help(report):
    _, page, _ = call(report, better_at(report, "-5"), bootstrap={"draws": 1000, "seed": 0})
    said = page.partition("Noisy copies in training are shown to ")[2].partition("\n")[0]
    assert said.startswith("help at -5 dB fused-jdev. Elsewhere nothing is shown; ")
    assert page.count("**+") == 1
    assert "0, 20 dB lie outside" not in page
    assert "-5, 0 and 20 dB lie outside" in page


def test_the_verdict_tells_harm_and_says_so_where_nothing_is_shown(report):
    files = better_at(report, "clean")
    swapped = {
        f"{label.replace('|noise|', '|x|').replace('|clean|', '|noise|')}".replace(
            "|x|", "|clean|"
        ): path
        for label, path in files.items()
        if not label.endswith("|clean")
    }
    swapped["fused-jdev|clean|clean"] = files["fused-jdev|noise|clean"]
    swapped["fused-jdev|noise|clean"] = files["fused-jdev|clean|clean"]
    _, page, _ = call(report, swapped, bootstrap={"draws": 1000, "seed": 0})
    assert "shown to harm at clean fused-jdev." in page
    alike = {label: files["fused-jdev|clean|0"] for label in files}
    frame, page, _ = call(report, alike, "alike")
    assert "At no SNR is it shown that noisy copies in training help or harm any system" in page
    assert (frame["difference"].dropna() == 0).all()


def test_several_systems_and_snrs_are_named_in_one_verdict():
    def level(system, snr, gap):
        bounds = {"difference_low": gap - 0.01, "difference_high": gap + 0.01}
        tested = {"difference": gap, "p": 0.001, "p_holm": 0.01, "detectable": 0.03}
        return Level(system, "test1", snr, "Com", 60, **bounds, **tested)

    pairs = [level(s, snr, 0.1) for s in ("a", "b", "c") for snr in ("-5", "0")]
    pairs += [level("a", "clean", -0.1), level("b", "clean", 0.005)]
    assert verdict(pairs) == (
        "Noisy copies in training are shown to help at -5 dB a, b and c; at 0 dB a, b and c. "
        "Noisy copies in training are shown to harm at clean a. Elsewhere nothing is shown; "
        "a difference of about 0.03 is what 60 clips show with 80 % power."
    )


@pytest.mark.parametrize(("clips", "words"), [(1, "1 clip"), (9, "9 clips"), (10, None)])
def test_of_few_clips_nothing_is_said(make_report, clips, words):
    report = make_report(test=clips)
    files = {
        label: report.corpus.predictions(label, 1.0, seeds=(0, 1))
        for label in labels_of(["hl-jdev"])
    }
    robustness = {"split": "test1", "snr": [0, 5, 8]}
    files = {label.replace("|-5", "|5").replace("|20", "|8"): p for label, p in files.items()}
    _, page, (_, _, svg, _) = call(report, files, robustness=robustness)
    assert "; 0 dB lies outside." in page
    assert f"The {words or '10 clips'} of MER-MULTI" in page
    few = words is not None
    assert (f"; nothing can be said with {words}, as it takes 10 at least." in page) == few
    assert ("with 80 % power" in page) != few
    assert (f"move a point, with {words}: it takes".encode() in svg) == few
    assert (b"over 10 clips that all points share" in svg) != few
    assert "1 clips" not in page


def test_the_order_of_rows_changes_no_byte_and_no_file_names_a_clip(report, made):
    *_, first = call(report, made)
    shuffled = {}
    for label, path in made.items():
        other = path.with_name(f"shuffled-{path.name}")
        pd.read_parquet(path).sample(frac=1, random_state=3).to_parquet(other, index=False)
        shuffled[label] = other
    *_, second = call(report, shuffled, "again")
    assert first == second
    for content in first:
        assert b"clip_test1" not in content
    assert b"<dc:date>" not in first[2]
    assert first[2].startswith(b"<?xml")
    assert first[3].startswith(b"\x89PNG")


def test_without_valence_weighted_f1_is_shown(make_report, paper):
    report = make_report(valence=False)
    files = {n: report.corpus.predictions(n, 1.0) for n in labels_of(["hl-baseline"])}
    frame, page, _ = call(report, files)
    assert set(frame["metric"]) == {"Dis"}
    assert "## Dis by SNR" in page
    path = files["hl-baseline|noise|0"]
    told = frame.set_index("snr").loc["0", "noise"]
    assert told == pytest.approx(literal_scores(report.corpus, path, paper)["Dis"], abs=1e-4)


def test_where_com_is_not_defined_the_valence_s_name_stands(report):
    files = {n: report.corpus.predictions(n, 1.0) for n in labels_of(["hl-baseline"])}
    frame, page, _ = call(report, files, com=False, valence_name="valence_proxy")
    assert set(frame["metric"]) == {"Dis", "valence_proxy MSE", "valence_proxy CCC"}
    assert frame["p"].notna().all()
    assert "## Dis by SNR" in page
    assert "derived from the votes" in page


def test_systems_trained_clean_alone_have_no_differences(report):
    labels = labels_of(["hl-jdev"], ("clean",))
    files = {label: report.corpus.predictions(label, 1.0) for label in labels}
    _, page, _ = call(report, files)
    assert "noisy copies" not in page
    assert page.count("| hl-jdev") == 1


def test_a_split_without_labels_is_told(report, made):
    report.corpus.clips.loc[report.corpus.clips["split"] == "test1", "emotion"] = ""
    report.corpus.write()
    with pytest.raises(MerflowError, match="no clip of test1 has a label"):
        call(report, made)


def test_a_file_of_another_split_is_told(report, made):
    path = made["fused-jdev|clean|0"]
    frame = pd.read_parquet(path)
    frame[frame["split"] == "train"].to_parquet(path, index=False)
    with pytest.raises(MerflowError, match=r"jdev-clean-0\.parquet predicts no clip of test1"):
        call(report, made)


def drawn(systems, spec, snrs=(-5, 0, 20)):
    rng = np.random.default_rng(0)
    found = [
        Level(system, "test1", str(snr), "Com", 60, *(v, v - 0.1, v + 0.1), *(v, v - 0.1, v + 0.1))
        for system in systems
        for snr in (*snrs, "clean")
        for v in [float(rng.uniform())]
    ]
    return draw(found, {**spec, "robustness": ROBUSTNESS})


def test_panels_hold_what_belongs_together_and_six_systems_at_most(report):
    spec = report.corpus.spec
    names = ["hl-jdev", "all_s1-jdev", "all_s2-baseline", "fused-jdev", "hl-baseline"]
    titles = [axes.get_title(loc="left") for axes in drawn(names, spec).axes]
    assert titles == ["Ensembles", "Fusion, baseline decoder", "Fusion, JDEV", "Sound alone"]
    many = {f"s{i}": spec["definitions"]["all_s1-jdev"] for i in range(14)}
    panels = drawn(list(many), {**spec, "definitions": many}).axes
    assert [len(axes.get_legend().get_texts()) for axes in panels] == [6, 6, 2]


def test_one_snr_makes_a_figure(report):
    (axes,) = drawn(["hl-jdev"], report.corpus.spec, snrs=(-5,)).axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["\N{MINUS SIGN}5", "clean"]
