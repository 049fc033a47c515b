import numpy as np
import pytest

from merflow.report.bootstrap import draw_counts, interval, resample
from merflow.training.scores import score

CLASSES = ["a", "b", "c"]


def made_up(clips=40, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 3, clips)
    predicted = np.where(rng.random(clips) < 0.6, true, rng.integers(0, 3, clips))
    told, said = rng.normal(size=clips), rng.normal(size=clips)
    return true, predicted, told, said


def test_resample_equals_scoring_each_draw_clip_by_clip():
    true, predicted, told, said = made_up()
    stratum = np.arange(40) % 3
    counts = draw_counts(stratum, 25, 0, "train")
    mean, pooled = resample(counts, stratum, true, predicted, (said - told) ** 2, 3)
    for d, drawn in enumerate(counts.astype(int)):
        by_fold = []
        for members in (stratum == 0, stratum == 1, stratum == 2, stratum >= 0):
            rows = np.repeat(np.flatnonzero(members), drawn[members])
            one_hot = np.eye(3)[predicted[rows]]
            found = score(true[rows], one_hot, told[rows], said[rows], CLASSES)
            by_fold.append([found.weighted_f1, found.mse, found.com])
        np.testing.assert_allclose(mean[d], np.mean(by_fold[:3], axis=0))
        np.testing.assert_allclose(pooled[d], by_fold[3])


def test_every_draw_has_as_many_clips_of_each_fold_as_there_are():
    stratum = np.array([0, 0, 0, 1, 1, 4])
    counts = draw_counts(stratum, 50, 0, "train")
    for fold in (0, 1, 4):
        assert (counts[:, stratum == fold].sum(axis=1) == (stratum == fold).sum()).all()
    assert len(np.unique(counts, axis=0)) > 10


def test_draws_follow_from_seed_and_split_alone():
    stratum = np.zeros(30, np.int64)
    first = draw_counts(stratum, 20, 0, "test1")
    assert (first == draw_counts(stratum, 20, 0, "test1")).all()
    assert (first != draw_counts(stratum, 20, 0, "test2")).any()
    assert (first != draw_counts(stratum, 20, 1, "test1")).any()


def test_interval_of_a_mean_square_is_as_wide_as_theory_says():
    rng = np.random.default_rng(3)
    clips = 2000
    squares = rng.normal(size=clips) ** 2
    stratum, zeros = np.zeros(clips, np.int64), np.zeros(clips, np.int64)
    counts = draw_counts(stratum, 1000, 0, "test1")
    samples, _ = resample(counts, stratum, zeros, zeros, squares, 1)
    low, high = interval(samples)[1]
    # The variance of a squared standard normal is 2.
    half = 1.96 * np.sqrt(2 / clips)
    assert low == pytest.approx(squares.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(squares.mean() + half, abs=0.15 * half)


def test_interval_covers_the_true_accuracy_about_95_times_in_a_hundred():
    rng = np.random.default_rng(5)
    clips, covered, trials = 200, 0, 200
    stratum, true = np.zeros(clips, np.int64), np.zeros(clips, np.int64)
    counts = draw_counts(stratum, 300, 0, "test1")
    for _ in range(trials):
        squares = (rng.random(clips) < 0.3).astype(float)
        samples, _ = resample(counts, stratum, true, true, squares, 1)
        low, high = interval(samples)[1]
        covered += low <= 0.3 <= high
    assert 0.9 <= covered / trials <= 0.99


def test_a_draw_without_any_scored_clip_of_a_fold_leaves_that_fold_out():
    stratum, true = np.array([0, 1, 1]), np.array([0, 1, 1])
    counts = np.array([[0.0, 1.0, 1.0]])
    mean, _ = resample(counts, stratum, true, np.array([1, 1, 0]), None, 2)
    assert mean[0, 0] == pytest.approx(2 / 3)
