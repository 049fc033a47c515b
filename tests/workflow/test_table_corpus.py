"""The whole graph on a user's own csv: bad clips, no valence, speakers held out, no test split."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from graph import (
    ROOT,
    computed,
    forget_logs,
    metrics_of,
    plans,
    small_settings,
    snakemake,
    write_settings,
)
from outside import not_own, tree_of
from real_media import filmed_clips, speaker_of, speech_folder
from rerun_table import TABLE, edited, entry_of, expected, rules_of, without_numbers
from yaml import safe_load

from merflow.features.read import read_layers
from merflow.layout import Layout
from merflow.media.mux import write_clip
from merflow.media.video import iterate_frames

pytestmark = pytest.mark.slow

ROOT_OF_CLIPS = "it's my clips"


def table_settings(root, csv, noise):
    """Return settings for a csv without valence and without test splits."""
    settings = small_settings()
    settings["corpus"] |= {
        "name": "mine",
        "adapter": "table",
        "root": str(root),
        "csv": str(csv),
        "valence": False,
        "com": False,
        "tests": [],
        "folds": {"scheme": "speaker", "count": 2, "seed": 0},
    }
    del settings["corpus"]["demo"]
    settings["noise"] |= {"source": "folder", "root": str(noise)}
    row = settings["report"]["rows"][0] | {"name": "Train {x}"}
    settings["report"] |= {"rows": [row], "submission": None, "robustness": None}
    settings["ensemble"]["systems"] = []
    settings["probes"]["encoders"] = ["RF"]
    baseline = settings["fusion"]["systems"][0]
    jdev = baseline | {"name": "mr_rf-jdev", "decoder": "jdev", "loss": "paper"}
    settings["fusion"]["systems"] = [baseline, jdev]
    return settings


def add_defects(root, table):
    """Add one clip of each defect to a corpus; returns clip -> reason."""
    sound = 0.1 * np.sin(np.arange(16000) / 20).astype(np.float32)
    grey = [np.full((96, 128, 3), 90, np.uint8)] * 12
    good = root / table["path"].iloc[0]
    frames = [frame for _, frame in iterate_frames(good, None)]
    write_clip(root / "silent.mp4", frames, 12, np.zeros(16000, np.float32), 16000)
    write_clip(root / "faceless.mp4", grey, 12, sound, 16000)
    (root / "nothing.mp4").write_bytes(b"")
    (root / "garbage.mp4").write_bytes(bytes(range(256)) * 40)
    reasons = {
        "silent": "soundless",
        "faceless": "faceless",
        "nothing": "empty",
        "garbage": "undecodable",
        "absent": "missing",
    }
    rows = pd.DataFrame(
        {
            "path": [f"{clip}.mp4" for clip in reasons],
            "emotion": "happy",
            "speaker": table["speaker"].iloc[0],
        }
    )
    return pd.concat([table, rows], ignore_index=True), reasons


@pytest.fixture(scope="module")
def table_run(finished_run, tmp_path_factory):
    """Folder of a finished run on a csv with defects, what the defects are, its rules."""
    folder = tmp_path_factory.mktemp("table") / "my run"
    source = next(finished_run.glob("results/corpus/*/raw"))
    labels = pd.read_csv(source / "labels.csv")
    labels = labels[labels["split"] == "train"][["path", "emotion", "speaker"]]
    root = folder / ROOT_OF_CLIPS
    for path in labels["path"]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / path, root / path)
    strange = labels.iloc[0]["path"].replace(".mp4", " {a} & 'b'.mp4")
    (root / labels.iloc[0]["path"]).rename(root / strange)
    labels.loc[labels.index[0], "path"] = strange
    table, reasons = add_defects(root, labels)
    table.to_csv(folder / "labels.csv", index=False)
    noise = next(finished_run.glob("results/corpus/*/noise"))
    settings = table_settings(ROOT_OF_CLIPS, "labels.csv", noise)
    del settings["features"]["encoders"]["HL"]
    write_settings(folder, settings)
    before = {place: tree_of(place) for place in (folder, noise)}
    outcome = snakemake(folder, "--cores", "2")
    assert outcome.code == 0, outcome.text[-6000:]
    touched = [path for place, tree in before.items() for path in not_own(place, tree)]
    (folder.parent / "touched.json").write_text(json.dumps(touched))
    return folder, reasons, outcome.jobs


def test_clips_labels_and_noise_are_left_as_they_were(table_run):
    folder, _, _ = table_run
    assert tree_of(folder / ROOT_OF_CLIPS)
    assert json.loads((folder.parent / "touched.json").read_text()) == []


def test_bad_clips_are_quarantined_with_their_reason(table_run):
    folder, reasons, _ = table_run
    lists = [
        *folder.glob("results/corpus/*/quarantine.csv"),
        *folder.glob("results/faces/*/*/quarantine.csv"),
    ]
    assert len(lists) == 2
    found = pd.concat([pd.read_csv(path) for path in lists])
    assert dict(zip(found["clip"], found["reason"], strict=True)) == reasons
    manifest = pd.read_csv(next(folder.glob("results/corpus/*/manifest.csv")))
    listed = pd.read_csv(folder / "labels.csv")
    assert len(manifest) + (found["reason"] != "faceless").sum() == len(listed)


def test_a_wrong_label_is_told_once_and_last(table_run):
    folder, _, _ = table_run
    good = (folder / "labels.csv").read_text()
    try:
        (folder / "labels.csv").write_text(good.replace("happy", "boredom", 1))
        outcome = snakemake(folder, "--cores", "1")
    finally:
        (folder / "labels.csv").write_text(good)
    assert outcome.code == 1
    assert "Traceback" not in outcome.text
    told = [line for line in outcome.text.splitlines() if line.startswith("merflow: ")]
    assert told
    assert "boredom" in told[-1]


def test_footer_counts_the_quarantined(table_run):
    folder, reasons, _ = table_run
    page = (folder / "results/tables/mine/table1.md").read_text()
    for reason in reasons.values():
        assert re.search(rf"{reason}\D*1|1 {reason}", page), page


def test_without_valence_no_jdev_and_no_dim(table_run):
    folder, _, _ = table_run
    table = pd.read_csv(folder / "results/tables/mine/table1.csv")
    assert set(table["metric"]) == {"Dis"}
    assert set(table["system"]) == {"mr_rf-baseline"}
    assert "mse" not in str(metrics_of(folder))


def test_speakers_are_held_out_whole(table_run):
    folder, _, _ = table_run
    manifest = pd.read_csv(next(folder.glob("results/corpus/*/manifest.csv")))
    folds = pd.read_csv(next(folder.glob("results/corpus/*/folds-*.csv")))
    joined = folds.merge(manifest, on="clip")
    assert (joined.groupby("speaker")["fold"].nunique() == 1).all()


def test_faceless_clip_is_neither_trained_on_nor_scored(table_run):
    folder, _, _ = table_run
    path = next(folder.glob("results/runs/mr_rf-baseline.clean-*/predictions-honest.parquet"))
    assert "faceless" not in set(pd.read_parquet(path)["clip"])


@pytest.fixture
def copied(table_run, tmp_path):
    """A copy of the finished run for one test."""
    shutil.copytree(table_run[0], tmp_path / "copy")
    return tmp_path / "copy"


def read_settings(folder):
    return safe_load((folder / "params.yaml").read_text())


def planned(folder, settings):
    """Return the rules that would run with each of some settings."""
    found = plans(folder, settings, options=["-s", str(ROOT / "Snakefile")])
    return [without_numbers(jobs) for jobs in found]


def runs_of(folder, label):
    """Prediction files of a system or of probes, by reading, of the newest run."""
    newest = max(folder.glob(f"results/runs/{label}-*"), key=lambda path: path.stat().st_mtime)
    return {path.name: path.read_bytes() for path in newest.glob("*.parquet")}


def test_another_order_of_clips_in_other_shards_on_one_core_changes_no_prediction(copied):
    settings = read_settings(copied)
    for kept in ("corpus", "faces", "features/store", "runs/store"):
        shutil.rmtree(copied / "results" / kept)
    labels = pd.read_csv(copied / "labels.csv")
    assert labels["path"].nunique() == len(labels)
    labels[::-1].sample(frac=1, random_state=0).to_csv(copied / "labels.csv", index=False)
    settings["corpus"]["shards"] = 3
    write_settings(copied, settings)
    before = {label: runs_of(copied, label) for label in ("mr_rf-baseline.clean", "probe.RF")}
    forget_logs(copied)
    last = ["probes_train", "fusion_train_plain_clean_0"]
    outcome = snakemake(copied, "--cores", "1", "--until", *last)
    assert outcome.code == 0, outcome.text[-6000:]
    assert outcome.jobs["features_extract"] == 6
    assert computed(copied)["fusion_train"] == 1
    for label, files in before.items():
        assert len(files) == 2
        assert len(list(copied.glob(f"results/runs/{label}-*"))) == 2
        assert runs_of(copied, label) == files


def clips_of(folder):
    """Return the clips of the present settings' manifest, tracks, features and predictions."""
    layout = Layout(read_settings(folder))
    shards = [path for name in ("RF", "MR") for path in layout.feature_shards(name, "clean")]
    (run,) = layout.runs
    return {
        "manifest": set(pd.read_csv(layout.manifest)["clip"]),
        "folds": set(pd.read_csv(layout.folds)["clip"]),
        "tracks": set(pd.read_parquet(f"{layout.faces}/tracks-0-of-1.parquet")["clip"]),
        **{path: set(read_layers([Path(path)], []).clips) for path in shards},
        run: set(pd.read_parquet(f"results/runs/{run}/predictions-honest.parquet")["clip"]),
        "probes": set(pd.read_parquet(f"{layout.probe('RF')}/predictions-honest.parquet")["clip"]),
    }


