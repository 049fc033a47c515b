"""``merflow robustness predict`` from files to files."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file, save_file

from merflow.errors import MerflowError
from merflow.fusion.system import SystemSpec
from merflow.robustness.kept import read_kept

JDEV = {"decoder": "jdev", "loss": "paper"}
LEVELS = [-5, 0, 20]
KEYS = ["split", "clip", "fold", "seed"]
CHOICE = {"width": [4, 16], "learning_rate": [1.0e-2, 1.0e-3], "seeds": [3, 0]}


def predictions(trained, out="out"):
    return {path.name: pd.read_parquet(path) for path in sorted((trained.folder / out).iterdir())}


def told(result):
    assert isinstance(result.exception, MerflowError), result.output
    sentence = str(result.exception)
    assert "\n" not in sentence
    return sentence


def test_each_system_has_a_file_of_the_contract_at_each_snr(trained, toy):
    own = trained(one={"strategy": 2, **JDEV}, two={"augmentation": "noise"})
    result = own.predict()
    assert result.exit_code == 0, result.exception
    found = predictions(own)
    assert set(found) == {f"{n}.clean.{snr}dB.parquet" for n in ("one", "two") for snr in LEVELS}
    for frame in found.values():
        names = [f"p_{name}" for name in toy.CLASSES]
        assert list(frame.columns) == ["clip", "split", "fold", "seed", *names, "valence"]
        assert set(frame["split"]) == {"test1"}
        assert len(frame) == own.corpus.test * own.corpus.folds
        assert frame[names].sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy": 2, **JDEV},
        {"strategy": 3, "augmentation": "noise", **JDEV},
        {"valence": False},
        {"training": "choice", **JDEV},
        {"training": "bfloat16"},
    ],
    ids=["joint", "noisy", "no valence", "choices", "bfloat16"],
)
def test_sounds_that_stay_as_they_are_give_the_predictions_of_the_training(trained, toy, changes):
    """Whatever is chosen or rounded in training, also where test clips have no face."""
    kinds = {"choice": CHOICE, "bfloat16": {"precision": "bfloat16"}}
    if "training" in changes:
        changes = {**changes, "training": {**toy.TRAINING, **kinds[changes["training"]]}}
    own = trained(toy.ToyCorpus(faceless=("clip003", "clip025")), one=changes)
    for (encoder, layer), values in own.noisy.items():
        values[:] = own.corpus.values[encoder, layer][own.corpus.train :]
    result = own.predict()
    assert result.exit_code == 0, result.exception
    clean = pd.read_parquet(own.runs / "one" / "predictions-honest.parquet")
    clean = clean[clean["split"] == "test1"].sort_values(KEYS, ignore_index=True)
    for frame in predictions(own).values():
        pd.testing.assert_frame_equal(frame, clean, check_exact=False, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("strategy", [1, 2, 3])
def test_noisy_predictions_are_those_of_the_equations_of_the_paper(trained, paper, strategy):
    """The kept weights through eqs. 1 to 8, written a second time with plain loops."""
    own = trained(one={"strategy": strategy, **JDEV})
    assert own.predict().exit_code == 0
    tests = own.corpus.clips[own.corpus.train :]
    weights = load_file(own.runs / "one" / "weights-seed0.safetensors")
    for level, (_, frame) in enumerate(sorted(predictions(own).items(), key=by_snr)):
        for row in frame.iloc[::3].to_dict("records"):
            prefix = f"fold{row['fold']}/"
            of = {n.removeprefix(prefix): t for n, t in weights.items() if n.startswith(prefix)}
            place, states = tests.index(row["clip"]), []
            for name in own.systems["one"]["features"]:
                pair = tuple(name.rstrip(")").split("("))
                clean = own.corpus.values[pair][own.corpus.train + place]
                vector = own.noisy[pair][level, place] if pair in own.noisy else clean
                mean, std = (of[f"standardise/{name}/{k}"].numpy() for k in ("mean", "std"))
                matrix = of[f"align.{name}.linear.weight"].tolist()
                bias = of[f"align.{name}.linear.bias"].flatten().tolist()
                states.append(paper.align(((vector - mean) / std).tolist(), matrix, bias))
            lists = {
                n: (t if n.endswith("weight") else t.flatten()).tolist() for n, t in of.items()
            }
            hidden = paper.strategy(strategy, states[:3], states[3:], afgs(lists, strategy))
            heads = [
                lists[f"decoder.{part}.{kind}"]
                for part in ("emotion", "valence", "branch", "final")
                for kind in ("weight", "bias")
            ]
            _, probabilities, valence = paper.jdev(hidden, *heads)
            assert [row[f"p_{c}"] for c in own.systems["one"]["classes"]] == pytest.approx(
                probabilities, abs=1e-5
            )
            assert row["valence"] == pytest.approx(valence, abs=1e-4)


def by_snr(named):
    return int(named[0].split(".")[2].removesuffix("dB"))


def afgs(lists, strategy):
    found = {"outer": (lists["fuse.outer.weight"], lists["fuse.outer.bias"])}
    if strategy == 2:
        found["inner"] = [
            (lists[f"fuse.inner.{i}.weight"], lists[f"fuse.inner.{i}.bias"]) for i in range(3)
        ]
    if strategy == 3:
        found["inner"] = (lists["fuse.inner.weight"], lists["fuse.inner.bias"])
    return found


def test_an_ensemble_takes_the_weights_that_it_kept_for_tests(trained, toy, paper):
    seeds = {"training": {**toy.TRAINING, "seeds": [0, 4]}}
    own = trained(one={"strategy": 1, **seeds}, two={"strategy": 3, **seeds})
    own.fuse("both", ["one", "two"])
    result = own.predict()
    assert result.exit_code == 0, result.exception
    kept = json.loads((own.runs / "both" / "weights-honest.json").read_text())["seeds"]
    found = predictions(own)
    for snr in LEVELS:
        members = [found[f"{name}.clean.{snr}dB.parquet"] for name in ("one", "two")]
        for row, *of in zip(
            *(f.to_dict("records") for f in (found[f"both.clean.{snr}dB.parquet"], *members)),
            strict=True,
        ):
            outputs = [[v for k, v in one.items() if k not in KEYS] for one in of]
            fused = paper.fuse_decisions(kept[str(row["seed"])]["tests"], outputs)
            assert [v for k, v in row.items() if k not in KEYS] == pytest.approx(fused, abs=1e-9)


def test_order_shards_and_company_change_no_byte(trained):
    changes = {"one": {"strategy": 2, **JDEV}, "two": {"strategy": 1}}
    own = trained(**changes)
    assert own.predict("plain").exit_code == 0
    others = own.corpus.write(own.folder / "other", shards=3, shuffle=1)
    levels = own.level_files(shards=4, shuffle=2)
    assert own.predict("other-order", levels, others).exit_code == 0
    alone = {"two": own.systems["two"]}
    assert own.predict("alone", systems=alone, snr=[20]).exit_code == 0
    for path in (own.folder / "plain").iterdir():
        assert (own.folder / "other-order" / path.name).read_bytes() == path.read_bytes()
    (only,) = (own.folder / "alone").iterdir()
    assert only.read_bytes() == (own.folder / "plain" / only.name).read_bytes()


def test_weights_of_another_run_stop_it(trained, toy):
    own = trained(one=JDEV, two={"training": {**toy.TRAINING, "epochs": 2}, **JDEV})
    path = own.runs / "one" / "weights-seed0.safetensors"
    path.unlink()
    path.write_bytes((own.runs / "two" / "weights-seed0.safetensors").read_bytes())
    sentence = told(own.predict())
    assert "the kept weights say p_" in sentence
    assert str(own.runs / "one") in sentence
    assert "clip0" in sentence
    assert not (own.folder / "out").exists()


def test_other_features_stop_it(trained):
    own = trained(one=JDEV)
    own.corpus.values["HL", "18"] = own.corpus.values["HL", "18"] + np.float32(1)
    assert "the kept weights say" in told(own.predict(files=own.corpus.write(own.folder / "other")))
    own.corpus.layers["MR"] = (["block2"], 3)
    own.corpus.values["MR", "block2"] = own.corpus.values["MR", "block2"][:, :3]
    own.corpus.noisy["MR", "block2"] = own.corpus.noisy["MR", "block2"][..., :3]
    sentence = told(own.predict(files=own.corpus.write(own.folder / "narrow")))
    assert "features of (6, 6, 6, 5, 4) dimensions, but these have (6, 6, 6, 3, 4)" in sentence


def test_a_member_that_does_not_hear_is_predicted_for_its_ensemble_alone(trained):
    own = trained(one={}, deaf={"features": ["MR(block2)"]})
    own.fuse("both", ["one", "deaf"])
    result = own.predict(labels={"one": "one.clean", "both": "both.clean"})
    assert result.exit_code == 0, result.output
    written = {path.name for path in (own.folder / "out").iterdir()}
    assert written == {
        f"{name}.clean.{snr}dB.parquet" for name in ("one", "both") for snr in LEVELS
    }


def test_names_of_nothing_that_is_predicted_stop_it(trained):
    own = trained(one={})
    labels = {"one": "one.clean", "none": "none.clean"}
    sentence = told(own.predict(labels=labels))
    assert "gives 'none' a label, which is neither a system nor an ensemble" in sentence
    sentence = told(own.predict(ensembles={"both": ["one", "other"]}))
    assert (
        "names 'other' as a member of both, but not among its systems: name one of one" in sentence
    )
    assert not (own.folder / "out").exists()


def test_other_weights_of_an_ensemble_stop_it(trained):
    own = trained(one={"strategy": 1}, two={"strategy": 3})
    own.fuse("both", ["one", "two"])
    path = own.runs / "both" / "weights-honest.json"
    kept = json.loads(path.read_text())
    kept["seeds"]["0"]["tests"] = kept["seeds"]["0"]["tests"][::-1]
    if kept["seeds"]["0"]["tests"] == [0.5, 0.5]:
        kept["seeds"]["0"]["tests"] = [0.25, 0.75]
    path.write_text(json.dumps(kept))
    assert str(own.runs / "both") in told(own.predict())
    kept["seeds"]["0"]["tests"] = [1.0]
    path.write_text(json.dumps(kept))
    assert "another number than 2 members" in told(own.predict())
    kept["seeds"] = {"1": {"tests": [0.5, 0.5]}}
    path.write_text(json.dumps(kept))
    assert "other seeds" in told(own.predict())
    path.write_text("{")
    assert "cannot be read" in told(own.predict())


def test_a_clip_without_a_copy_stops_it(trained):
    own = trained(one={})
    levels = own.level_files(drop=[("clip026", 2)])
    assert "lack the clip 'clip026' at 0 dB" in told(own.predict(levels=levels))


def test_a_split_without_clips_stops_it(trained):
    own = trained(one={})
    assert "no clip of it" in told(own.predict(split="test2"))


MATRIX = "fold0/align.HL(18).linear.weight"
DAMAGES = {
    "not those of the system": lambda t, about: (t, about.replace("HL(18)", "HL(17)")),
    "fold 1 has no fuse.outer.bias": lambda t, about: (without(t, "fold1/fuse.outer.bias"), about),
    "fold 0 has beside the model more": lambda t, about: ({**t, "fold0/more": t_of(t)}, about),
    "there are 3 folds": lambda t, about: ({**t, "fold3/fuse.outer.bias": t_of(t)}, about),
    "is of shape (1, 9), not (1, 5)": lambda t, about: (
        {**t, "fold2/fuse.outer.bias": t_of(t).new_zeros(1, 9)},
        about,
    ),
    "is torch.float64": lambda t, about: (
        {**t, "fold2/fuse.outer.bias": t["fold2/fuse.outer.bias"].double()},
        about,
    ),
    "is no matrix": lambda t, about: (
        {**t, MATRIX: t[MATRIX].flatten().clone()},
        about,
    ),
}


def t_of(tensors):
    return tensors["fold0/fuse.outer.bias"].clone()


def without(tensors, name):
    return {key: value for key, value in tensors.items() if key != name}


@pytest.mark.parametrize("sentence", DAMAGES)
def test_weights_of_another_form_are_refused(trained, sentence):
    own = trained(one={})
    path = own.runs / "one" / "weights-seed0.safetensors"
    about = json.dumps({"features": own.systems["one"]["features"], "seed": 0})
    tensors, about = DAMAGES[sentence](load_file(path), about)
    path.unlink()
    save_file(tensors, path, metadata={"system": about})
    found = told(own.predict())
    assert sentence in found
    assert str(path) in found


def test_missing_or_broken_weights_are_refused(trained):
    own = trained(one={})
    path = own.runs / "one" / "weights-seed0.safetensors"
    system = SystemSpec.from_spec(own.systems["one"])
    with pytest.raises(MerflowError, match="not those of the system"):
        read_kept(path, replace(system, features={"HL(18)": ("HL", "18")}), 0, 3)
    path.unlink()
    assert "are missing" in told(own.predict())
    path.write_bytes(b"no weights")
    assert "cannot be read" in told(own.predict())
