"""Settings that are left open, the inner fold, and a system of a user's own."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
import toy_corpus
import toy_members as toy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import safe_open

from merflow.fusion.system import SystemSpec
from merflow.training.predictions import columns_of
from merflow.training.readings import HONEST, ORGANISER, choose_candidates

READINGS = ("organiser", "honest")
CHOICES = {"learning_rate": [1e-2, 1e-4, 3e-2], "width": [15, 16], "dropout": 0.3}


@st.composite
def several(draw, least=1):
    """Return the curves of some settings, of the same folds but of different lengths."""
    folds, settings = draw(st.integers(2, 5)), draw(st.integers(least, 4))
    values = st.integers(-4, 4).map(lambda n: n / 4)
    shapes = [(folds, draw(st.integers(1, 6))) for _ in range(settings)]
    return [draw(hnp.arrays(np.float64, shape, elements=values)) for shape in shapes]


def nothing(criteria):
    return [None] * len(criteria)


@given(several(), st.integers(0, 10), st.randoms())
def test_a_choice_does_not_depend_on_the_folds_own_curve(criteria, fold, random):
    fold %= len(criteria[0])
    altered = [one.copy() for one in criteria]
    for one in altered:
        one[fold] = [random.uniform(-9, 9) for _ in one[fold]]
    before, after = (choose_candidates(some, nothing(some)) for some in (criteria, altered))
    assert before[fold] == after[fold]


@given(several(), st.integers(0, 10), st.randoms())
def test_with_an_inner_fold_that_alone_chooses(inner, fold, random):
    fold %= len(inner[0])
    held = [np.array([[random.uniform(-9, 9) for _ in row] for row in one]) for one in inner]
    chosen = choose_candidates(held, inner)
    worth = [one.max(axis=1) for one in inner]
    assert chosen.tolist() == np.argmax(worth, axis=0).tolist()
    altered = [one.copy() for one in inner]
    for one in altered:
        others = np.arange(len(one)) != fold
        one[others] = [[random.uniform(-9, 9) for _ in row] for row in one[others]]
    assert choose_candidates(held, altered)[fold] == chosen[fold]


@given(several())
def test_the_best_mean_of_the_other_folds_wins_and_the_first_of_a_tie(criteria):
    for fold, chosen in enumerate(choose_candidates(criteria, nothing(criteria))):
        # Quarters, whose sums are exact.
        worth = [np.delete(one, fold, axis=0).sum(axis=0).max() for one in criteria]
        assert chosen == worth.index(max(worth))


@given(several())
def test_a_setting_that_is_there_twice_is_taken_where_it_stands_first(criteria):
    doubled = [*criteria, *criteria]
    chosen = choose_candidates(doubled, nothing(doubled))
    assert chosen.tolist() == choose_candidates(criteria, nothing(criteria)).tolist()


@pytest.fixture
def train(run, tmp_path):
    """Return a function that trains a system with some settings and returns its folder."""
    corpus = toy_corpus.ToyCorpus()
    files = corpus.write(tmp_path / "corpus")

    def call(folder, make=toy_corpus.system_spec, training=None, **changes):
        spec = make(corpus, training={**toy_corpus.TRAINING, **(training or {})}, **changes)
        noun = "fusion" if "strategy" in spec else "probes"
        out = tmp_path / "out" / folder
        call.files, call.spec, call.corpus = files, spec, corpus
        call.result = run(noun, "train", *files.options(spec, out))
        assert call.result.exit_code == 0, call.result.output
        return out

    return call


def predictions(folder):
    return [pd.read_parquet(folder / f"predictions-{reading}.parquet") for reading in READINGS]


def chosen_by_hand(curves):
    """Return the settings of each fold that the other folds' curves speak for, by plain loops."""
    found, keys = {}, ["learning_rate", "width", "dropout"]
    for fold in sorted(set(curves["fold"])):
        best = None
        # Not sorted: the order of the settings decides ties.
        for setting, part in curves[curves["fold"] != fold].groupby(keys, sort=False):
            worth = part.groupby("epoch")["com"].mean().max()
            if best is None or worth > best[0] + 1e-12:
                best = worth, setting
        found[fold] = best[1]
    return found