def test_a_corpus_that_shrank_leaves_nothing_stale_and_computes_no_feature(
    table_run, copied, monkeypatch
):
    monkeypatch.chdir(copied)
    before = clips_of(copied)
    labels = pd.read_csv("labels.csv")
    gone = Path(labels["path"].iloc[7])
    labels.drop(index=labels.index[7]).to_csv("labels.csv", index=False)
    Path(ROOT_OF_CLIPS, gone).unlink()
    forget_logs(copied)
    outcome = snakemake(copied, "--cores", "2")
    ran, there = without_numbers(outcome.jobs), without_numbers(table_run[2])
    assert ran == expected(entry_of("corpus.csv")) & there
    assert computed(copied) == {"probes_train": 4, "fusion_train": 1}
    after = clips_of(copied)
    for old, new in zip(before.values(), after.values(), strict=True):
        assert old - new == {gone.stem}
        assert not new - old
    counts = json.loads(Path("results/manifests/corpus.json").read_text())["clips"]
    assert counts["train"]["used"] == len(after["manifest"])


def test_a_clip_that_changed_or_vanished_is_looked_at_again(table_run, copied):
    whole = rules_of(["check", "faces", "features", "fusion"]) & without_numbers(table_run[2])
    settings = [read_settings(copied)]
    labels = pd.read_csv(copied / "labels.csv")
    first, second = (copied / ROOT_OF_CLIPS / path for path in labels["path"].iloc[[3, 4]])
    held, times = first.read_bytes(), (first.stat().st_atime_ns, first.stat().st_mtime_ns)
    first.write_bytes(second.read_bytes())
    assert whole <= planned(copied, settings)[0]
    first.unlink()
    assert whole <= planned(copied, settings)[0]
    first.write_bytes(held)
    os.utime(first, ns=times)
    assert planned(copied, settings) == [set()]


