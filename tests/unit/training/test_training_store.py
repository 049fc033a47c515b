"""Finished seeds are kept, found again, and belong to exactly what they were trained on."""

import errno
import json
import shutil

import pandas as pd
import pytest
import torch

import merflow.training.runs as runs
from merflow.errors import MerflowError
from merflow.training.engine.stack import Stack
from merflow.training.store import Trained, TrainingStore

FILES = ["predictions-organiser.parquet", "predictions-honest.parquet", "curves.csv"]


@pytest.fixture
def train(run, toy, tmp_path, monkeypatch):
    """Return a function that trains a system into one store and says which seeds it trained."""
    trained = []

    class Spy(Stack):
        def __init__(self, form, members, *rest):
            trained.extend(member.seed for member in members)
            super().__init__(form, members, *rest)

    monkeypatch.setattr(runs, "Stack", Spy)

    def call(
        folder="run", seeds=(0, 1), corpus=None, layout=None, fails=False, stack=None, **changes
    ):
        corpus = corpus or toy.ToyCorpus()
        files = corpus.write(tmp_path / f"corpus-{folder}", **(layout or {}))
        training = {**toy.TRAINING, "epochs": 3, "seeds": list(seeds)}
        spec = toy.system_spec(corpus, **{"training": training, **changes})
        trained.clear()
        options = files.options(spec, tmp_path / "runs" / folder)
        options += ["--stack", stack] if stack else []
        result = run("fusion", "train", *options)
        assert (result.exit_code != 0) == fails, result.output
        call.result, call.store = result, tmp_path / "runs" / "store"
        return list(trained)

    call.folder, call.trained = tmp_path / "runs", trained
    return call


def contents(folder, seeds=(0, 1)):
    names = [*FILES, *(f"weights-seed{seed}.safetensors" for seed in seeds)]
    return [(folder / name).read_bytes() for name in names]


def parts(store):
    return sorted(store.glob("*/seed-*"))


def test_a_second_run_trains_nothing_and_gives_the_same_bytes(train):
    assert train("first") == [0, 1]
    first = contents(train.folder / "first")
    assert train("second") == []
    assert train.result.output.count("kept from before") == 2
    assert contents(train.folder / "second") == first


def test_a_seed_more_is_trained_alone(train):
    train("two")
    assert train("three", seeds=(0, 1, 2)) == [2]
    assert train("one", seeds=(1,)) == []


def test_the_names_of_run_and_shards_and_the_order_of_rows_do_not_count(train):
    train("plain")
    assert train("other", layout={"shards": 3, "shuffle": 7}) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy": 2},
        {"decoder": "jdev", "loss": "paper"},
        {"features": ["HL(18)", "MR(block2)", "RF(pooling)"]},
        {"tests": []},
    ],
)
def test_other_settings_are_trained_anew(train, changes):
    train("plain")
    assert train("other", **changes) == [0, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"width": 8},
        {"dropout": 0.0},
        {"patience": 9},
        {"batch": 9},
        {"learning_rate": 1e-3},
        {"weight_decay": 0.0},
        {"selection": "inner"},
        {"precision": "bfloat16"},
    ],
)
def test_another_setting_of_the_training_is_trained_anew(train, toy, change):
    train("plain")
    training = {**toy.TRAINING, "epochs": 3, "seeds": [0, 1], **change}
    assert train("other", training=training) == [0, 1]


def test_a_choice_is_kept_for_whoever_leaves_it_open(train, toy):
    def training(rate):
        return {**toy.TRAINING, "epochs": 3, "seeds": [0, 1], "learning_rate": rate}

    train("plain", training=training(1e-2))
    assert train("open", training=training([1e-3, 1e-2])) == [0, 1]
    assert train("only", training=training(1e-3)) == []


def test_a_system_of_another_name_trains_nothing_anew(train):
    train("plain")
    assert train("renamed", name="another") == []
    assert contents(train.folder / "renamed") == contents(train.folder / "plain")


def both_systems(toy, names, changes):
    training = {**toy.TRAINING, "epochs": 3, "seeds": [0, 1]}
    corpus = toy.ToyCorpus()
    return {
        run: toy.system_spec(corpus, training=training, name=name, **change)
        for run, name, change in zip(("one", "two"), names, changes, strict=True)
    }


def train_both(run, files, specs, out):
    arguments = files.options({}, out)
    arguments[arguments.index("--spec") + 1] = json.dumps(specs)
    result = run("fusion", "train", *arguments)
    assert result.exit_code == 0, result.output
    return result


