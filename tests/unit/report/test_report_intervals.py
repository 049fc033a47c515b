"""Intervals of a cell and of a difference, against loops over the draws."""

import numpy as np
import pytest

from merflow.report.bootstrap import draw_counts, seed_weights
from merflow.report.labels import SplitLabels
from merflow.report.metrics import Rounding, difference, evaluate, summary
from merflow.report.readings import Predictions
from merflow.report.sums import METRICS as ALL
from merflow.report.sums import clip_sums, f1_of, metrics_of
from merflow.training.scores import score

CLASSES = ["a", "b", "c"]
EXACT = Rounding(12)
METRICS = ("weighted_f1", "mse", "com")


@pytest.fixture(scope="module")
def labels():
    rng = np.random.default_rng(2)
    names = [f"c{k:02d}" for k in range(30)]
    # Folds of unequal size, so that the mean over folds is not the pooled score.
    fold = np.repeat([0, 1, 2], [5, 9, 16])
    return SplitLabels("train", names, rng.integers(0, 3, 30), rng.normal(size=30), fold)


@pytest.fixture(scope="module")
def counts(labels):
    return draw_counts(labels.stratum, 40, 0, "train")


def predictions(labels, seed, seeds=(0, 1)):
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.ones(3), (len(seeds), 30)) + 0.4 * np.eye(3)[labels.emotion]
    said = labels.valence + rng.normal(size=(len(seeds), 30))
    return Predictions(
        list(seeds), np.ones(30, bool), chances / chances.sum(axis=2, keepdims=True), said
    )


def literal(labels, counts, said):
    """Score each draw of each training clip by clip: (draws, seeds, metrics)."""
    found = np.zeros((len(counts), len(said.seeds), 3))
    for d, drawn in enumerate(counts.astype(int)):
        for k in range(len(said.seeds)):
            by_fold = []
            for fold in (0, 1, 2):
                rows = [r for r in range(30) if labels.stratum[r] == fold for _ in range(drawn[r])]
                scores = score(
                    labels.emotion[rows],
                    said.probabilities[k][rows],
                    labels.valence[rows],
                    said.valence[k][rows],
                    CLASSES,
                )
                by_fold.append([getattr(scores, name) for name in METRICS])
            found[d, k] = np.mean(by_fold, axis=0)
    return found


def percentiles(samples):
    """The 2.5 % and 97.5 % points, interpolated between the sorted samples."""
    ordered = sorted(samples)
    return [
        np.interp(share * (len(ordered) - 1), range(len(ordered)), ordered)
        for share in (0.025, 0.975)
    ]


def test_a_cell_s_interval_is_that_of_the_draws_scored_one_by_one(labels, counts):
    said = predictions(labels, 1)
    found = summary(evaluate(labels, said, counts, CLASSES), EXACT)
    drawn = literal(labels, counts, said).mean(axis=1)
    for m, name in enumerate(METRICS):
        assert found["interval"][name] == pytest.approx(percentiles(drawn[:, m]), abs=1e-9)
        assert found["interval"][name] != found["pooled"]["interval"][name]


def test_every_metric_s_value_is_the_mean_over_folds_then_seeds(labels, counts):
    said = predictions(labels, 1)
    found = summary(evaluate(labels, said, counts, CLASSES), EXACT)
    terms = clip_sums(labels, said, CLASSES)
    by_fold = [terms[:, labels.stratum == fold].sum(axis=1) for fold in (0, 1, 2)]
    values = np.mean([metrics_of(own, 3) for own in by_fold], axis=(0, 1))
    pooled = metrics_of(terms.sum(axis=1), 3).mean(axis=0)
    for m, name in enumerate(ALL):
        assert found[name] == pytest.approx(values[m], abs=1e-11)
        assert found["pooled"][name] == pytest.approx(pooled[m], abs=1e-11)
    f1 = np.nanmean([f1_of(own, 3) for own in by_fold], axis=0).mean(axis=0)
    assert list(found["f1"].values()) == pytest.approx(f1.tolist(), abs=1e-11)
    assert list(found["f1"]) == CLASSES


def test_a_difference_s_interval_is_paired_over_draws_and_trainings(labels, counts):
    one, other = predictions(labels, 1), predictions(labels, 2)
    cells = [evaluate(labels, said, counts, CLASSES) for said in (one, other)]
    found = difference(*cells, 0, EXACT)
    gaps = literal(labels, counts, one) - literal(labels, counts, other)
    weights = seed_weights([0, 1], len(counts), 0)
    for m, name in enumerate(METRICS):
        drawn = [
            sum(w * gap for w, gap in zip(weights[d], gaps[d, :, m], strict=True))
            for d in range(40)
        ]
        assert found["interval"][name] == pytest.approx(percentiles(drawn), abs=1e-9)


def test_a_gap_that_differs_by_seed_alone_is_spanned(labels, counts):
    one = predictions(labels, 1)
    squares = (one.valence - labels.valence) ** 2 + np.array([[1.0], [4.0]])
    worse = Predictions(
        one.seeds, one.present, one.probabilities, labels.valence + np.sqrt(squares)
    )
    cells = [evaluate(labels, said, counts, CLASSES) for said in (worse, one)]
    found = difference(*cells, 0, EXACT)
    assert found["mse"] == pytest.approx(2.5)
    assert found["interval"]["mse"] == pytest.approx([1.0, 4.0])
    assert found["interval"]["com"] == pytest.approx([-1.0, -0.25])
    assert found["interval"]["weighted_f1"] == [0, 0]


def test_trainings_of_other_seeds_are_not_compared(labels, counts):
    cells = [
        evaluate(labels, predictions(labels, 1, seeds), counts, CLASSES)
        for seeds in ((0, 1), (0, 2))
    ]
    assert difference(*cells, 0, EXACT) is None
