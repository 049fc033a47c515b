"""The closed-form probe against fits written out fold by fold, and what must not matter to it."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.covariance import empirical_covariance
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from merflow.probes.linear import PENALTIES, linear_probe
from merflow.training.data import Rows, join
from merflow.training.labels import Labels
from merflow.training.predictions import check_predictions, columns_of
from merflow.training.scores import score

CLASSES = ("neutral", "angry", "happy")


def dataset(clips=90, dim=12, folds=4, tests=0, signal=1.0, seed=0):
    """Return clips whose features tell emotion and valence, with offsets and unequal scales."""
    draws = np.random.default_rng(seed)
    total = clips + tests
    emotion = draws.integers(0, len(CLASSES), total)
    valence = emotion - 1.0 + 0.5 * draws.standard_normal(total)
    latent = np.column_stack([np.eye(len(CLASSES))[emotion], valence]) * signal
    values = latent @ draws.standard_normal((latent.shape[1], dim))
    values = (values + draws.standard_normal(values.shape)) * draws.uniform(0.1, 9, dim)
    fold = np.where(np.arange(total) < clips, draws.permutation(total) % folds, -1)
    labels = Labels(
        clips=tuple(f"clip{row:03d}" for row in range(total)),
        split=tuple("train" if row < clips else "test1" for row in range(total)),
        fold=fold,
        emotion=emotion,
        valence=valence,
        fold_count=folds,
    )
    return joined(labels, values + draws.standard_normal(dim) * 5)


def joined(labels, values):
    values = np.asarray(values, np.float32)
    return join(labels, {"X": Rows(labels.clips, np.zeros(len(labels), np.int64), values)})


def changed(data, values=None, **labels):
    """Return the dataset with other features or labels."""
    kept = dataclasses.replace(data.labels, **labels)
    return joined(kept, data.clean if values is None else values)


def parts(data, fold):
    """Return standardised features of a fold's training part and of the fold, and their rows."""
    labels = data.labels
    trains = np.flatnonzero((labels.fold >= 0) & (labels.fold != fold))
    held = np.flatnonzero(labels.fold == fold)
    values = data.clean.astype(np.float64)
    mean, std = values[trains].mean(axis=0), values[trains].std(axis=0)
    varies = std > 1e-6 * np.abs(values[trains]).max(axis=0)
    values = ((values - mean) / np.where(varies, std, 1.0))[:, varies]
    return values[trains], values[held], trains, held


def literal_ridge(data, fold, penalty):
    """Return the valence of the held-out fold by the normal equations, intercept unpenalised."""
    train, held, rows, _ = parts(data, fold)
    design = np.column_stack([np.ones(len(train)), train])
    ridge = penalty * len(train) * np.diag([0.0, *np.ones(train.shape[1])])
    found = np.linalg.solve(design.T @ design + ridge, design.T @ data.labels.valence[rows])
    return found[0] + held @ found[1:]


def literal_lda(data, fold, penalty):
    """Return the posteriors of the held-out fold by Bayes' rule with Gaussian densities."""
    train, held, rows, _ = parts(data, fold)
    emotion = data.labels.emotion[rows]
    within = np.zeros((train.shape[1], train.shape[1]))
    for number in set(emotion):
        own = train[emotion == number]
        within += (own - own.mean(axis=0)).T @ (own - own.mean(axis=0)) / len(train)
    covariance = (within + penalty * np.eye(len(within))) / (1 + penalty)
    logs = np.full((len(held), len(CLASSES)), -np.inf)
    for number in set(emotion):
        own = train[emotion == number]
        away = held - own.mean(axis=0)
        distance = np.sum(away * np.linalg.solve(covariance, away.T).T, axis=1)
        logs[:, number] = np.log(len(own) / len(train)) - distance / 2
    densities = np.exp(logs - logs.max(axis=1, keepdims=True))
    return densities / densities.sum(axis=1, keepdims=True)


def assert_literal(data, tolerance=1e-8):
    probe = linear_probe(data, CLASSES, True, 0)
    fold = data.labels.fold[data.labels.fold >= 0]
    for number in range(data.labels.fold_count):
        for index, penalty in enumerate(PENALTIES):
            said = probe.outputs[index, fold == number]
            assert said[:, -1] == pytest.approx(literal_ridge(data, number, penalty), abs=tolerance)
            wanted = literal_lda(data, number, penalty)
            assert np.abs(said[:, :-1] - wanted).max() < tolerance
    return probe


@pytest.mark.parametrize("dim", [1, 2, 12, 60])
def test_every_fold_and_penalty_is_the_literal_fit(dim):
    assert_literal(dataset(dim=dim))


def test_more_features_than_clips():
    assert_literal(dataset(clips=40, dim=150))


