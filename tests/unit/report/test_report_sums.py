"""The metrics against numbers worked by hand, literal formulas and other packages' definitions."""

import math

import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    mean_squared_error,
    root_mean_squared_error,
)

from merflow.report.labels import SplitLabels
from merflow.report.readings import Predictions
from merflow.report.sums import METRICS, clip_sums, f1_of, metric_names, metrics_of
from merflow.training.scores import score

CLASSES = ["a", "b", "c", "d"]


def made(true, chances, told=None, said=None):
    """Labels and predictions of one training."""
    true = np.asarray(true)
    labels = SplitLabels(
        "test1",
        [f"c{k:03d}" for k in range(len(true))],
        true,
        None if told is None else np.asarray(told, float),
        np.zeros(len(true), np.int64),
    )
    valence = None if said is None else np.asarray(said, float)[None]
    present = np.ones(len(true), bool)
    return labels, Predictions([0], present, np.asarray(chances, float)[None], valence)


def sure(predicted, classes=4):
    return np.eye(classes)[np.asarray(predicted)]


def scored(true, chances, told=None, said=None, classes=CLASSES):
    """All metrics by name, through the terms of the clips."""
    terms = clip_sums(*made(true, chances, told, said), classes)
    values = metrics_of(terms[0].sum(axis=0), len(classes))
    return dict(zip(metric_names(told is not None), values.tolist(), strict=True))


def example(clips=50, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 4, clips)
    predicted = np.where(rng.random(clips) < 0.6, true, rng.integers(0, 4, clips))
    told = rng.normal(1.0, 1.5, clips)
    return true, predicted, told, 0.5 * told + rng.normal(size=clips)


# True class by predicted class and errors of the valence; then what a reader works out by hand.
BY_HAND = [
    # Rows 3, 2, 1; columns 3, 2, 1: F1 = 4/6, 2/4, 1. Recalls 2/3, 1/2, 1.
    {
        "confusion": [[2, 1, 0], [1, 1, 0], [0, 0, 1]],
        "errors": [1, -1, 0, 0, 1, -1],
        "weighted_f1": 4 / 6,
        "accuracy": 4 / 6,
        "uar": 13 / 18,
        "f1": [2 / 3, 1 / 2, 1],
        "mse": 4 / 6,
        "com": 1 / 2,
    },
    # c is never true, but said once: a has F1 2/3, b 1; c none.
    {
        "confusion": [[1, 0, 1], [0, 2, 0], [0, 0, 0]],
        "errors": [2, 0, 0, 0],
        "weighted_f1": (2 * 2 / 3 + 2 * 1) / 4,
        "accuracy": 3 / 4,
        "uar": 3 / 4,
        "f1": [2 / 3, 1, math.nan],
        "mse": 1,
        "com": 5 / 6 - 1 / 4,
    },
    # b is never said: F1 of a is 6/7, that of b 0.
    {
        "confusion": [[3, 0, 0], [1, 0, 0], [0, 0, 0]],
        "errors": [0.5, 0.5, 0.5, 0.5],
        "weighted_f1": 18 / 28,
        "accuracy": 3 / 4,
        "uar": 1 / 2,
        "f1": [6 / 7, 0, math.nan],
        "mse": 1 / 4,
        "com": 18 / 28 - 1 / 16,
    },
    # All wrong, and so far off in valence that Com is negative.
    {
        "confusion": [[0, 2, 0], [2, 0, 0], [0, 0, 0]],
        "errors": [3, 3, -3, -3],
        "weighted_f1": 0,
        "accuracy": 0,
        "uar": 0,
        "f1": [0, 0, math.nan],
        "mse": 9,
        "com": -9 / 4,
    },
]


@pytest.mark.parametrize("case", BY_HAND)
def test_metrics_are_as_worked_by_hand(case):
    cells = np.array(case["confusion"])
    pairs = [cell for cell, count in np.ndenumerate(cells) for _ in range(count)]
    true, predicted = map(np.array, zip(*pairs, strict=True))
    told = np.arange(len(true)) / 2
    said = told + case["errors"]
    found = scored(true, sure(predicted, 3), told, said, ["a", "b", "c"])
    for name in ("weighted_f1", "accuracy", "uar", "mse", "com"):
        assert found[name] == pytest.approx(case[name], abs=1e-14), name
    assert found["rmse"] == pytest.approx(math.sqrt(case["mse"]))
    terms = clip_sums(*made(true, sure(predicted, 3), told, said), ["a", "b", "c"])
    by_class = f1_of(terms[0].sum(axis=0), 3)
    np.testing.assert_allclose(by_class, case["f1"], atol=1e-14)


