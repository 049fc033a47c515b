"""``merflow fusion train`` from files to files."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from toy_corpus import TRAINING

from merflow.fusion.system import SystemSpec
from merflow.training.engine.models import Models
from merflow.training.labels import read_labels
from merflow.training.readings import honest, organiser

FILES = ["predictions-organiser.parquet", "predictions-honest.parquet", "curves.csv"]
FILES.append("weights-seed0.safetensors")
JDEV = {"decoder": "jdev", "loss": "paper"}


@pytest.fixture
def train(run, toy, tmp_path):
    """Return a function that writes a corpus, trains a system on it and returns its folder."""

    def call(name="run", corpus=None, layout=None, expect=0, **changes):
        corpus = corpus or toy.ToyCorpus()
        files = corpus.write(tmp_path / f"corpus-{name}", **(layout or {}))
        spec = toy.system_spec(corpus, **changes)
        noise = spec["augmentation"] == "noise"
        result = run("fusion", "train", *files.options(spec, tmp_path / name, noise))
        assert (result.exit_code != 0) == bool(expect), result.output
        call.result, call.files, call.spec = result, files, spec
        return tmp_path / name

    return call


def contents(folder):
    return [(folder / name).read_bytes() for name in FILES]


@pytest.mark.parametrize("strategy", [1, 2, 3])
def test_a_run_has_the_predictions_of_the_contract(train, toy, strategy):
    out = train(strategy=strategy, augmentation="noise", **JDEV)
    corpus = toy.ToyCorpus()
    for reading in ("organiser", "honest"):
        frame = pd.read_parquet(out / f"predictions-{reading}.parquet")
        names = [f"p_{name}" for name in toy.CLASSES]
        assert list(frame.columns) == ["clip", "split", "fold", "seed", *names, "valence"]
        assert frame[names].sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-12)
        train_rows = frame[frame["split"] == "train"]
        assert dict(zip(train_rows["clip"], train_rows["fold"], strict=True)) == corpus.fold
        tests = frame[frame["split"] == "test1"]
        assert (
            len(tests) == corpus.test * corpus.folds == len(tests.drop_duplicates(["clip", "fold"]))
        )
        order = frame.sort_values(["split", "clip", "fold", "seed"], ignore_index=True)
        pd.testing.assert_frame_equal(frame, order)
    curves = pd.read_csv(out / "curves.csv")
    assert list(curves.columns) == [
        *["seed", "fold", "epoch", "loss", "loss_emotion", "loss_valence", "delta1", "delta2"],
        *["weighted_f1", "mse", "com"],
    ]
    assert len(curves) == corpus.folds * toy.TRAINING["epochs"]
    assert (curves[["delta1", "delta2"]] > 0).all(axis=None)


def test_rows_and_shards_in_another_order_change_no_byte(train):
    changes = {"augmentation": "noise", "strategy": 2, **JDEV}
    plain = contents(train("plain", **changes))
    for name, layout in {
        "one": {"shards": 1, "shuffle": 1},
        "three": {"shards": 3, "shuffle": 2},
    }.items():
        assert contents(train(name, layout=layout, **changes)) == plain


def test_another_process_gives_the_same_bytes(train, tmp_path, monkeypatch):
    here = contents(train(**JDEV))
    again = tmp_path / "again"
    arguments = train.files.options(train.spec, again)
    command = [sys.executable, "-m", "merflow", "--threads", "1", "fusion", "train", *arguments]
    subprocess.run(command, check=True, capture_output=True)
    assert contents(again) == here


@pytest.mark.parametrize("com", [True, False])
def test_both_readings_follow_from_the_curves(train, toy, com):
    out = train(training={**toy.TRAINING, "seeds": [4, 0], "epochs": 8}, com=com)
    curves = pd.read_csv(out / "curves.csv")
    assert ("com" in curves) == com
    criterion = "com" if com else "weighted_f1"
    assert list(curves["seed"].unique()) == [4, 0]
    labels = read_labels(
        train.files.manifest,
        train.files.folds,
        toy.CLASSES,
        True,
        ["test1"],
        train.spec["fold_count"],
    )
    truth = dict(zip(labels.clips, labels.valence, strict=True))
    for reading, choose in (("organiser", organiser), ("honest", honest)):
        frame = pd.read_parquet(out / f"predictions-{reading}.parquet")
        frame = frame[frame["split"] == "train"]
        for seed, curve in curves.groupby("seed"):
            kept = choose(curve.pivot(index="fold", columns="epoch", values=criterion).to_numpy())
            for fold, rows in frame[frame["seed"] == seed].groupby("fold"):
                error = rows["valence"] - rows["clip"].map(truth)
                said = curve[(curve["fold"] == fold) & (curve["epoch"] == kept[fold] + 1)]
                assert float((error**2).mean()) == pytest.approx(float(said["mse"].iloc[0]))


def read_weights(path):
    """Return the features of a weight file, and of each fold parameters and standardisation."""
    with safe_open(path, framework="pt") as file:
        names = json.loads(file.metadata()["system"])["features"]
        folds = {}
        for name in file.keys():  # noqa: SIM118
            fold, _, rest = name.partition("/")
            folds.setdefault(int(fold.removeprefix("fold")), {})[rest] = file.get_tensor(name)
    for own in folds.values():
        own["standard"] = {n: own.pop(n) for n in list(own) if n.startswith("standardise/")}
    return names, [folds[fold] for fold in sorted(folds)]


def standardised(corpus, system, standard, clips):
    """Return the features of clips as a model reads them."""
    index, found = [corpus.clips.index(clip) for clip in clips], []
    for name, pair in system.features.items():
        mean, std = (standard[f"standardise/{name}/{kind}"] for kind in ("mean", "std"))
        found.append((torch.from_numpy(corpus.values[pair][index]) - mean) / std)
    return found


@pytest.mark.parametrize("changes", [JDEV, {"strategy": 3, "augmentation": "noise"}])
def test_the_weights_give_the_honest_predictions(train, toy, changes):
    """The models of all folds at once, as a stack that the file's tensors are loaded into."""
    out = train(**changes)
    corpus = toy.ToyCorpus()
    frame = pd.read_parquet(out / "predictions-honest.parquet")
    system = SystemSpec.from_spec(train.spec)
    network, loss = system.build([6, 6, 6, 5, 4], system.candidates[0], corpus.folds)
    names, folds = read_weights(out / "weights-seed0.safetensors")
    assert names == toy.FEATURES
    standards = [own.pop("standard") for own in folds]
    stacked = {name: torch.stack([own[name] for own in folds]) for name in folds[0]}
    of_loss = {n.removeprefix("loss."): stacked.pop(n) for n in list(stacked) if n[:5] == "loss."}
    loss.load_state_dict(of_loss)
    network.load_state_dict(stacked)
    for fold, standard in enumerate(standards):
        own = frame[frame["fold"] == fold]
        inputs = standardised(corpus, system, standard, own["clip"])
        # Every model sees the rows; what another fold's model says of them is another thing.
        decoded = network([feature.expand(corpus.folds, -1, -1) for feature in inputs])
        said = torch.softmax(decoded.logits.double(), dim=-1).detach().numpy()
        probabilities = own[[f"p_{name}" for name in toy.CLASSES]].to_numpy()
        close = [np.allclose(probabilities, one, rtol=0, atol=1e-6) for one in said]
        assert close == [model == fold for model in range(corpus.folds)]
        valence = decoded.valence[fold].detach().numpy()
        assert own["valence"].to_numpy() == pytest.approx(valence, abs=1e-5)


