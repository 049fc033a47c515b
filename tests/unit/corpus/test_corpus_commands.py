import json
from pathlib import Path

import pandas as pd
from click.testing import CliRunner

from merflow.corpus.commands import group

SPEC = json.dumps({"classes": ["neutral", "angry"], "valence": True, "tests": ["test1"]})


def call(*words: object):
    return CliRunner().invoke(group, [str(word) for word in words])


def test_from_clips_to_folds(tmp_path: Path, make_clip):
    rows = ["path,emotion,valence,speaker,split"]
    for number in range(4):
        make_clip(tmp_path / f"root/c{number}.mp4", seed=number)
        rows.append(f"c{number}.mp4,angry,{number},s{number},{'train' if number else 'test1'}")
    rows.append("gone.mp4,angry,1,s9,train")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    checked = []
    for shard in range(2):
        out = tmp_path / f"{shard}-of-2.csv"
        where = ["--csv", tmp_path / "labels.csv", "--root", tmp_path / "root", "--out", out]
        where += ["--store", tmp_path / "store"]
        done = call("check", "--spec", SPEC, *where, "--shard", shard, "--shards", 2)
        assert done.exit_code == 0, done.output
        checked += ["--checked", out]
    manifest, quarantine = tmp_path / "manifest.csv", tmp_path / "quarantine.csv"
    done = call("manifest", *checked, "--out", manifest, "--quarantine", quarantine)
    assert done.exit_code == 0, done.output
    assert pd.read_csv(quarantine)["clip"].tolist() == ["gone"]
    spec = json.dumps({"scheme": "speaker", "count": 3, "seed": 0})
    done = call("folds", "--spec", spec, "--manifest", manifest, "--out", tmp_path / "folds.csv")
    assert done.exit_code == 0, done.output
    folds = pd.read_csv(tmp_path / "folds.csv")
    assert folds["clip"].tolist() == ["c1", "c2", "c3"]
    assert sorted(folds["fold"]) == [0, 1, 2]


def test_a_spec_that_is_no_json_is_told(tmp_path: Path):
    done = call("folds", "--spec", "{", "--manifest", "m", "--out", tmp_path / "f.csv")
    assert done.exit_code == 2
    assert "not JSON" in done.output


def test_every_verb_explains_itself():
    for verb in ("check", "manifest", "folds", "demo-clips", "demo-noise", "demo-table"):
        assert call(verb, "--help").exit_code == 0
