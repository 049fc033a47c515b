"""Settings and paths of corpora in layouts of their own."""

import copy
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from miniatures import ravdess

from merflow import settings
from merflow.cli import cli
from merflow.corpus.adapters.registry import ADAPTERS
from merflow.corpus.label import Label
from merflow.corpus.listed import ListedClips
from merflow.errors import MerflowError
from merflow.layout import Layout
from merflow.settings.adapters import check_adapter

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/params.schema.yaml").read_text())
SMALL = yaml.safe_load((ROOT / "presets/small.yaml").read_text())


def config_of(name, folder, **changed):
    """Return settings of a corpus; only what its adapter reads is set."""
    config, adapter = copy.deepcopy(SMALL), ADAPTERS[name]
    config["corpus"] |= {
        "adapter": name,
        "root": str(folder),
        "classes": list(adapter.classes),
        "valence": adapter.valence is not None,
        "com": adapter.com,
        "tests": list(adapter.tests),
        **changed,
    }
    return config


def watched(config):
    return settings.clips_to_watch(ListedClips(config["corpus"]))


def features_watched(config):
    return settings.features_to_watch(config, ListedClips(config["corpus"]))


def test_the_schema_names_every_adapter():
    named = SCHEMA["properties"]["corpus"]["properties"]["adapter"]["enum"]
    assert sorted(named) == sorted(["demo", "table", "labels", *ADAPTERS])


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_is_what_its_settings_must_be(name):
    turned = list(reversed(ADAPTERS[name].classes))
    for changed in ({}, {"classes": turned}, {"tests": [], "valence": False, "com": False}):
        assert not list(check_adapter(config_of(name, "clips", **changed)))
    assert len(set(ADAPTERS[name].classes)) == len(ADAPTERS[name].classes)


@pytest.mark.parametrize(
    ("name", "changed", "told"),
    [
        (
            "mer2023",
            {"root": None},
            "corpus.root is None; allowed with adapter mer2023: the folder",
        ),
        ("crema_d", {"csv": "a.csv"}, "corpus.csv is 'a.csv'; allowed with adapter crema_d: null"),
        (
            "ravdess",
            {"valence": True},
            "corpus.valence is True; allowed with adapter ravdess: false",
        ),
        ("ravdess", {"com": True}, "corpus.com is True; .* ravdess: false, as Com .* -5 to 5"),
        ("crema_d", {"com": True}, "corpus.com is True; .* crema_d: false, as Com .* -5 to 5"),
        ("ravdess", {"tests": ["test1"]}, r"allowed with adapter ravdess: \[\], as all its clips"),
        ("mer2023", {"tests": ["test4"]}, "adapter mer2023: any of test1, test2, test3"),
        (
            "crema_d",
            {"classes": ["anger"]},
            "adapter crema_d: anger, disgust, fear, happy, neutral",
        ),
        (
            "mer2023",
            {"folds": {"scheme": "speaker", "count": 5, "seed": 0}},
            "corpus.folds.scheme is 'speaker'; allowed with adapter mer2023.*: random$",
        ),
        (
            "ravdess",
            {"folds": {"scheme": "official", "count": 5, "seed": 0}},
            "corpus.folds.scheme is 'official'; allowed with adapter ravdess.*: random, speaker$",
        ),
    ],
)
def test_what_an_adapter_cannot_read_is_told(name, changed, told):
    (sentence,) = check_adapter(config_of(name, "clips", **changed))
    assert re.search(told, sentence)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    return ravdess(tmp_path_factory.mktemp("ravdess"), actors=1)


def test_two_clips_of_one_name_are_told_whatever_the_adapter(monkeypatch, tmp_path):
    twice = [Label("a", "train", "sad", "", "", f"{folder}/a.mp4") for folder in "xy"]
    one = replace(ADAPTERS["ravdess"], labels=lambda root, spec: twice)
    monkeypatch.setitem(ADAPTERS, "ravdess", one)
    with pytest.raises(MerflowError, match=r"x/a\.mp4 and y/a\.mp4 are both clip 'a'; remove"):
        watched(config_of("ravdess", tmp_path))
    del twice[:]
    with pytest.raises(MerflowError, match=r"holds no clip to train on; name the whole corpus"):
        watched(config_of("ravdess", tmp_path))


def test_a_folder_that_is_not_there_is_told_with_where_it_was_looked_for(tmp_path):
    with pytest.raises(MerflowError, match=r"corpus\.root is 'nowhere', but there is nothing at /"):
        settings.check_files(config_of("ravdess", "nowhere"))
    with pytest.raises(MerflowError, match=r"there is no folder at .*nowhere; put the corpus"):
        watched(config_of("ravdess", tmp_path / "nowhere"))


def test_clips_that_are_there_are_watched(unpacked, tmp_path):
    copied = shutil.copytree(unpacked, tmp_path / "copy")
    found = watched(config_of("ravdess", copied))
    assert len(found) == 8
    assert all(Path(path).is_file() and Path(path).stem == clip for clip, path in found.items())
    # A link that leads out of the folder is quarantined, and not watched.
    outside = copied / "Video_Speech_Actor_01/Actor_01/01-01-01-01-01-01-01.mp4"
    outside.unlink()
    outside.symlink_to(unpacked / "Video_Speech_Actor_01/Actor_01" / outside.name)
    assert found.keys() - watched(config_of("ravdess", copied)) == {outside.stem}


def test_the_corpus_is_named_by_its_list_and_not_by_its_folder(unpacked, tmp_path):
    copied = shutil.copytree(unpacked, tmp_path / "copy")
    before = Layout(config_of("ravdess", unpacked))
    after = Layout(config_of("ravdess", copied))
    assert after.corpus_key == before.corpus_key
    assert after.corpus_csv == f"{after.corpus}/labels.csv"
    assert after.corpus_root == str(copied)
    next(copied.rglob("01-01-08-*.mp4")).unlink()
    assert Layout(after.config).corpus_key != before.corpus_key


def test_the_list_is_made_as_it_was_planned_or_not_at_all(unpacked, tmp_path):
    config = config_of("ravdess", unpacked)
    spec = {key: config["corpus"][key] for key in ("adapter", "classes", "valence", "tests")}
    digest, out = Layout(config).listed.digest, tmp_path / "labels.csv"
    command = ["corpus", "own-layout", "--spec", json.dumps(spec)]
    told = ["--root", str(unpacked), "--out", str(out), "--digest"]
    done = CliRunner().invoke(cli, [*command, *told, "0" * 64])
    assert isinstance(done.exception, MerflowError)
    assert "changed while the run was under way; run the same command" in str(done.exception)
    assert not out.exists()
    assert CliRunner().invoke(cli, [*command, *told, digest]).exit_code == 0
    lines = out.read_text().splitlines()
    assert lines[0] == "clip,split,emotion,valence,speaker,path,session,fold,defect"
    assert len(lines) == 9


def test_given_features_of_the_clips_that_are_there_are_watched(unpacked, tmp_path):
    config = config_of("ravdess", unpacked)
    clips = sorted(watched(config))
    (tmp_path / "RF-UTT").mkdir()
    for clip in clips[1:]:
        (tmp_path / "RF-UTT" / f"{clip}.npy").write_bytes(b"x")
    given = {"architecture": "precomputed", "of": "resnet50_ferplus"}
    given["folders"] = {"pooling": str(tmp_path / "RF-UTT")}
    config["features"]["encoders"] = {"RF": given}
    found = features_watched(config)["RF"]
    assert sorted(found) == clips
    assert {clip: len(files) for clip, files in found.items()} == {
        clip: int(clip != clips[0]) for clip in clips
    }