@pytest.mark.parametrize("strategy", [1, 2, 3])
def test_the_weights_give_the_honest_predictions_by_the_equations_of_the_paper(
    train, toy, paper, strategy
):
    """The files of a run against eqs. 1 to 8, written a second time with plain loops."""
    out, corpus = train(strategy=strategy, **JDEV), toy.ToyCorpus()
    frame = pd.read_parquet(out / "predictions-honest.parquet")
    system = SystemSpec.from_spec(train.spec)
    _, folds = read_weights(out / "weights-seed0.safetensors")
    for fold, own in enumerate(folds):
        standard = own.pop("standard")
        rows = frame[frame["fold"] == fold].iloc[::4]
        inputs = standardised(corpus, system, standard, rows["clip"])
        of = {n: (t if n.endswith("weight") else t.flatten()).tolist() for n, t in own.items()}
        heads = [f"decoder.{part}" for part in ("emotion", "valence", "branch", "final")]
        fuse = {"outer": (of["fuse.outer.weight"], of["fuse.outer.bias"])}
        if strategy == 2:
            numbered = [f"fuse.inner.{audio}" for audio in range(3)]
            fuse["inner"] = [(of[f"{n}.weight"], of[f"{n}.bias"]) for n in numbered]
        if strategy == 3:
            fuse["inner"] = (of["fuse.inner.weight"], of["fuse.inner.bias"])
        for number, row in enumerate(rows.itertuples()):
            states = [
                paper.align(
                    feature[number].tolist(),
                    of[f"align.{name}.linear.weight"],
                    of[f"align.{name}.linear.bias"],
                )
                for name, feature in zip(system.features, inputs, strict=True)
            ]
            hidden = paper.strategy(strategy, states[:3], states[3:], fuse)
            parameters = [of[f"{head}.{kind}"] for head in heads for kind in ("weight", "bias")]
            _, probabilities, valence = paper.jdev(hidden, *parameters)
            said = [getattr(row, f"p_{name}") for name in toy.CLASSES]
            assert said == pytest.approx(probabilities, abs=1e-5)
            assert row.valence == pytest.approx(valence, abs=1e-4)