def test_an_edit_of_the_corpus_runs_what_the_table_says(table_run, copied):
    settings = read_settings(copied)
    labels = pd.read_csv(copied / "labels.csv")
    labels.iloc[:-1].to_csv(copied / "fewer.csv", index=False)
    (copied / "moved clips").symlink_to(ROOT_OF_CLIPS)
    (copied / "own pictures").mkdir()
    entries = [entry for entry in TABLE["settings"] if entry.get("table")]
    asked = [(entry, edit) for entry in entries for edit in entry["edits"]]
    there = without_numbers(table_run[2])
    jobs = planned(copied, [edited(settings, edit) for _, edit in asked])
    for (entry, _), found in zip(asked, jobs, strict=True):
        assert found == expected(entry) & there


@pytest.mark.real
def test_real_clips_run_to_the_table(tmp_path):
    emotions = ["neutral", "sad", "happy", "surprise", "worried", "angry"]
    by_speaker: dict[str, list[Path]] = {}
    for clip in filmed_clips():
        by_speaker.setdefault(speaker_of(clip), []).append(clip)
    # What is said does not matter here: six clips each of three speakers, an emotion each.
    clips = [clip for own in list(by_speaker.values())[:3] for clip in own[:6]]
    assert len(clips) == 18
    rows = [
        {"path": clip.name, "emotion": emotions[number % 6], "speaker": speaker_of(clip)}
        for number, clip in enumerate(clips)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "labels.csv", index=False)
    settings = table_settings(clips[0].parent, tmp_path / "labels.csv", speech_folder())
    every = {"name": "every", "features": ["HL(18)", "RF(pooling)", "MR(block2)"], "strategy": 2}
    every |= {"decoder": "baseline", "loss": "sum", "augmentation": ["clean", "noise"]}
    settings["fusion"]["systems"].append(every)
    write_settings(tmp_path, settings)
    outcome = snakemake(tmp_path, "--cores", "2")
    assert outcome.code == 0, outcome.text[-6000:]
    quality = pd.read_csv(next(tmp_path.glob("results/faces/*/*/quality.csv")))
    assert len(quality) == 18
    table = pd.read_csv(tmp_path / "results/tables/mine/table1.csv")
    assert table["ours"].between(0, 1).all()
