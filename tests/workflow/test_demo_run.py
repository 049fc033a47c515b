"""The whole graph on a small demo corpus: what it gives, and what a second call does."""

import json
import re
import subprocess

import pandas as pd
import pytest
from graph import (
    ROOT,
    metrics_of,
    planned_jobs,
    prediction_bytes,
    small_settings,
    snakemake,
    write_settings,
)

pytestmark = pytest.mark.slow


def only(folder, pattern):
    found = list(folder.glob(pattern))
    assert len(found) == 1, found
    return found[0]


def test_everything_promised_is_there(finished_run):
    results = finished_run / "results"
    for name in (
        "metrics.json",
        "tables/demo/table1.csv",
        "tables/demo/table1.md",
        "tables/demo/augmentation.csv",
        "tables/demo/figure4.csv",
        "figures/demo/figure4.svg",
        "figures/demo/figure4.png",
        "manifests/corpus.json",
        "manifests/features.json",
        "private/demo/submission/test1.csv",
        "private/demo/submission/test2.csv",
        "runs/run.json",
    ):
        assert (results / name).stat().st_size > 0, name


def test_table1_has_our_figure_and_the_papers(finished_run):
    table = pd.read_csv(finished_run / "results/tables/demo/table1.csv")
    assert set(small_names()) <= set(table["system"])
    assert table["ours"].notna().all()
    known = table[table["system"] == "all_s1-jdev"]
    assert {0.7811, 0.6176, 0.6267, 0.6779, 0.6178} <= set(known["paper"].dropna())
    assert "unpretrained" in (finished_run / "results/tables/demo/table1.md").read_text()


def small_names():
    settings = small_settings()
    return [s["name"] for key in ("fusion", "ensemble") for s in settings[key]["systems"]]


def test_predictions_are_probabilities_of_every_clip(finished_run):
    manifest = pd.read_csv(only(finished_run, "results/corpus/*/manifest.csv"))
    path = only(finished_run, "results/runs/all_s1-jdev.clean-*/predictions-honest.parquet")
    table = pd.read_parquet(path)
    probabilities = table.filter(like="p_")
    assert probabilities.shape[1] == 6
    assert abs(probabilities.sum(axis=1) - 1).max() < 1e-9
    for split, part in table.groupby("split"):
        assert set(part["clip"]) == set(manifest.loc[manifest["split"] == split, "clip"])
    assert not table[table["split"] == "train"]["clip"].duplicated().any()
    assert (table[table["split"] == "test1"].groupby("clip").size() == 3).all()


def test_submission_has_the_challenges_columns_and_every_clip(finished_run):
    submission = pd.read_csv(finished_run / "results/private/demo/submission/test1.csv")
    assert list(submission.columns) == ["name", "discrete", "valence"]
    assert len(submission) == 6


def test_second_call_runs_nothing(finished_run):
    outcome = snakemake(finished_run, "--cores", "2")
    assert outcome.code == 0
    assert outcome.jobs == {}
    assert "Nothing to be done" in outcome.text


def test_touching_every_file_runs_nothing(finished_run):
    # Newest first, so that inputs are left younger than what was made from them.
    files = [path for path in (finished_run / "results").rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: -path.stat().st_mtime):
        path.touch()
    outcome = snakemake(finished_run, "--cores", "2")
    assert outcome.jobs == {}, outcome.text


def test_predictions_are_equal_byte_for_byte_for_other_cores_and_shards(finished_run, other_run):
    first, second = prediction_bytes(finished_run), prediction_bytes(other_run)
    assert len(first) > 15
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_committed_results_are_equal_for_other_cores_and_shards(finished_run, other_run):
    for folder in ("tables", "figures"):
        files = sorted((finished_run / "results" / folder).rglob("*.*"))
        assert files
        for path in files:
            other = other_run / path.relative_to(finished_run)
            assert path.read_bytes() == other.read_bytes(), path
    assert metrics_of(finished_run) == metrics_of(other_run)


def test_committed_results_name_no_clip(finished_run):
    manifest = pd.read_csv(only(finished_run, "results/corpus/*/manifest.csv"))
    results = finished_run / "results"
    for folder in ("tables", "figures", "manifests"):
        for path in sorted((results / folder).rglob("*.*")):
            text = path.read_bytes().decode(errors="replace")
            assert not [clip for clip in manifest["clip"] if clip in text], path
    text = json.dumps(metrics_of(finished_run))
    assert not [clip for clip in manifest["clip"] if clip in text]


@pytest.mark.parametrize(
    ("key", "value", "rules"),
    [
        (
            ("fusion", "jdev", "delta_init"),
            0.9,
            {"fusion_train": 4, "ensemble_fuse": 4, "report_metrics": 1},
        ),
        (("fusion", "training", "dropout"), 0.1, {"fusion_train": 5, "ensemble_fuse": 4}),
        (("probes", "training", "dropout"), 0.1, {"probes_train": 3, "report_figure4": 1}),
        (("noise", "copies"), 2, {"noise_draw": 1, "features_extract": 3, "fusion_train": 2}),
        (("report", "bootstrap", "draws"), 120, {"report_metrics": 1, "report_figure4": 1}),
    ],
)
def test_a_setting_reruns_what_depends_on_it(finished_run, key, value, rules):
    settings = small_settings()
    node = settings
    for name in key[:-1]:
        node = node[name]
    node[key[-1]] = value
    write_settings(finished_run, settings)
    try:
        planned = planned_jobs(finished_run)
    finally:
        write_settings(finished_run, small_settings())
    assert rules.items() <= planned.items(), planned
    above = {"corpus_demo_clips", "corpus_manifest", "faces_crop", "features_demo_encoder"}
    assert not above & planned.keys()
    if "features_extract" not in rules:
        assert "features_extract" not in planned
    if key[0] == "report":
        assert "fusion_train" not in planned


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("features", "batch"), 3),
        (("features", "numeric_threads"), 2),
        (("faces", "numeric_threads"), 2),
        (("fusion", "numeric_threads"), 2),
        (("corpus", "root"), "unused by the demo"),
    ],
)
def test_how_a_step_is_run_reruns_nothing(finished_run, key, value):
    settings = small_settings()
    settings[key[0]][key[1]] = value
    write_settings(finished_run, settings)
    try:
        assert planned_jobs(finished_run) == {}
    finally:
        write_settings(finished_run, small_settings())


def test_tracked_files_name_no_clip_of_a_real_corpus():
    tracked = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "Snakefile" in tracked
    private = ("results/corpus/", "results/faces/", "results/noise/", "results/features/")
    private += ("results/runs/", "results/private/", "results/logs/")
    assert not [name for name in tracked if name.startswith(private)]
    clip_of_mer2023 = re.compile(rb"\bsample(new)?_\d{8}\b")
    for name in tracked:
        path = ROOT / name
        if path.is_file():
            assert not clip_of_mer2023.search(path.read_bytes()), name
    media = (".mp4", ".avi", ".wav", ".flac", ".npy", ".parquet", ".safetensors", ".pth", ".onnx")
    assert not [name for name in tracked if name.endswith(media)]
