"""Finished seeds are kept, found again, and belong to exactly what they were trained on."""

import shutil

import pytest

import merflow.training.runs as runs
from merflow.errors import MerflowError

FILES = ["predictions-organiser.parquet", "predictions-honest.parquet", "curves.csv"]


@pytest.fixture
def train(run, toy, tmp_path, monkeypatch):
    """Return a function that trains a system into one store and says which seeds it trained."""
    trained = []
    real = runs.train_seed

    def spy(data, build, how, seed, *rest):
        trained.append(seed)
        return real(data, build, how, seed, *rest)

    monkeypatch.setattr(runs, "train_seed", spy)

    def call(name="run", seeds=(0, 1), corpus=None, layout=None, fails=False, **changes):
        corpus = corpus or toy.ToyCorpus()
        files = corpus.write(tmp_path / f"corpus-{name}", **(layout or {}))
        training = {**toy.TRAINING, "epochs": 3, "seeds": list(seeds)}
        spec = toy.system_spec(corpus, **{"training": training, **changes})
        trained.clear()
        result = run("fusion", "train", *files.options(spec, tmp_path / "runs" / name))
        assert (result.exit_code != 0) == fails, result.output
        call.result, call.store = result, tmp_path / "runs" / "store"
        return list(trained)

    call.folder = tmp_path / "runs"
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


def test_what_was_finished_before_a_failure_is_kept(train, monkeypatch):
    straight = train("straight") and contents(train.folder / "straight")
    shutil.rmtree(train.store)
    real, fail = runs.train_seed, True

    def failing(data, build, how, seed, *rest):
        if fail and seed == 1:
            raise MerflowError("stopped")
        return real(data, build, how, seed, *rest)

    monkeypatch.setattr(runs, "train_seed", failing)
    train("resumed", fails=True)
    assert [part.name for part in parts(train.store)] == ["seed-0"]
    fail = False
    assert train("resumed") == [1]
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
