"""The noise of a test split at fixed SNRs: ``merflow noise levels``."""

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from click.testing import CliRunner

from merflow.corpus.manifest import COLUMNS
from merflow.errors import MerflowError
from merflow.features.samples import samples_of_shard
from merflow.noise.commands import group
from merflow.noise.draw import draw_noise
from merflow.noise.levels import draw_levels
from merflow.noise.manifest import read_noise

SPEC = {"split": "test1", "snr": [20, -5, 0], "seed": 0}
SPLITS = {"a": "train", "b": "test1", "c": "test2", "d": "test1", "e": "train"}


@pytest.fixture
def root(tmp_path):
    rng = np.random.default_rng(0)
    for name in "uvwxyz":
        path = tmp_path / "recordings" / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, rng.uniform(-0.5, 0.5, 16000), 16000)
    return tmp_path / "recordings"


def manifest(splits=SPLITS, emotion="happy"):
    rows = [
        {
            "clip": clip,
            "split": split,
            "emotion": emotion,
            "path": f"{clip}.mp4",
            "sha256": clip * 64,
        }
        for clip, split in splits.items()
    ]
    return pd.DataFrame(rows).reindex(columns=COLUMNS, fill_value="").assign(duration=1.0)


def test_every_clip_of_the_split_has_one_piece_of_noise_at_all_snrs(root):
    rows = draw_levels(SPEC, manifest(), root)
    assert [(row.clip, row.copy, row.snr_db) for row in rows] == [
        (clip, copy, snr) for clip in "bd" for copy, snr in ((1, -5), (2, 0), (3, 20))
    ]
    for clip in "bd":
        own = [row for row in rows if row.clip == clip]
        assert len({(row.noise_file, row.offset, row.noise_sha256) for row in own}) == 1
    assert {row.transform for row in rows} == {"identity"}


def test_no_recording_trains_and_tests(root):
    many = {f"clip{i:03d}": "test1" for i in range(200)}
    told = {"seed": 0, "copies": 3, "preset": "paper", "visual": []}
    heard = {row.noise_sha256 for row in draw_levels(SPEC, manifest(many), root)}
    trained = {row.noise_sha256 for row in draw_noise(told, many, root)}
    assert heard
    assert trained
    assert heard.isdisjoint(trained)


def test_other_clips_and_snrs_change_no_draw(root):
    def drawn(spec, splits):
        rows = draw_levels(spec, manifest(splits), root)
        return {(row.clip, row.snr_db): (row.noise_file, row.offset) for row in rows}

    every = drawn(SPEC, SPLITS)
    fewer = drawn({**SPEC, "snr": [0]}, {"b": "test1"})
    assert fewer == {("b", 0): every["b", 0]}


def test_the_command_writes_what_features_are_extracted_of(root, tmp_path):
    clips, out = tmp_path / "manifest.csv", tmp_path / "levels.csv"
    manifest().to_csv(clips, index=False)
    words = ["levels", "--spec", json.dumps(SPEC), "--manifest", clips, "--root", root]
    done = CliRunner().invoke(group, [*map(str, words), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "6 corrupted copies of 2 clips" in done.output
    samples = samples_of_shard(clips, out, 0, 1)
    assert [(sample.clip, sample.copy) for sample in samples] == [
        (row.clip, row.copy) for row in read_noise(out)
    ]
    halves = [samples_of_shard(clips, out, shard, 2) for shard in (0, 1)]
    assert sorted(s.key("audio") for half in halves for s in half) == sorted(
        s.key("audio") for s in samples
    )


def test_an_snr_that_is_added_leaves_the_stores_keys_of_the_others(root, tmp_path):
    def keys(snr):
        clips = tmp_path / "manifest.csv"
        manifest().to_csv(clips, index=False)
        words = ["levels", "--spec", json.dumps(SPEC | {"snr": snr}), "--manifest", str(clips)]
        out = tmp_path / "levels.csv"
        CliRunner().invoke(group, [*words, "--root", str(root), "--out", str(out)])
        return {sample.key("audio") for sample in samples_of_shard(clips, out, 0, 1)}

    assert keys([0, 20]) < keys([-5, 0, 20])


@pytest.mark.parametrize(
    ("table", "lacks"),
    [(manifest({"a": "train"}), "no clip"), (manifest(emotion=""), "no labelled clip")],
)
def test_a_split_that_cannot_be_scored_is_told_before_anything_is_drawn(root, table, lacks):
    with pytest.raises(MerflowError, match=f"split is 'test1', which has {lacks}"):
        draw_levels(SPEC, table, root)