def test_agreement_of_valences_is_as_worked_by_hand():
    # Means 2 and 3; variances 2/3 and 8/3 (divided by 3); covariance 4/3.
    # CCC = (8/3) / (2/3 + 8/3 + 1) = 8/13; the line is straight, so Pearson is 1.
    found = scored([0, 0, 0], sure([0, 0, 0]), [1, 2, 3], [1, 3, 5])
    assert found["ccc"] == pytest.approx(8 / 13)
    assert found["pearson"] == pytest.approx(1)
    # Errors 0, 1, 2.
    assert found["mse"] == pytest.approx(5 / 3)
    assert found["rmse"] == pytest.approx(math.sqrt(5 / 3))


@pytest.mark.parametrize("seed", range(5))
def test_metrics_are_those_of_scikit_learn_and_scipy(seed):
    true, predicted, told, said = example(seed=seed)
    found = scored(true, sure(predicted), told, said)
    expected = {
        "weighted_f1": f1_score(true, predicted, average="weighted", zero_division=0),
        "mse": mean_squared_error(told, said),
        "accuracy": accuracy_score(true, predicted),
        "uar": balanced_accuracy_score(true, predicted),
        "rmse": root_mean_squared_error(told, said),
        "pearson": pearsonr(told, said).statistic,
    }
    expected["com"] = expected["weighted_f1"] - expected["mse"] / 4
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-12), name
    by_class = f1_of(clip_sums(*made(true, sure(predicted)), CLASSES)[0].sum(axis=0), 4)
    each = f1_score(true, predicted, average=None, labels=range(4), zero_division=0)
    np.testing.assert_allclose(by_class, each, atol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_metrics_are_their_literal_formulas(seed):
    true, predicted, told, said = example(seed=seed)
    found, n = scored(true, sure(predicted), told, said), len(true)
    recalls = []
    for c in sorted(set(true.tolist())):
        right = [p == c for t, p in zip(true, predicted, strict=True) if t == c]
        recalls.append(sum(right) / len(right))
    assert found["uar"] == pytest.approx(sum(recalls) / len(recalls))
    assert found["accuracy"] == sum(t == p for t, p in zip(true, predicted, strict=True)) / n
    mean_t, mean_s = sum(told) / n, sum(said) / n
    spread_t = sum((t - mean_t) ** 2 for t in told) / n
    spread_s = sum((s - mean_s) ** 2 for s in said) / n
    shared = sum((t - mean_t) * (s - mean_s) for t, s in zip(told, said, strict=True)) / n
    ccc = 2 * shared / (spread_t + spread_s + (mean_t - mean_s) ** 2)
    assert found["ccc"] == pytest.approx(ccc)
    assert found["pearson"] == pytest.approx(shared / math.sqrt(spread_t * spread_s))
    squares = [(t - s) ** 2 for t, s in zip(told, said, strict=True)]
    assert found["rmse"] == pytest.approx(math.sqrt(sum(squares) / n))


@pytest.mark.parametrize("valence", [True, False])
def test_what_chooses_epochs_is_what_the_report_prints(valence):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        true, _, told, said = example(30, seed)
        # Many ties between the most probable classes.
        chances = rng.integers(1, 4, (30, 4)).astype(float)
        chances /= chances.sum(axis=1, keepdims=True)
        told, said = (told, said) if valence else (None, None)
        found = scored(true, chances, told, said)
        chosen_by = score(true, chances, told, said, CLASSES)
        assert found["weighted_f1"] == pytest.approx(chosen_by.weighted_f1, abs=1e-14)
        if valence:
            assert found["mse"] == pytest.approx(chosen_by.mse, rel=1e-13)
            assert found["com"] == pytest.approx(chosen_by.criterion, abs=1e-13)
        else:
            assert tuple(found) == metric_names(False) == ("weighted_f1", "accuracy", "uar")


def test_clips_in_another_order_score_the_same():
    true, predicted, told, said = example()
    order = np.random.default_rng(9).permutation(len(true))
    moved = scored(true[order], sure(predicted[order]), told[order], said[order])
    assert moved == pytest.approx(scored(true, sure(predicted), told, said), abs=1e-13)


def test_every_clip_twice_scores_the_same():
    true, predicted, told, said = (np.tile(values, 2) for values in example())
    once = scored(*(v if k != 1 else sure(v) for k, v in enumerate(example())))
    assert scored(true, sure(predicted), told, said) == pytest.approx(once, abs=1e-13)


def test_classes_in_another_order_score_the_same():
    true, predicted, told, said = example()
    place = np.array([2, 0, 3, 1])
    renamed = scored(place[true], sure(place[predicted]), told, said)
    assert renamed == pytest.approx(scored(true, sure(predicted), told, said), abs=1e-13)


def test_a_class_that_no_clip_has_and_nobody_says_changes_nothing():
    true, predicted, told, said = example()
    wider = scored(true, sure(predicted, 5), told, said, [*CLASSES, "e"])
    assert wider == pytest.approx(scored(true, sure(predicted), told, said), abs=1e-14)


@pytest.mark.parametrize(("offset", "scale"), [(100.0, 1.0), (0.0, 1e-3), (-7.0, 250.0)])
def test_valence_in_other_units_agrees_as_much(offset, scale):
    true, predicted, told, said = example()
    found = scored(true, sure(predicted), offset + scale * told, offset + scale * said)
    before = scored(true, sure(predicted), told, said)
    for name in ("ccc", "pearson"):
        assert found[name] == pytest.approx(before[name], rel=1e-9)
    assert found["mse"] == pytest.approx(scale**2 * before["mse"], rel=1e-9)
    assert found["rmse"] == pytest.approx(scale * before["rmse"], rel=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7])