def test_curves_tell_the_choices_and_which_was_taken(train):
    curves = pd.read_csv(train("open", training=CHOICES | {"seeds": [0, 1]}) / "curves.csv")
    assert list(curves.columns[-4:]) == ["learning_rate", "width", "dropout", "taken"]
    assert len(curves) == 2 * 6 * 3 * toy_corpus.TRAINING["epochs"]
    for _, own in curves.groupby("seed"):
        taken = own[own["taken"]]
        for fold, setting in chosen_by_hand(own).items():
            mine = taken[taken["fold"] == fold]
            assert set(mine[["learning_rate", "width", "dropout"]].itertuples(index=False)) == {
                setting
            }
            assert list(mine["epoch"]) == list(range(1, 7))
    assert len(set(curves[curves["taken"]]["width"])) > 1


def test_both_readings_are_those_of_the_chosen_setting(train):
    out = train("open", training=CHOICES)
    curves = pd.read_csv(out / "curves.csv")
    for fold, (rate, width, dropout) in chosen_by_hand(curves).items():
        single = {"learning_rate": rate, "width": int(width), "dropout": dropout}
        alone = train(f"alone{fold}", training=single)
        assert "kept from before" in train.result.output
        for mine, wanted in zip(predictions(out), predictions(alone), strict=True):
            mine, wanted = (
                one[one["fold"] == fold].reset_index(drop=True) for one in (mine, wanted)
            )
            pd.testing.assert_frame_equal(mine, wanted, check_exact=True)