def test_two_folds_and_test_clips_that_are_not_read():
    data = dataset(folds=2, tests=20)
    probe = assert_literal(data)
    emotion = np.where(data.labels.fold < 0, -1, data.labels.emotion)
    valence = np.where(data.labels.fold < 0, np.nan, data.labels.valence)
    other = linear_probe(changed(data, emotion=emotion, valence=valence), CLASSES, True, 0)
    assert np.array_equal(other.outputs, probe.outputs)
    assert set(probe.predictions("honest")["split"]) == {"train"}


@pytest.mark.parametrize("solver", ["lsqr", "eigen"])
def test_emotion_is_the_discriminant_analysis_of_scikit_learn(solver):
    data = dataset()
    probe = linear_probe(data, CLASSES, True, 0)
    for fold in range(data.labels.fold_count):
        train, held, rows, own = parts(data, fold)
        for index, penalty in enumerate(PENALTIES):
            lda = LinearDiscriminantAnalysis(solver=solver, covariance_estimator=Shrunk(penalty))
            lda.fit(train, data.labels.emotion[rows])
            said = probe.outputs[index, own, : len(CLASSES)]
            assert np.abs(said - lda.predict_proba(held)).max() < 1e-8


class Shrunk:
    """A class's covariance as the probe shrinks it; scikit-learn pools over classes."""

    def __init__(self, penalty):
        self.penalty = penalty

    def fit(self, values):
        plain = empirical_covariance(values)
        self.covariance_ = (plain + self.penalty * np.eye(len(plain))) / (1 + self.penalty)
        return self


def test_constant_columns_count_for_nothing():
    """One is constant everywhere, one in a training part alone, where the fold held out differs."""
    data = dataset()
    extra = np.full((len(data.labels), 2), 1234.5)
    extra[data.labels.fold == 1, 1] += np.arange((data.labels.fold == 1).sum())
    wider = changed(data, np.column_stack([data.clean, extra]))
    probe, plain = assert_literal(wider), linear_probe(data, CLASSES, True, 0)
    fold = data.labels.fold
    assert probe.outputs[:, fold == 1] == pytest.approx(plain.outputs[:, fold == 1], abs=1e-10)


def test_without_any_feature_that_varies_the_shares_and_the_mean_are_said():
    data = dataset()
    probe = linear_probe(changed(data, np.ones_like(data.clean)), CLASSES, True, 0)
    labels = data.labels
    for fold in range(labels.fold_count):
        trains = labels.fold != fold
        shares = np.bincount(labels.emotion[trains], minlength=3) / trains.sum()
        said = probe.outputs[:, ~trains]
        assert np.abs(said[..., :-1] - shares).max() < 1e-12
        assert np.abs(said[..., -1] - labels.valence[trains].mean()).max() < 1e-12


def test_duplicated_and_collinear_columns():
    data = dataset()
    more = [data.clean, data.clean[:, :5], data.clean[:, :3] @ np.ones((3, 2)) * 7]
    assert_literal(changed(data, np.concatenate(more, axis=1)))


def test_columns_far_from_zero_and_of_unlike_size():
    data = dataset()
    sizes = np.logspace(-12, 12, data.clean.shape[1])
    assert_literal(changed(data, (data.clean + 300.0) * sizes))


def test_a_class_absent_from_a_fold():
    data = dataset()
    emotion = np.where((data.labels.fold == 2) & (data.labels.emotion == 1), 0, data.labels.emotion)
    probe = assert_literal(changed(data, emotion=emotion))
    assert np.isfinite(probe.weighted_f1).all()


def test_a_class_absent_from_a_training_part_is_never_predicted_there():
    data = dataset()
    emotion = np.where(data.labels.emotion == 1, 0, data.labels.emotion)
    emotion[np.flatnonzero(data.labels.fold == 2)[:3]] = 1
    probe = assert_literal(changed(data, emotion=emotion))
    assert (probe.outputs[:, data.labels.fold == 2, 1] == 0).all()
    assert (probe.outputs[:, data.labels.fold != 2, 1] > 0).any()
    for reading in ("organiser", "honest"):
        frame = probe.predictions(reading)
        check_predictions(Path("linear"), frame, CLASSES, True)
        assert (frame.loc[frame["fold"] == 2, "p_angry"] == 0).all()


def test_all_labels_equal():
    data = dataset()
    probe = linear_probe(
        changed(data, emotion=np.full(90, 2), valence=np.full(90, 0.5)), CLASSES, True, 0
    )
    assert (probe.outputs[..., 2] == 1).all()
    assert np.abs(probe.outputs[..., 3] - 0.5).max() < 1e-12
    assert (probe.weighted_f1 == 1).all()


def test_one_clip_a_fold():
    data = dataset(clips=2, folds=2)
    frame = linear_probe(data, CLASSES, True, 0).predictions("honest")
    check_predictions(Path("linear"), frame, CLASSES, True)


