import numpy as np
import pytest

from merflow.report.bootstrap import (
    SMALLEST,
    draw_counts,
    interval,
    mean_of_known,
    resample,
    seed_weights,
    strata,
)
from merflow.report.labels import SplitLabels
from merflow.report.readings import Predictions
from merflow.report.sums import METRICS, clip_sums, f1_of, metrics_of
from merflow.training.scores import score

CLASSES = ["a", "b", "c"]
MSE = METRICS.index("mse")


def labelled(emotion, fold=None, valence=None):
    emotion = np.asarray(emotion)
    fold = np.zeros(len(emotion), np.int64) if fold is None else np.asarray(fold)
    return SplitLabels("train", [f"{k:04d}" for k in range(len(emotion))], emotion, valence, fold)


def made_up(clips=40, seeds=2, seed=0, valence=True):
    """Labels of three folds of unequal size, and terms of two trainings."""
    rng = np.random.default_rng(seed)
    fold = np.arange(clips) % 7 % 3
    labels = labelled(rng.integers(0, 3, clips), fold, rng.normal(size=clips))
    chances = rng.dirichlet(np.ones(3), (seeds, clips)) + 0.5 * np.eye(3)[labels.emotion]
    said = labels.valence + rng.normal(size=(seeds, clips)) if valence else None
    present = np.ones(clips, bool)
    told = Predictions(list(range(seeds)), present, chances / 1.5, said)
    return labels, told, clip_sums(labels, told, CLASSES)


def of_squares(squares):
    """Terms of clips of one class with these squared errors."""
    said = np.sqrt(squares)
    labels = labelled(np.zeros(len(said), np.int64), valence=np.zeros(len(said)))
    told = Predictions([0], np.ones(len(said), bool), np.ones((1, len(said), 1)), said[None])
    return clip_sums(labels, told, ["a"])


def test_resample_equals_scoring_each_draw_clip_by_clip():
    labels, told, terms = made_up()
    fold = labels.stratum
    counts = draw_counts(fold, 25, 0, "train")
    found = resample(counts, fold, terms, 3)
    for d, drawn in enumerate(counts.astype(int)):
        for k in range(2):
            each = []
            for members in (fold == 0, fold == 1, fold == 2, fold >= 0):
                rows = np.repeat(np.flatnonzero(members), drawn[members])
                each.append(terms[k][rows].sum(axis=0))
                literal = score(
                    labels.emotion[rows],
                    told.probabilities[k][rows],
                    labels.valence[rows],
                    told.valence[k][rows],
                    CLASSES,
                )
                by_sums = metrics_of(each[-1], 3)[:3]
                expected = [literal.weighted_f1, literal.mse, literal.com]
                np.testing.assert_allclose(by_sums, expected, atol=1e-12)
            by_fold = [metrics_of(own, 3) for own in each]
            np.testing.assert_allclose(found.mean[k, d], np.mean(by_fold[:3], axis=0), atol=1e-12)
            np.testing.assert_allclose(found.pooled[k, d], by_fold[3], atol=1e-12)
            f1 = np.nanmean([f1_of(own, 3) for own in each[:3]], axis=0)
            np.testing.assert_allclose(found.f1[k, d], f1, atol=1e-12)
            np.testing.assert_allclose(found.pooled_f1[k, d], f1_of(each[3], 3), atol=1e-12)


def test_draws_are_scored_alike_however_many_and_beside_whatever_training():
    labels, _, terms = made_up()
    counts = draw_counts(strata(labels), 1203, 0, "train")
    whole = resample(counts, labels.stratum, terms, 3)
    some = resample(counts[700:710], labels.stratum, terms[1:], 3)
    np.testing.assert_allclose(some.mean[0], whole.mean[1, 700:710], atol=1e-13)
    np.testing.assert_allclose(some.pooled_f1[0], whole.pooled_f1[1, 700:710], atol=1e-13)


def test_every_draw_has_as_many_clips_of_each_stratum_as_there_are():
    stratum = np.array([0, 0, 0, 1, 1, 4])
    counts = draw_counts(stratum, 1100, 0, "train")
    for value in (0, 1, 4):
        assert (counts[:, stratum == value].sum(axis=1) == (stratum == value).sum()).all()
    assert len(np.unique(counts, axis=0)) == 10 * 3
    # Each clip is drawn once on average, in the first draws and in the last.
    for part in (counts[:500], counts[500:]):
        assert part.mean(axis=0) == pytest.approx(np.ones(6), abs=0.2)


def test_every_draw_of_large_classes_has_the_labels_of_the_corpus():
    rng = np.random.default_rng(0)
    fold, emotion = np.arange(400) % 3, rng.choice(3, 400, p=[0.5, 0.3, 0.2])
    labels = labelled(emotion, fold)
    assert len(np.unique(strata(labels))) == 9
    counts = draw_counts(strata(labels), 20, 0, "train")
    for f in range(3):
        for e in range(3):
            members = (fold == f) & (emotion == e)
            assert (counts[:, members].sum(axis=1) == members.sum()).all()