def test_weights_are_those_of_each_folds_setting(train):
    """Predicting from the weight file alone gives the honest predictions."""
    changes = {"strategy": 3, "decoder": "jdev", "loss": "paper"}
    out = train("open", training=CHOICES, **changes)
    corpus, system = train.corpus, SystemSpec.from_spec(train.spec)
    honest = predictions(out)[1]
    curves = pd.read_csv(out / "curves.csv")
    widths = curves[curves["taken"]].groupby("fold")["width"].first()
    assert widths.nunique() > 1
    names = columns_of(toy_corpus.CLASSES, True)[4:]
    with safe_open(out / "weights-seed0.safetensors", framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        assert json.loads(file.metadata()["system"])["features"] == toy_corpus.FEATURES
    assert {name.partition("/")[0] for name in tensors} == {"fold0", "fold1", "fold2"}
    for fold in range(corpus.folds):
        own = {
            name.partition("/")[2]: value
            for name, value in tensors.items()
            if name.startswith(f"fold{fold}/")
        }
        how = system.candidates[0].__class__(
            **{**vars(system.candidates[0]), "width": int(widths[fold])}
        )
        dims = [len(own[f"standardise/{name}/mean"]) for name in toy_corpus.FEATURES]
        network, loss = system.build(dims, how, 1)
        network.load_state_dict({name: own[name][None] for name in network.state_dict()})
        loss.load_state_dict({name: own[f"loss.{name}"][None] for name in loss.state_dict()})
        features = []
        for name, (encoder, layer) in system.features.items():
            mean, std = own[f"standardise/{name}/mean"], own[f"standardise/{name}/std"]
            raw = torch.from_numpy(corpus.values[encoder, layer])
            features.append(((raw - mean) / std)[None])
        with torch.no_grad():
            decoded = network(features)
        said = torch.softmax(decoded.logits[0].double(), dim=-1).numpy()
        said = np.column_stack([said, decoded.valence[0].double().numpy()])
        mine = honest[honest["fold"] == fold].set_index("clip")
        rows = [corpus.clips.index(clip) for clip in mine.index]
        assert np.allclose(mine[names].to_numpy(), said[rows], rtol=0, atol=1e-5)


def test_a_rate_that_is_added_trains_itself_alone(train):
    train("one", training={"learning_rate": [1e-2], "seeds": [0, 1]})
    one = train("again", training={"learning_rate": 1e-2, "seeds": [0, 1]})
    assert train.result.output.count("kept from before") == 2
    two = train("two", training={"learning_rate": [1e-3, 1e-2], "seeds": [0, 1]})
    assert train.result.output.count("kept from before") == 2
    assert train.result.output.count("epochs; kept by fold") == 2
    assert "taken" not in pd.read_csv(one / "curves.csv")
    curves = pd.read_csv(two / "curves.csv")
    kept = curves[curves["learning_rate"] == 1e-2].reset_index(drop=True)
    wanted = pd.read_csv(one / "curves.csv")
    pd.testing.assert_frame_equal(kept[wanted.columns], wanted, check_exact=True)


def test_a_list_of_one_is_no_choice(train):
    one = train("one", training={"learning_rate": [1e-2], "width": [16]})
    other = train("other", training={"learning_rate": 1e-2, "width": 16})
    for name in ("curves.csv", "weights-seed0.safetensors", "predictions-honest.parquet"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_probes_choose_for_each_layer(train):
    out = train("probes", make=toy_corpus.probe_spec, training={"learning_rate": [1e-2, 1e-4]})
    curves = pd.read_csv(out / "curves.csv")
    assert list(curves["layer"].unique()) == [18, 19, 20]
    for _, own in curves.groupby("layer"):
        taken = own[own["taken"]].groupby("fold")["learning_rate"].first()
        assert taken.to_dict() == {f: s[0] for f, s in chosen_by_hand(own).items()}


def test_candidates_with_patience_have_curves_of_their_own_length(train):
    training = {"learning_rate": [3e-2, 1e-5], "epochs": 30, "patience": 2}
    curves = pd.read_csv(train("patient", training=training) / "curves.csv")
    lengths = curves.groupby("learning_rate")["epoch"].max()
    assert lengths.nunique() == 2
    assert {f: s[0] for f, s in chosen_by_hand(curves).items()} == (
        curves[curves["taken"]].groupby("fold")["learning_rate"].first().to_dict()
    )


# The inner fold.


def altered(part, fold):
    """Return a change of the labels of the clips of a fold's part."""
    rows = getattr(toy.source("inner", sizes=(5, 8, 6, 7)).partitions[fold], part)

    def change(arrays):
        arrays["emotion"][rows] = (arrays["emotion"][rows] + 1) % 3
        arrays["valence"][rows] += 1.0

    return change


def inner(change=None, **settings):
    source = toy.source("inner", sizes=(5, 8, 6, 7), change=change)
    return toy.alone(toy.member(source), toy.how(selection="inner", **{"epochs": 8, **settings}))


def test_an_inner_fold_does_not_train_but_chooses_the_honest_epoch():
    plain, changed = inner(), inner(altered("inner", 1))
    assert plain.inner.shape == plain.criterion.shape == (4, 8)
    assert np.array_equal(plain.kept[HONEST], np.argmax(plain.inner, axis=1))
    assert np.array_equal(plain.kept[ORGANISER], np.argmax(plain.criterion, axis=1))
    # Fold 1's trajectory is the same; its inner curve is another.
    assert np.array_equal(plain.criterion[1], changed.criterion[1])
    assert not np.array_equal(plain.inner[1], changed.inner[1])
    for fold in (0, 3):
        assert not np.array_equal(plain.criterion[fold], changed.criterion[fold])


@pytest.mark.parametrize("patience", [None, 1, 2])
def test_the_held_out_fold_changes_nothing_of_its_honest_model(patience):
    """Nor does it by the end of the training, which another fold's inner curve may put off."""
    settings = {"patience": patience, "epochs": 30 if patience else 8, "learning_rate": 3e-2}
    plain = inner(**settings)
    for fold in range(4):
        changed = inner(altered("held_out", fold), **settings)
        assert plain.kept[HONEST][fold] == changed.kept[HONEST][fold]
        assert np.array_equal(plain.outputs[HONEST][fold], changed.outputs[HONEST][fold])
        same = changed.weights[fold]
        assert all(torch.equal(value, same[name]) for name, value in plain.weights[fold].items())
        count = min(plain.criterion.shape[1], changed.criterion.shape[1])
        assert not np.array_equal(plain.criterion[fold, :count], changed.criterion[fold, :count])


def test_three_parts_of_a_fold_share_no_clip():
    source = toy.source("inner", sizes=(5, 8, 6, 7), copies=2)
    clips = len(source.data.labels)
    for partition in source.partitions:
        copies = partition.training[partition.training >= clips] - clips
        of_copies = set(source.data.copy_of[copies].tolist())
        training = set(partition.training[partition.training < clips].tolist())
        parts = [training, set(partition.held_out.tolist()), set(partition.inner.tolist())]
        parts.append(set(partition.tests.tolist()))
        assert of_copies == training
        assert len(copies) == 2 * len(training)
        assert sum(map(len, parts)) == len(set.union(*parts)) == clips


def test_inner_selection_is_told_in_the_curves(train):
    out = train("inner", training={"selection": "inner", "learning_rate": [1e-2, 3e-2]})
    curves = pd.read_csv(out / "curves.csv")
    best = curves.groupby(["learning_rate", "fold"])["inner"].max().unstack(0)
    taken = curves[curves["taken"]].groupby("fold")["learning_rate"].first()
    assert taken.tolist() == [
        1e-2 if row[1e-2] >= row[3e-2] else 3e-2 for _, row in best.iterrows()
    ]


def test_two_folds_leave_no_inner_one(run, tmp_path):
    corpus = toy_corpus.ToyCorpus(folds=2)
    files = corpus.write(tmp_path / "corpus")
    training = {**toy_corpus.TRAINING, "selection": "inner"}
    spec = toy_corpus.system_spec(corpus, training=training)
    result = run("fusion", "train", *files.options(spec, tmp_path / "out"))
    assert result.exit_code == 1
    assert str(result.exception) == (
        "training.selection is 'inner', which needs 3 folds or more, but there are 2: raise "
        "corpus.folds.count or set it to 'folds'"
    )


# A system of a user's own.


def test_a_system_of_ones_own_has_its_files(train):
    out = train(
        "own",
        name="mine",
        features=["HL(19)", "RF(pooling)"],
        strategy=1,
        decoder="baseline",
        loss="kendall",
        training={"seeds": [0, 1], "patience": 3},
    )
    assert sorted(path.name for path in out.iterdir()) == [
        *["curves.csv", "predictions-honest.parquet", "predictions-organiser.parquet"],
        *["weights-seed0.safetensors", "weights-seed1.safetensors"],
    ]
    curves = pd.read_csv(out / "curves.csv")
    assert set(curves.columns) == {
        *["seed", "fold", "epoch", "loss", "loss_emotion", "loss_valence"],
        *["weighted_f1", "mse", "com", "delta1", "delta2"],
    }
    assert not curves.isna().any(axis=None)
    # Eq. of Kendall et al., from the columns of each row, with the deltas after the epoch.
    first, last = curves[curves["epoch"] == 1], curves[curves["epoch"] == curves["epoch"].max()]
    assert last["loss_emotion"].mean() < first["loss_emotion"].mean()
    assert (curves[["delta1", "delta2"]] > 0).all(axis=None)
    for frame in predictions(out):
        assert set(frame["seed"]) == {0, 1}
        assert len(frame) == 2 * (24 + 3 * 6)
