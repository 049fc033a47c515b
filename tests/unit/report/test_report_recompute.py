"""``report score``: one predictions file, scored by whoever has it, as the tables are."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from merflow.errors import MerflowError
from merflow.layout import Layout
from merflow.report.commands import group
from merflow.report.sums import METRICS

ROOT = Path(__file__).parents[3]


def settings_file(corpus) -> Path:
    config = yaml.safe_load((ROOT / "presets" / "demo.yaml").read_text(encoding="utf-8"))
    spec = corpus.spec
    config["corpus"] |= {key: spec[key] for key in ("classes", "valence", "com", "tests")}
    config["corpus"]["folds"]["count"] = spec["fold_count"]
    rows = [row for row in config["report"]["rows"] if row["split"] in ("train", *spec["tests"])]
    systems = [
        one
        for one in config["fusion"]["systems"]
        if spec["valence"] or one["decoder"] == "baseline"
    ]
    config["fusion"]["systems"] = systems
    config["ensemble"]["systems"] = []
    config["report"] |= {
        "rows": rows,
        "submission": None,
        "decimals": 4,
        "bootstrap": spec["bootstrap"],
    }
    path = corpus.folder / "settings.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def scored_alone(corpus, predictions, catch=False):
    """Run the command; return what it prints and its csv."""
    out = corpus.folder / "alone.csv"
    words = ["score", "--predictions", predictions, "--manifest", corpus.manifest]
    words += ["--folds", corpus.fold_file, "--params", settings_file(corpus), "--out", out]
    result = CliRunner().invoke(group, list(map(str, words)), catch_exceptions=catch)
    if catch:
        return result.exception
    assert result.exit_code == 0, result.output
    return result.output, pd.read_csv(out)


def test_the_scores_are_those_of_the_tables_to_the_last_bit(corpus, report):
    path = corpus.predictions("s", 1.0, seeds=(0, 1))
    _, table = report.metrics({"s|clean|honest": path, "t|clean|honest": path})
    table = table[table["system"] == "t"].drop(columns=["system", "augmentation", "reading"])
    _, own = scored_alone(corpus, path)
    assert own["layer"].isna().all()
    keys = ["split", "metric", "part", "seed", "fold"]
    pd.testing.assert_frame_equal(
        own.drop(columns="layer").sort_values(keys, ignore_index=True),
        table.sort_values(keys, ignore_index=True)[own.columns.drop("layer")],
        check_exact=True,
    )


def test_what_is_printed_has_every_metric_interval_spread_and_predictor(corpus, report):
    path = corpus.predictions("s", 1.0, seeds=(0, 1))
    document, _ = report.metrics({"s|clean|honest": path})
    printed, _ = scored_alone(corpus, path)
    scores = document["systems"]["s"]["clean"]["honest"]
    train, test1, _ = printed.split(" clips, mean over the seeds 0, 1")[1:]
    assert ", mean over 5 folds\n" in train
    assert "pooled over folds" in train
    assert "pooled" not in test1
    for text, split in ((train, "train"), (test1, "test1")):
        lines = {line.split("|")[1].strip(): line for line in text.splitlines() if "|" in line}
        for name in METRICS:
            assert f"| {scores[split][name]:.4f} [" in " ".join(lines[name].split())
            assert f" {scores[split]['seed_sd'][name]:.4f} |" in lines[name]
            for reference in ("constant", "true_class"):
                assert f" {document['references'][reference][split][name]:.4f} |" in lines[name]
        for name, value in scores[split]["f1"].items():
            assert f"{value:.4f} [" in lines[f"f1:{name}"]


def test_layers_of_probes_are_scored_one_by_one(corpus):
    paths = [corpus.predictions(f"p{layer}", 1.0, layer=layer) for layer in ("9", "10")]
    every = corpus.folder / "probes.parquet"
    pd.concat(map(pd.read_parquet, paths)).to_parquet(every, index=False)
    printed, own = scored_alone(corpus, every)
    titles = [line.split(":")[0] for line in printed.splitlines() if " clips, " in line]
    assert titles == [
        f"{k} on {split}" for k in ("9", "10") for split in ("train", "test1", "test2")
    ]
    for layer, path in zip((9, 10), paths, strict=True):
        frame = pd.read_parquet(path).drop(columns="layer")
        frame.to_parquet(corpus.folder / "one.parquet", index=False)
        _, alone = scored_alone(corpus, corpus.folder / "one.parquet")
        of_layer = own[own["layer"] == layer]["value"].to_numpy()
        np.testing.assert_array_equal(of_layer, alone["value"].to_numpy())


def test_without_valence_only_metrics_of_emotion_are_printed(make_report):
    corpus = make_report(valence=False).corpus
    printed, own = scored_alone(corpus, corpus.predictions("s", 1.0))
    assert set(own["metric"][:3]) == {"weighted_f1", "accuracy", "uar"}
    assert "mse" not in printed
    assert "sd over seeds" not in printed


def test_predictions_of_another_corpus_are_told(corpus):
    path = corpus.predictions("s", 1.0)
    frame = pd.read_parquet(path)
    frame.assign(clip="other_" + frame["clip"]).to_parquet(path, index=False)
    error = scored_alone(corpus, path, catch=True)
    assert isinstance(error, MerflowError)
    assert "predicts no labelled clip of train, test1, test2" in str(error)


def test_without_options_the_labels_are_those_of_the_settings(corpus, monkeypatch):
    path, params = corpus.predictions("s", 1.0), settings_file(corpus)
    named, _ = scored_alone(corpus, path)
    monkeypatch.chdir(corpus.folder)
    words = ["score", "--predictions", str(path), "--params", params.name]
    none = CliRunner().invoke(group, words)
    assert isinstance(none.exception, MerflowError)
    assert "manifest.csv, which has the labels: run snakemake first" in str(none.exception)
    layout = Layout(yaml.safe_load(params.read_text(encoding="utf-8")))
    for file, place in ((corpus.manifest, layout.manifest), (corpus.fold_file, layout.folds)):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_bytes(file.read_bytes())
    assert CliRunner().invoke(group, words, catch_exceptions=False).output == named
    elsewhere = corpus.folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    words[-1] = f"../{params.name}"
    assert CliRunner().invoke(group, words, catch_exceptions=False).output == named
    last = CliRunner().invoke(group, [*words, "--folds", str(corpus.fold_file)])
    assert last.output == named


def test_settings_that_are_not_there_are_told(corpus, tmp_path):
    path = corpus.predictions("s", 1.0)
    words = ["score", "--predictions", path, "--manifest", corpus.manifest]
    words += ["--folds", corpus.fold_file, "--params", tmp_path / "none.yaml"]
    result = CliRunner().invoke(group, list(map(str, words)))
    assert isinstance(result.exception, MerflowError)
    assert "none.yaml cannot be read" in str(result.exception)


@pytest.mark.parametrize("clips", [1, 2])
def test_a_test_set_of_a_clip_or_two_is_scored(make_report, clips):
    corpus = make_report(test=clips, tests=("test1",)).corpus
    printed, own = scored_alone(corpus, corpus.predictions("s", 1.0))
    test = own[own["split"] == "test1"]
    assert np.isfinite(test["value"]).all()
    assert f"test1: {clips} clip" in printed
    if clips == 1:
        of_pair = test[test["metric"].isin(["ccc", "pearson"])]
        assert (of_pair["value"] == 0).all()