def test_rare_emotions_of_a_fold_are_drawn_together():
    sizes = {0: (30, 4, 3, 0, 20), 1: (2, 1, 3, 0, 0), 2: (12, 11, 10, 5, 0), 3: (5, 5, 6, 7, 6)}
    pairs = [(f, e) for f, counts in sizes.items() for e, n in enumerate(counts) for _ in range(n)]
    fold, emotion = map(np.array, zip(*pairs, strict=True))
    found = strata(labelled(emotion, fold))
    groups = {
        frozenset((int(fold[k]), int(emotion[k])) for k in np.flatnonzero(found == value))
        for value in np.unique(found)
    }
    assert groups == {
        # 3 + 4 are not enough, with the 20 of the next they are.
        frozenset({(0, 2), (0, 1), (0, 4)}),
        frozenset({(0, 0)}),
        # A whole fold may be small.
        frozenset({(1, 0), (1, 1), (1, 2)}),
        frozenset({(2, 3), (2, 2)}),
        frozenset({(2, 1)}),
        frozenset({(2, 0)}),
        # The 7 that are left join the two sixes.
        frozenset({(3, 0), (3, 1)}),
        frozenset({(3, 2), (3, 4), (3, 3)}),
    }


@pytest.mark.parametrize("seed", range(20))
def test_no_stratum_crosses_folds_or_is_small_beside_another(seed):
    rng = np.random.default_rng(seed)
    labels = labelled(rng.choice(6, 200, p=rng.dirichlet(np.ones(6))), rng.integers(0, 5, 200))
    found = strata(labels)
    for value in np.unique(found):
        (fold,) = np.unique(labels.stratum[found == value])
        alone = len(np.unique(found[labels.stratum == fold])) == 1
        assert alone or (found == value).sum() >= SMALLEST


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
    stratum = np.zeros(clips, np.int64)
    counts = draw_counts(stratum, 1000, 0, "test1")
    low, high = interval(resample(counts, stratum, of_squares(squares), 1).mean[0])[MSE]
    # The variance of a squared standard normal is 2.
    half = 1.96 * np.sqrt(2 / clips)
    assert low == pytest.approx(squares.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(squares.mean() + half, abs=0.15 * half)


def test_interval_covers_the_truth_about_95_times_in_a_hundred():
    rng = np.random.default_rng(5)
    clips, covered, trials = 200, 0, 200
    stratum = np.zeros(clips, np.int64)
    counts = draw_counts(stratum, 300, 0, "test1")
    for _ in range(trials):
        squares = (rng.random(clips) < 0.3).astype(float)
        low, high = interval(resample(counts, stratum, of_squares(squares), 1).mean[0])[MSE]
        covered += low <= 0.3 <= high
    assert 0.9 <= covered / trials <= 0.99


def test_interval_of_weighted_f1_covers_the_truth_given_the_emotions():
    # Each class is right with its own odds, its errors go to the next class.
    odds, per_class, trials, covered = np.array([0.9, 0.6, 0.4]), 60, 200, 0
    emotion = np.repeat(np.arange(3), per_class)
    labels, rng = labelled(emotion), np.random.default_rng(6)
    said = odds + 1 - np.roll(odds, 1)
    truth = (2 * odds / (1 + said)).mean()
    counts = draw_counts(strata(labels), 300, 0, "test1")
    for _ in range(trials):
        right = rng.random(len(emotion)) < odds[emotion]
        chances = np.eye(3)[np.where(right, emotion, (emotion + 1) % 3)][None]
        told = Predictions([0], np.ones(len(emotion), bool), chances, None)
        drawn = resample(counts, labels.stratum, clip_sums(labels, told, CLASSES), 3)
        low, high = interval(drawn.mean[0])[0]
        covered += low <= truth <= high
    assert 0.9 <= covered / trials <= 0.99


def test_a_draw_without_any_scored_clip_of_a_fold_leaves_that_fold_out():
    labels = labelled([0, 1, 1], [0, 1, 1])
    told = Predictions([0], np.ones(3, bool), np.eye(2)[[1, 1, 0]][None], None)
    counts = np.array([[0, 1, 1]], np.uint8)
    found = resample(counts, labels.stratum, clip_sums(labels, told, ["a", "b"]), 2)
    assert found.mean[0, 0, 0] == pytest.approx(2 / 3)
    # No drawn clip is a: its F1 is unknown.
    np.testing.assert_allclose(found.f1[0, 0], [np.nan, 2 / 3])


def test_intervals_are_of_the_draws_where_a_score_is_known():
    samples = np.array([[1.0, np.nan, np.nan], [2.0, 5.0, np.nan], [3.0, 7.0, np.nan]])
    found = interval(samples)
    np.testing.assert_allclose(found[0], [1.05, 2.95])
    np.testing.assert_allclose(found[1], [5.05, 6.95])
    assert np.isnan(found[2]).all()
    np.testing.assert_allclose(mean_of_known(samples), [2, 6, np.nan])


def test_trainings_are_resampled_with_replacement():
    assert (seed_weights([4], 50, 0) == 1).all()
    weights = seed_weights([4, 5, 6], 50, 0)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert set(np.unique(np.round(weights * 3))) == {0, 1, 2, 3}


def test_a_split_called_trainings_is_drawn_on_its_own():
    clips = draw_counts(np.zeros(3, np.int64), 50, 0, "trainings")
    assert (clips != np.round(seed_weights([4, 5, 6], 50, 0) * 3)).any()
