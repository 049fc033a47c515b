"""The whole graph on a small demo corpus: what it gives."""

import json
import re
import subprocess

import pandas as pd
import pytest
from graph import ROOT, metrics_of, small_settings

from merflow.layout import Layout

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
        "tables/demo/differences.csv",
        "tables/demo/differences.md",
        "tables/demo/scores.json",
        "tables/demo/augmentation.csv",
        "tables/demo/speakers.csv",
        "tables/demo/figure4.csv",
        "figures/demo/figure4.svg",
        "figures/demo/figure4.png",
        "tables/demo/robustness.md",
        "tables/demo/robustness.csv",
        "figures/demo/robustness.svg",
        "figures/demo/robustness.png",
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
    assert "demo encoders" in (finished_run / "results/tables/demo/table1.md").read_text()


def small_names():
    settings = small_settings()
    return [s["name"] for key in ("fusion", "ensemble") for s in settings[key]["systems"]]


def test_random_folds_are_compared_with_folds_by_speaker(finished_run):
    table = pd.read_csv(finished_run / "results/tables/demo/speakers.csv")
    page = (finished_run / "results/tables/demo/speakers.md").read_text()
    systems = small_settings()["fusion"]["systems"]
    clean = [system["name"] for system in systems if "clean" in system["augmentation"]]
    for reading in ("honest", "organiser"):
        own = table[table["reading"] == reading]
        assert list(dict.fromkeys(own["system"])) == [*clean, "mean of the systems"]
    # In a table of each reading, and in that of the run folders.
    assert all(page.count(f"| {name} ") == 3 for name in clean)
    assert (table["clips"] == 24).all()
    # One seed: what Table 1 has by fold is here over all clips at once, of the same predictions.
    scores = json.loads((finished_run / "results/tables/demo/scores.json").read_text())["systems"]
    for row in table[table["system"].isin(clean) & (table["metric"] == "Dis")].itertuples():
        known = scores[row.system]["clean"][row.reading]["train"]["pooled"]["weighted_f1"]
        assert row.random_folds == known
    assert (
        "[speakers.md](speakers.md)" in (finished_run / "results/tables/demo/table1.md").read_text()
    )
    manifest = pd.read_csv(only(finished_run, "results/corpus/*/manifest.csv"))
    by_speaker = Layout(small_settings()).trained["fusion_train_speakers"].folds
    folds = pd.read_csv(finished_run / by_speaker).merge(manifest, on="clip")
    assert (folds.groupby("speaker")["fold"].nunique() == 1).all()


def test_predictions_are_probabilities_of_every_clip(finished_run):
    manifest = pd.read_csv(only(finished_run, "results/corpus/*/manifest.csv"))
    runs = Layout(small_settings()).runs.items()
    (name,) = (name for name, run in runs if run.label == "all_s1-jdev.clean")
    table = pd.read_parquet(finished_run / f"results/runs/{name}/predictions-honest.parquet")
    probabilities = table.filter(like="p_")
    assert probabilities.shape[1] == 6
    assert abs(probabilities.sum(axis=1) - 1).max() < 1e-9
    for split, part in table.groupby("split"):
        assert set(part["clip"]) == set(manifest.loc[manifest["split"] == split, "clip"])
    assert not table[table["split"] == "train"]["clip"].duplicated().any()
    assert (table[table["split"] == "test1"].groupby("clip").size() == 3).all()


def test_the_robustness_table_has_every_system_that_hears_at_every_snr(finished_run):
    table = pd.read_csv(
        finished_run / "results/tables/demo/robustness.csv", dtype={"snr": str}
    ).set_index(["system", "snr", "metric"])
    assert set(table.index.get_level_values("system")) == set(small_names()) - {"mr_rf-baseline"}
    assert set(table.index.get_level_values("snr")) == {"-5", "20", "clean"}
    scores = json.loads((finished_run / "results/tables/demo/scores.json").read_text())
    for system in set(small_names()) - {"mr_rf-baseline"}:
        for trained in ("clean", "noise"):
            known = scores["systems"][system][trained]["honest"]["test1"]
            row = table.loc[system, "clean", "Com"]
            assert row[trained] == known["com"]
            assert [row[f"{trained}_low"], row[f"{trained}_high"]] == known["interval"]["com"]
    draws = pd.read_csv(only(finished_run, "results/noise/snr-*/*.csv"))
    assert (draws.groupby("clip")[["noise_file", "offset"]].nunique() == 1).all(axis=None)
    trained = pd.read_csv(only(finished_run, "results/noise/paper-*/*.csv"))
    assert set(draws["noise_sha256"]).isdisjoint(trained["noise_sha256"])


def test_submission_has_the_challenges_columns_and_every_clip(finished_run):
    submission = pd.read_csv(finished_run / "results/private/demo/submission/test1.csv")
    assert list(submission.columns) == ["name", "discrete", "valence"]
    assert len(submission) == 6


def test_committed_results_name_no_clip(finished_run):
    manifest = pd.read_csv(only(finished_run, "results/corpus/*/manifest.csv"))
    results = finished_run / "results"
    for folder in ("tables", "figures", "manifests"):
        for path in sorted((results / folder).rglob("*.*")):
            text = path.read_bytes().decode(errors="replace")
            assert not [clip for clip in manifest["clip"] if clip in text], path
    text = json.dumps(metrics_of(finished_run))
    assert not [clip for clip in manifest["clip"] if clip in text]


def test_tracked_files_name_no_clip_of_a_real_corpus():
    tracked = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "Snakefile" in tracked
    private = ("results/corpus/", "results/faces/", "results/noise/", "results/features/")
    private += ("results/runs/", "results/private/", "results/logs/")
    assert not [name for name in tracked if name.startswith(private)]
    # Tests make up those below 100.
    clip_of_mer2023 = re.compile(rb"\bsample(new)?_(?!000000\d\d\b)\d{8}\b")
    for name in tracked:
        path = ROOT / name
        if path.is_file():
            assert not clip_of_mer2023.search(path.read_bytes()), name
    media = (".mp4", ".avi", ".wav", ".flac", ".npy", ".parquet", ".safetensors", ".pth", ".onnx")
    assert not [name for name in tracked if name.endswith(media)]