@pytest.mark.parametrize("constant", ["told", "said", "both"])
def test_a_constant_valence_agrees_with_nothing(constant, value):
    true, predicted, told, said = example(37)
    told = told if constant == "said" else np.full(37, value)
    said = said if constant == "told" else np.full(37, value)
    found = scored(true, sure(predicted), told, said)
    assert found["ccc"] == found["pearson"] == 0
    assert found["mse"] == pytest.approx(np.mean((told - said) ** 2), abs=1e-13)


def test_one_clip_is_scored():
    found = scored([1], sure([1]), [2.0], [1.0])
    expected = {"weighted_f1": 1, "accuracy": 1, "uar": 1, "mse": 1, "rmse": 1, "com": 0.75}
    assert found == expected | {"ccc": 0, "pearson": 0}
    assert scored([1], sure([0]))["uar"] == 0


def test_of_no_clip_every_metric_is_unknown_and_no_other_is_touched():
    true, predicted, told, said = example()
    terms = clip_sums(*made(true, sure(predicted), told, said), CLASSES)[0]
    batch = np.stack([np.zeros(terms.shape[1]), terms.sum(axis=0)])
    values = metrics_of(batch, 4)
    assert np.isnan(values[0]).all()
    np.testing.assert_array_equal(values[1], metrics_of(batch[1], 4))
    assert values.shape == (2, len(METRICS))
    assert np.isnan(f1_of(batch, 4)[0]).all()


def test_absent_clips_have_no_terms():
    true, predicted, told, said = example()
    labels, whole = made(true, sure(predicted), told, said)
    kept = np.arange(len(true)) % 3 > 0
    terms = clip_sums(labels, whole.among(kept), CLASSES)
    np.testing.assert_array_equal(terms, clip_sums(labels, whole, CLASSES)[:, kept])


def test_weights_of_clips_count_them():
    true, predicted, told, said = example()
    weights = np.random.default_rng(4).integers(0, 4, len(true))
    terms = clip_sums(*made(true, sure(predicted), told, said), CLASSES)[0]
    rows = np.repeat(np.arange(len(true)), weights)
    drawn = scored(true[rows], sure(predicted[rows]), told[rows], said[rows])
    values = metrics_of(weights @ terms, 4)
    np.testing.assert_allclose(values, list(drawn.values()), atol=1e-12)
