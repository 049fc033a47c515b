"""Patience: what it leaves of a trajectory, and that what is kept scores as its curve says."""

import numpy as np
import pytest
import toy_members as toy

from merflow.training.predictions import predictions_of
from merflow.training.readings import HONEST, ORGANISER, READINGS, keep
from merflow.training.scores import score


def stopped(curve, patience):
    """Return the epoch that early stopping keeps of a curve, and how many it has trained."""
    best = 0
    for epoch in range(len(curve)):
        best = epoch if curve[epoch] > curve[best] else best
        if epoch - best >= patience:
            return best, epoch + 1
    return best, len(curve)


def by_hand(run, patience):
    """Return the honest epochs of a whole trajectory, and how many epochs patience leaves."""
    curves = run.inner
    if curves is None:
        folds = range(len(run.criterion))
        curves = [np.delete(run.criterion, fold, axis=0).mean(axis=0) for fold in folds]
    kept, ends = zip(*(stopped(curve, patience) for curve in curves), strict=True)
    return list(kept), max(ends)


@pytest.mark.parametrize("selection", ["folds", "inner"])
@pytest.mark.parametrize("patience", [1, 2, 4])
def test_patience_cuts_the_whole_trajectory_and_changes_nothing_in_it(selection, patience):
    settings = {"epochs": 16, "learning_rate": 3e-2, "selection": selection}
    source = toy.source(selection, sizes=(5, 8, 6, 7))
    one = toy.member(source, 4)
    whole = toy.alone(one, toy.how(**settings))
    assert whole.criterion.shape == (4, 16)
    early = toy.alone(one, toy.how(**settings, patience=patience))
    kept, epochs = by_hand(whole, patience)
    assert early.criterion.shape[1] == epochs
    assert np.array_equal(early.criterion, whole.criterion[:, :epochs])
    assert early.curves == [row for row in whole.curves if row["epoch"] <= epochs]
    assert early.kept[HONEST].tolist() == kept
    assert np.array_equal(early.kept[ORGANISER], whole.criterion[:, :epochs].argmax(axis=1))
    again = toy.alone(one, toy.how(**{**settings, "epochs": epochs}, patience=patience))
    assert toy.same(early, again)


def test_patience_counts_from_the_last_fold_of_the_honest_reading():
    settings = toy.how(epochs=40, patience=3, learning_rate=3e-2)
    for seed in range(4):
        run = toy.alone(toy.member(toy.source(), seed), settings)
        latest = int(run.kept[HONEST].max())
        assert run.criterion.shape[1] == min(latest + 1 + 3, 40)


@pytest.mark.parametrize("selection", ["folds", "inner"])
def test_what_is_kept_scores_as_its_curve_says(selection):
    source = toy.source(selection, sizes=(5, 8, 6, 7), copies=1)
    run = toy.alone(toy.member(source), toy.how(epochs=9))
    data, labels = source.data, source.data.labels
    for reading in READINGS:
        assert np.array_equal(run.kept[reading], keep(reading, run.criterion, run.inner))
        frame = predictions_of(data, run, reading, toy.CLASSES, True)
        out_of_fold = frame[frame["split"] == "train"]
        assert (
            sorted(out_of_fold["clip"])
            == [c for c in labels.clips if c in set(frame["clip"])][: len(out_of_fold)]
        )
        for fold, part in out_of_fold.groupby("fold"):
            rows = [labels.clips.index(clip) for clip in part["clip"]]
            said = part[[f"p_{name}" for name in toy.CLASSES]].to_numpy()
            scores = score(
                labels.emotion[rows],
                said,
                labels.valence[rows],
                part["valence"].to_numpy(),
                toy.CLASSES,
            )
            assert scores.com == run.criterion[fold, run.kept[reading][fold]]