@pytest.mark.parametrize("augmentation", ["clean", "noise"])
def test_systems_see_the_same_minibatches_and_drop_the_same_units(train, monkeypatch, augmentation):
    seen, real = [], Models.step

    def spy(self, features, kept, truth, active):
        seen.append([*features, *kept, truth.emotion, truth.valence, truth.weight])
        return real(self, features, kept, truth, active)

    monkeypatch.setattr(Models, "step", spy)
    train("baseline", augmentation=augmentation)
    baseline, seen[:] = list(seen), []
    train("jdev", strategy=2, augmentation=augmentation, **JDEV)
    assert len(baseline) == len(seen) > 0
    for one, other in zip(baseline, seen, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_systems_of_one_job_are_as_if_each_were_alone(train, run, toy, tmp_path):
    """Several forms and sets of features, two of them of equal dimensions, in one job."""
    changes = {
        "plain": {},
        "joint": {"strategy": 2, **JDEV},
        "audio": {"features": ["HL(18)", "HL(19)"]},
        "other": {"features": ["HL(19)", "HL(20)"]},
    }
    alone = {name: contents(train(name, **change)) for name, change in changes.items()}
    files = toy.ToyCorpus().write(tmp_path / "corpus")
    specs = {name: toy.system_spec(toy.ToyCorpus(), **own) for name, own in changes.items()}
    arguments = files.options({}, tmp_path / "together")
    arguments[arguments.index("--spec") + 1] = json.dumps(specs)
    result = run("fusion", "train", *arguments)
    assert result.exit_code == 0, result.output
    for name, before in alone.items():
        assert contents(tmp_path / "together" / name) == before, name


def test_faceless_clips_are_left_out_imputed_and_told(train, toy):
    corpus = toy.ToyCorpus(faceless=("clip004", "clip027"))
    out = train(corpus=corpus, augmentation="noise")
    frame = pd.read_parquet(out / "predictions-honest.parquet")
    assert "clip004" not in set(frame["clip"])
    assert (frame["clip"] == "clip027").sum() == corpus.folds
    assert "left out, 1 training clips" in train.result.output
    assert "RF(pooling) of 1 test clips: clip027" in train.result.output
    audio = train("audio", corpus=corpus, features=["HL(18)"])
    assert "clip004" in set(pd.read_parquet(audio / "predictions-honest.parquet")["clip"])


def test_without_valence_there_is_no_trace_of_it(train, toy):
    corpus = toy.ToyCorpus()
    out = train(corpus=corpus, valence=False)
    assert "valence" not in pd.read_parquet(out / "predictions-honest.parquet")
    assert list(pd.read_csv(out / "curves.csv")) == [
        *["seed", "fold", "epoch", "loss", "loss_emotion", "weighted_f1"]
    ]


def test_without_tests_there_are_out_of_fold_rows_alone(train):
    out = train(tests=[])
    assert set(pd.read_parquet(out / "predictions-honest.parquet")["split"]) == {"train"}


def test_a_system_learns_what_can_be_told(train, toy):
    corpus = toy.ToyCorpus(train=48)
    out = train(corpus=corpus, training={**toy.TRAINING, "epochs": 25}, strategy=3, **JDEV)
    frame = pd.read_parquet(out / "predictions-honest.parquet")
    index = [corpus.clips.index(clip) for clip in frame["clip"]]
    said = frame[[f"p_{name}" for name in toy.CLASSES]].to_numpy().argmax(axis=1)
    assert (said == corpus.emotion[index]).mean() > 0.9
    error = frame["valence"].to_numpy() - corpus.valence[index]
    assert (error**2).mean() < 0.5 * corpus.valence.var()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"decoder": "jdev", "valence": False}, "has no valence"),
        ({"augmentation": "loud"}, "'augmentation' is 'loud'"),
        ({"features": ["HL(99)"]}, "no layer '99'"),
        ({"features": ["XX(1)"], "modalities": {"XX": "audio"}}, "no shard of the encoder XX"),
        ({"fold_count": 1}, "with 1 fold"),
        ({"fold_count": 4}, "fold 3 empty"),
        ({"classes": ["neutral", "angry"]}, "'happy'"),
        ({"training": {**TRAINING, "learning_rate": 1e30}}, "lower fusion.training.learning_rate"),
        ({"training": {**TRAINING, "patience": 0}}, "training.patience is 0"),
    ],
)
def test_what_cannot_be_trained_is_told_in_one_sentence(train, changes, words):
    out = train(expect=1, **changes)
    assert words in str(train.result.exception)
    assert not out.exists()
