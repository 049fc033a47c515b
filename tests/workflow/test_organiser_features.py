"""The graph on labels and features that somebody else has extracted, without any clip."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from graph import ROOT, plans, prediction_bytes, small_settings, snakemake, write_settings
from rerun_table import TABLE, edited, expected, without_numbers
from yaml import safe_load

from merflow.layout import Layout

pytestmark = pytest.mark.slow

EXPORTED = {
    "HL": ("hubert", "24"),
    "RF": ("resnet50_ferplus", "pooling"),
    "MR": ("manet", "block2"),
}
ALL = {"name": "all24", "features": ["HL(24)", "MR(block2)", "RF(pooling)"], "strategy": 1}
ALL |= {"decoder": "jdev", "loss": "paper", "augmentation": ["clean"]}


def given_settings():
    """Return the preset ``small`` for labels and the exported features."""
    settings = small_settings()
    labels = {split: f"{split}-label.csv" for split in ("train", "test1", "test2")}
    settings["corpus"] |= {"name": "given", "adapter": "labels", "labels": labels}
    del settings["corpus"]["demo"]
    settings["noise"] |= {"source": "folder", "root": None}
    settings["features"]["encoders"] = {
        name: {"architecture": "precomputed", "of": of, "folders": {layer: f"{name}-{layer}-UTT"}}
        for name, (of, layer) in EXPORTED.items()
    }
    settings["probes"]["encoders"] = ["RF", "HL"]
    settings["fusion"]["systems"] = [small_settings()["fusion"]["systems"][0], ALL]
    settings["ensemble"]["systems"] = []
    rows = [row | {"augmentation": "clean"} for row in settings["report"]["rows"]]
    settings["report"] |= {"rows": rows, "submission": "all24", "robustness": None}
    return settings


def write_labels(source, folder):
    """Write the demo's labels as the organisers do; ``test2`` has names alone."""
    table = pd.read_csv(source)
    table["name"] = [Path(path).stem for path in table["path"]]
    table = table.rename(columns={"emotion": "discrete"})
    for split, rows in table.groupby("split"):
        columns = ["name"] if split == "test2" else ["name", "discrete", "valence"]
        rows[columns].to_csv(folder / f"{split}-label.csv", index=False)


@pytest.fixture(scope="module")
def given_run(project, tmp_path_factory):
    """Folder of the finished run, its rules, and the predictions of the same systems elsewhere."""
    base = tmp_path_factory.mktemp("given")
    folder = base / "given"
    folder.mkdir()
    whole = project.copy(base / "whole")
    for name, (_, layer) in EXPORTED.items():
        where = ["--encoder", name, "--layer", layer, "--out", str(folder)]
        whole.python("-m", "merflow", "features", "export", *where)
    whole.edit({"fusion.systems+": [ALL]})
    whole.snakemake("--cores", "2", "--until", "fusion_train_joint_clean_0")
    write_labels(next(whole.folder.glob("results/corpus/*/raw/labels.csv")), folder)
    write_settings(folder, given_settings())
    began = time.monotonic()
    outcome = snakemake(folder, "--cores", "2")
    print(f"labels and features to Table 1: {time.monotonic() - began:.0f} s")
    assert outcome.code == 0, outcome.text[-6000:]
    # In the folds of the settings: the clean systems are trained by speaker too.
    runs, predicted = Layout(whole.settings).runs, prediction_bytes(whole.folder)
    known = {path: content for path, content in predicted.items() if Path(path).parts[0] in runs}
    return folder, outcome.jobs, known


def test_the_tables_come_out_without_clips_and_faces(given_run):
    folder, jobs, _ = given_run
    assert not [rule for rule in jobs if rule.startswith(("faces_", "noise_"))]
    assert not {"corpus_check", "features_extract"} & set(jobs)
    assert jobs["features_collect"] == 3
    table = pd.read_csv(folder / "results/tables/given/table1.csv")
    assert set(table["system"]) == {"mr_rf-baseline", "all24"}
    # Scores need labels, which the third row's split has not: it is left out, the rest is there.
    assert set(table["row"]) == {"Train&Val", "MER-MULTI"}
    assert table["ours"].notna().all()
    # The labels name no speakers.
    assert "speakers or shows may stand on both sides" in table1_page(folder)
    assert not (folder / "results/tables/given/speakers.md").exists()
    assert (folder / "results/figures/given/figure4.png").stat().st_size > 0
    assert not (folder / "results/faces").exists()


