"""What is told of settings for features and labels without clips, before any job starts."""

import copy
from pathlib import Path

import numpy as np
import pytest
import yaml

from merflow import settings
from merflow.corpus.listed import ListedClips
from merflow.errors import MerflowError

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/params.schema.yaml").read_text())
GIVEN = yaml.safe_load((ROOT / "presets/organiser_features.yaml").read_text())
DEMO = yaml.safe_load((ROOT / "presets/demo.yaml").read_text())
ENCODER = "features.encoders.RF"


def features_watched(config):
    return settings.features_to_watch(config, ListedClips(config["corpus"]))


def changed(base, edits):
    config = copy.deepcopy(base)
    for key, value in edits.items():
        *parents, last = key.split(".")
        node = config
        for parent in parents:
            node = node[parent]
        if value is None and last not in ("root", "csv"):
            del node[last]
        else:
            node[last] = value
    return config


CASES = [
    ({f"{ENCODER}.folders": {"conv9": "x"}}, ["folders names the layer 'conv9'", "conv5_3_3x3"]),
    ({f"{ENCODER}.folders": {1: "x"}}, ["the layer 1", 'write "1" in quotes']),
    ({f"{ENCODER}.folders": {}}, [f"{ENCODER}.folders is {{}}"]),
    ({f"{ENCODER}.folders": None}, [f"key {ENCODER}.folders is missing"]),
    ({f"{ENCODER}.of": None}, [f"key {ENCODER}.of is missing"]),
    ({f"{ENCODER}.of": "vgg"}, [f"{ENCODER}.of is 'vgg'", "manet"]),
    ({f"{ENCODER}.of": "precomputed"}, ["allowed: one of hubert"]),
    ({f"{ENCODER}.weights": "a.pth"}, [f"{ENCODER}.weights is 'a.pth'", "precomputed"]),
    ({f"{ENCODER}.layers": 24}, [f"{ENCODER}.layers is 24", "of resnet50_ferplus"]),
    ({ENCODER: {"architecture": "hog"}}, ["'hog', which needs clips", "labels: precomputed"]),
    ({"corpus.root": "clips"}, ["corpus.root is 'clips'", "adapter labels: null"]),
    ({"corpus.labels": None}, ["key corpus.labels is missing"]),
    ({"corpus.tests": ["test1"]}, ["corpus.labels names train, test1, test2", "train, test1 ("]),
    ({"corpus.labels": {"train": "a.csv"}}, ["each of train, test1, test2"]),
    (
        {"fusion.systems": [GIVEN["fusion"]["systems"][0] | {"augmentation": ["clean", "noise"]}]},
        ["(hl24-baseline).augmentation", "HL(24)", "no corrupted copies: [clean]"],
    ),
    (
        {"fusion.systems": [GIVEN["fusion"]["systems"][0] | {"features": ["HL(23)"]}]},
        ["'HL(23)'", "allowed layers of HL: 24"],
    ),
]


@pytest.mark.parametrize(("edits", "told"), CASES, ids=[next(iter(case[0])) for case in CASES])
def test_one_sentence_names_the_key_and_what_is_allowed(edits, told):
    with pytest.raises(MerflowError) as caught:
        settings.check(changed(GIVEN, edits), SCHEMA)
    assert "\n" not in str(caught.value)
    for part in told:
        assert part in str(caught.value)


def test_other_encoders_have_no_folders_and_the_demo_no_precomputed_ones():
    config = changed(DEMO, {"features.encoders.RF.folders": {"1": "x"}})
    with pytest.raises(MerflowError, match=r"RF\.folders is .* with architecture resnet50"):
        settings.check(config, SCHEMA)
    config["features"]["encoders"]["RF"] = GIVEN["features"]["encoders"]["RF"]
    config["fusion"]["systems"] = GIVEN["fusion"]["systems"][2:3]
    with pytest.raises(MerflowError, match=r"with any other corpus\.adapter"):
        settings.check(config, SCHEMA)


def test_folders_may_hold_frames_with_their_deviation():
    settings.check(changed(GIVEN, {f"{ENCODER}.statistics": "mean_std"}), SCHEMA)


@pytest.fixture
def given(tmp_path, monkeypatch):
    """The preset with all its files, three clips a split; one name has braces."""
    monkeypatch.chdir(tmp_path)
    clips = {split: [f"{split}_{k}" for k in range(3)] for split in GIVEN["corpus"]["labels"]}
    clips["train"].append("train_{x}")
    for split, file in GIVEN["corpus"]["labels"].items():
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text("\n".join(["name", *clips[split]]) + "\n")
    for spec in GIVEN["features"]["encoders"].values():
        for folder in spec["folders"].values():
            Path(folder).mkdir(parents=True)
            for clip in [clip for names in clips.values() for clip in names]:
                np.save(Path(folder) / f"{clip}.npy", np.ones(3))
    return copy.deepcopy(GIVEN)


def test_every_file_is_watched_but_those_with_braces(given):
    settings.check_files(given)
    assert settings.clips_to_watch(ListedClips(given["corpus"])) == {}
    watched = features_watched(given)
    assert watched.keys() == {"HL", "RF", "MR"}
    expected = [f"{split}_{k}" for split in given["corpus"]["labels"] for k in range(3)]
    assert list(watched["MR"]) == sorted(expected)
    assert watched["MR"]["test1_0"] == ["data/raw/mer2023/features/manet_UTT/test1_0.npy"]
    assert features_watched(DEMO) == {}


def test_what_is_missing_is_told_before_any_job(given, tmp_path):
    Path("data/raw/mer2023/features/manet_UTT/test1_2.npy").unlink()
    with pytest.raises(MerflowError, match=r"features of 1 of 10 clips \(test1_2\.npy\)"):
        features_watched(given)
    given["features"]["encoders"]["MR"]["folders"]["block2"] = "gone-UTT"
    with pytest.raises(MerflowError, match=r"MR\.folders\.block2 is 'gone-UTT', but there is"):
        settings.check_files(given)
    given["corpus"]["labels"]["test1"] = "gone.csv"
    with pytest.raises(MerflowError, match=r"corpus\.labels\.test1 is 'gone\.csv'"):
        settings.check_files(given)


def test_with_clips_the_job_says_what_is_missing_as_some_may_be_in_quarantine(given, tmp_path):
    (tmp_path / "clips").mkdir()
    for name in ("test1_0.mp4", "unread.mp4"):
        (tmp_path / "clips" / name).write_bytes(b"x")
    (tmp_path / "labels.csv").write_text("path,emotion\ntest1_0.mp4,sad\nunread.mp4,sad\n")
    given["corpus"] |= {"adapter": "table", "root": "clips", "csv": "labels.csv"}
    watched = features_watched(given)["RF"]
    assert watched["unread"] == []
    assert [Path(path).name for path in watched["test1_0"]] == ["test1_0.npy"]
