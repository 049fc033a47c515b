"""The whole graph on a user's own csv: bad clips, no valence, speakers held out, no test split."""

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from graph import metrics_of, small_settings, snakemake, write_settings

from merflow.media.mux import write_clip
from merflow.media.video import iterate_frames

pytestmark = pytest.mark.slow


def table_settings(root, csv, noise):
    """Return settings for a csv without valence and without test splits."""
    settings = small_settings()
    settings["corpus"] |= {
        "name": "mine",
        "adapter": "table",
        "root": str(root),
        "csv": str(csv),
        "valence": False,
        "tests": [],
        "folds": {"scheme": "speaker", "count": 2, "seed": 0},
    }
    settings["noise"] |= {"source": "folder", "root": str(noise)}
    row = settings["report"]["rows"][0] | {"name": "Train {x}"}
    settings["report"] |= {"rows": [row], "submission": None}
    settings["fusion"]["systems"] = [
        system | {"augmentation": ["clean"]} for system in settings["fusion"]["systems"]
    ]
    settings["ensemble"]["systems"] = []
    settings["probes"]["encoders"] = ["RF"]
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
    """Folder of a finished run on a csv with defects, and what the defects are."""
    folder = tmp_path_factory.mktemp("table") / "my run"
    source = next(finished_run.glob("results/corpus/*/raw"))
    labels = pd.read_csv(source / "labels.csv")
    labels = labels[labels["split"] == "train"][["path", "emotion", "speaker"]]
    root = folder / "it's my clips"
    for path in labels["path"]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / path, root / path)
    strange = labels.iloc[0]["path"].replace(".mp4", " {a} & 'b'.mp4")
    (root / labels.iloc[0]["path"]).rename(root / strange)
    labels.loc[labels.index[0], "path"] = strange
    table, reasons = add_defects(root, labels)
    table.to_csv(folder / "labels.csv", index=False)
    noise = next(finished_run.glob("results/corpus/*/noise"))
    write_settings(folder, table_settings(root, folder / "labels.csv", noise))
    outcome = snakemake(folder, "--cores", "2")
    assert outcome.code == 0, outcome.text[-6000:]
    return folder, reasons, len(table)


def test_bad_clips_are_quarantined_with_their_reason(table_run):
    folder, reasons, count = table_run
    lists = [
        *folder.glob("results/corpus/*/quarantine.csv"),
        *folder.glob("results/faces/*/*/quarantine.csv"),
    ]
    assert len(lists) == 2
    found = pd.concat([pd.read_csv(path) for path in lists])
    assert dict(zip(found["clip"], found["reason"], strict=True)) == reasons
    manifest = pd.read_csv(next(folder.glob("results/corpus/*/manifest.csv")))
    assert len(manifest) + (found["reason"] != "faceless").sum() == count


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


@pytest.mark.real
def test_real_clips_run_to_the_table(tmp_path):
    if not os.environ.get("MERFLOW_REAL_DATA"):
        pytest.skip("MERFLOW_REAL_DATA is not set: no real clips to run")
    data = Path(os.environ["MERFLOW_REAL_DATA"]) / "data"
    emotions = dict(enumerate(["neutral", "sad", "happy", "surprise", "worried", "angry"], 1))
    clips = sorted((data / "javanese_av").glob("0[1-3]-0[1]-*_01.mp4"))
    assert len(clips) == 18
    rows = [
        {"path": p.name, "emotion": emotions[int(p.stem[6:8])], "speaker": p.stem[:2]}
        for p in clips
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "labels.csv", index=False)
    settings = table_settings(
        data / "javanese_av", tmp_path / "labels.csv", data / "librispeech_speech"
    )
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