def test_systems_alike_but_for_their_names_are_trained_once(train, run, toy, tmp_path):
    files = toy.ToyCorpus().write(tmp_path / "corpus")
    specs = both_systems(toy, ("first", "second"), ({}, {}))
    told = train_both(run, files, specs, tmp_path / "runs")
    assert sorted(train.trained) == [0, 1]
    assert len(parts(tmp_path / "runs" / "store")) == 2
    assert contents(tmp_path / "runs" / "one") == contents(tmp_path / "runs" / "two")
    assert "4 of 4 seeds" in told.output
    assert told.output.count("first, clean, seed") == 2


def test_systems_of_one_name_are_told_apart_by_what_they_are(train, run, toy, tmp_path):
    files = toy.ToyCorpus().write(tmp_path / "corpus")
    specs = both_systems(toy, ("same", "same"), ({}, {"loss": "liebel"}))
    train_both(run, files, specs, tmp_path / "runs")
    assert sorted(train.trained) == [0, 0, 1, 1]
    assert contents(tmp_path / "runs" / "one") != contents(tmp_path / "runs" / "two")


def test_files_do_not_tell_who_was_trained_first(train):
    """What a system leaves is the same whether it was trained or found under another name."""
    train("plain", name="one")
    found = contents(train.folder / "plain")
    shutil.rmtree(train.store)
    train("plain", name="another")
    assert contents(train.folder / "plain") == found


def test_another_label_fold_or_feature_is_trained_anew(train, toy):
    train("plain")
    for name, change in {"label": "emotion", "valence": "valence", "feature": "values"}.items():
        corpus = toy.ToyCorpus()
        if change == "emotion":
            corpus.emotion[0] = 1
        elif change == "valence":
            corpus.valence[3] += 0.25
        else:
            corpus.values["RF", "pooling"][5, 2] += 1e-3
        assert train(name, corpus=corpus) == [0, 1], name
    corpus = toy.ToyCorpus()
    corpus.fold["clip000"], corpus.fold["clip003"] = corpus.fold["clip003"], corpus.fold["clip000"]
    assert train("fold", corpus=corpus) == [0, 1]


# Three models are one cross-validation, six are both seeds side by side.
@pytest.mark.parametrize("stack", [3, 6])
def test_what_was_finished_before_a_failure_is_kept(train, monkeypatch, stack):
    straight = train("straight") and contents(train.folder / "straight")
    shutil.rmtree(train.store)
    spy, fail = runs.Stack, True

    class Failing(spy):
        def run(self):
            for member, result in super().run():
                if fail and member.seed == 1:
                    raise MerflowError("stopped")
                yield member, result

    monkeypatch.setattr(runs, "Stack", Failing)
    train("resumed", fails=True, stack=stack)
    assert [part.name for part in parts(train.store)] == ["seed-0"]
    assert not (train.folder / "resumed").exists()
    fail = False
    assert train("resumed", stack=stack) == [1]
    assert contents(train.folder / "resumed") == straight


@pytest.mark.parametrize("damage", ["truncated", "gone", "torn"])
def test_a_damaged_part_is_trained_again(train, damage):
    train("plain")
    plain = contents(train.folder / "plain")
    victim = parts(train.store)[0]
    file = victim / "honest.parquet"
    if damage == "truncated":
        file.write_bytes(file.read_bytes()[:-9])
    elif damage == "gone":
        file.unlink()
    else:  # a kill in the middle of a write
        victim.rename(victim.with_name(f".{victim.name}.12345"))
    assert train("plain") == [0]
    assert contents(train.folder / "plain") == plain
    assert len(parts(train.store)) == 2
    assert not list(train.store.glob("*/.*"))


def test_a_seed_that_does_not_fit_on_the_disk_leaves_nothing(tmp_path, small_files):
    table = pd.DataFrame({"clip": ["a"], "fold": [0]})
    store = TrainingStore(tmp_path, "recipe")
    readings = {"organiser": table, "honest": table}
    large = {"w": torch.zeros(100_000)}
    with pytest.raises(OSError, match="File too large") as caught:
        store.put(0, Trained(readings, table, large, {"system": "x"}))
    assert (caught.value.errno, caught.value.filename) == (
        errno.EFBIG,
        str(tmp_path / "recipe/seed-0"),
    )
    assert not list((tmp_path / "recipe").iterdir())
    store.put(0, Trained(readings, table, {"w": torch.zeros(9)}, {"system": "x"}))
    assert store.find(0) is not None