def test_the_order_of_clips_does_not_matter():
    data = dataset()
    order = np.random.default_rng(5).permutation(len(data.labels))
    labels = data.labels
    moved = Labels(
        labels.clips,
        labels.split,
        labels.fold[order],
        labels.emotion[order],
        labels.valence[order],
        labels.fold_count,
    )
    probe = linear_probe(data, CLASSES, True, 0)
    other = linear_probe(joined(moved, data.clean[order]), CLASSES, True, 0)
    assert other.outputs == pytest.approx(probe.outputs[:, order], abs=1e-10)
    assert other.mse == pytest.approx(probe.mse, abs=1e-10)


def test_the_numbers_of_the_folds_do_not_matter():
    data = dataset()
    number = np.array([2, 0, 3, 1])
    probe = linear_probe(data, CLASSES, True, 0)
    other = linear_probe(changed(data, fold=number[data.labels.fold]), CLASSES, True, 0)
    assert other.outputs == pytest.approx(probe.outputs, abs=1e-10)
    assert other.mse[number] == pytest.approx(probe.mse, abs=1e-10)
    for reading in ("organiser", "honest"):
        one, two = probe.predictions(reading), other.predictions(reading)
        said = columns_of(CLASSES, True)[4:]
        assert two[said].to_numpy() == pytest.approx(one[said].to_numpy(), abs=1e-10)


def test_the_seed_is_only_written():
    data = dataset()
    one, other = (linear_probe(data, CLASSES, True, seed).predictions("honest") for seed in (1, 2))
    assert (other["seed"] == 2).all()
    pd.testing.assert_frame_equal(one.drop(columns="seed"), other.drop(columns="seed"))


def test_labels_of_a_fold_do_not_reach_its_own_models():
    """Other folds' models train on them, so that the choice may move, as that of an epoch may."""
    data = dataset()
    fold = data.labels.fold
    emotion = np.where(fold == 1, (data.labels.emotion + 1) % 3, data.labels.emotion)
    valence = np.where(fold == 1, -3.0 * data.labels.valence, data.labels.valence)
    probe = linear_probe(data, CLASSES, True, 0)
    other = linear_probe(changed(data, emotion=emotion, valence=valence), CLASSES, True, 0)
    assert np.array_equal(other.outputs[:, fold == 1], probe.outputs[:, fold == 1])
    assert not np.array_equal(other.outputs[:, fold != 1], probe.outputs[:, fold != 1])
    assert (other.mse[1] != probe.mse[1]).all()


@pytest.mark.parametrize("reading", ["organiser", "honest"])
def test_the_tables_agree_with_each_other(reading):
    data = dataset(signal=0.5)
    probe = linear_probe(data, CLASSES, True, 7)
    frame, curves = probe.predictions(reading), probe.curves()
    check_predictions(Path("linear"), frame, CLASSES, True)
    assert list(frame) == columns_of(CLASSES, True)
    assert list(curves) == ["seed", "fold", "penalty", "weighted_f1", "mse"]
    assert len(curves) == data.labels.fold_count * len(PENALTIES)
    rows = {clip: row for row, clip in enumerate(data.labels.clips)}
    for _, kept in probe.penalties(reading).iterrows():
        own = frame[frame["fold"] == kept["fold"]]
        at = [rows[clip] for clip in own["clip"]]
        said = own[[f"p_{name}" for name in CLASSES]].to_numpy()
        labels = data.labels
        found = score(
            labels.emotion[at], said, labels.valence[at], own["valence"].to_numpy(), CLASSES
        )
        curve = curves[curves["fold"] == kept["fold"]].set_index("penalty")
        assert found.weighted_f1 == pytest.approx(curve.loc[kept["emotion"], "weighted_f1"])
        assert found.mse == pytest.approx(curve.loc[kept["valence"], "mse"])
        if reading == "organiser":
            best = (curve["weighted_f1"] - 0.25 * curve["mse"]).max()
            assert found.com >= best - 1e-12


def test_without_valence_there_is_no_trace_of_it():
    data = dataset()
    probe = linear_probe(data, CLASSES, False, 0)
    with_valence = linear_probe(data, CLASSES, True, 0)
    assert probe.outputs == pytest.approx(with_valence.outputs[..., :-1], abs=1e-12)
    assert list(probe.predictions("honest")) == columns_of(CLASSES, False)
    assert list(probe.curves()) == ["seed", "fold", "penalty", "weighted_f1"]
    assert list(probe.penalties("honest")) == ["fold", "emotion"]
    nameless = changed(data, valence=np.full(90, np.nan))
    assert np.array_equal(linear_probe(nameless, CLASSES, False, 0).outputs, probe.outputs)