def table1_page(folder):
    return (folder / "results/tables/given/table1.md").read_text()


def by_system(predictions):
    """Return the clean runs' files by (system, file), whatever the runs' digests."""
    return {
        (path.partition(".clean-")[0], path.rpartition("/")[2]): content
        for path, content in predictions.items()
        if path.startswith(("mr_rf-baseline.clean-", "all24.clean-"))
    }


def test_predictions_are_those_from_the_cache_to_the_last_byte(given_run):
    folder, _, elsewhere = given_run
    assert len(by_system(elsewhere)) == 4
    assert by_system(prediction_bytes(folder)) == by_system(elsewhere)


def test_a_test_without_labels_gets_a_submission(given_run):
    folder, _, _ = given_run
    names = pd.read_csv(folder / "test2-label.csv")["name"]
    made = pd.read_csv(folder / "results/private/given/submission/test2.csv")
    assert sorted(made["name"]) == sorted(names)
    assert set(made.columns) == {"name", "discrete", "valence"}


@pytest.fixture
def copied_run(given_run, tmp_path):
    """A copy of the finished run for one test."""
    shutil.copytree(given_run[0], tmp_path / "copy")
    return tmp_path / "copy"


def planned(folder, *settings):
    found = plans(folder, settings, options=["-s", str(ROOT / "Snakefile")])
    return [without_numbers(jobs) for jobs in found]


def test_an_edit_runs_what_the_table_says(given_run, copied_run):
    labels = (copied_run / "test1-label.csv").read_text().splitlines(keepends=True)
    (copied_run / "fewer.csv").write_text("".join(labels[:-1]))
    shutil.copytree(copied_run / "RF-pooling-UTT", copied_run / "moved-UTT")
    there, settings = without_numbers(given_run[1]), given_settings()
    entries = [entry for entry in TABLE["settings"] if entry.get("given")]
    for entry in entries:
        # The table's edit names the preset's layer.
        edits = {k.replace("conv5_3_3x3_relu", "pooling"): v for k, v in entry["edits"][0].items()}
        (found,) = planned(copied_run, edited(settings, edits))
        assert found == expected(entry) & there, entry
    assert len(entries) == 2


def test_files_are_watched_by_their_content(copied_run):
    settings = safe_load((copied_run / "params.yaml").read_text())
    files = sorted((copied_run / "MR-block2-UTT").iterdir())
    for file in files:
        file.touch()
    assert planned(copied_run, settings) == [set()]
    np.save(files[3], np.load(files[3]) + 1)
    (found,) = planned(copied_run, settings)
    assert {"features_collect", "fusion_train_plain_clean", "report_table1"} <= found
    assert "probes_train" not in found
    # An older one in its place, as of a copy that keeps the times of another version.
    np.save(files[3], np.zeros_like(np.load(files[3])))
    os.utime(files[3], (1e9, 1e9))
    assert planned(copied_run, settings) == [found]
    outcome = snakemake(copied_run, "--cores", "1", "--until", "features_collect")
    assert outcome.jobs == {"features_collect": 1}, outcome.text[-3000:]
    assert "features_collect" not in planned(copied_run, settings)[0]
    (faceless,) = copied_run.glob("results/corpus/*/faceless/MR-*/clean/*.csv")
    assert pd.read_csv(faceless)["clip"].tolist() == [files[3].stem]
    files[5].unlink()
    outcome = snakemake(copied_run, "--cores", "1")
    assert outcome.code == 1
    assert not outcome.jobs
    assert f"lacks the features of 1 of 36 clips ({files[5].name})" in outcome.text
    assert "Traceback" not in outcome.text
