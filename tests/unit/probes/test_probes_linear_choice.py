"""Which penalty each reading keeps, by scores that are made up."""

import dataclasses

import numpy as np
import pytest

from merflow.errors import MerflowError
from merflow.probes.linear import PENALTIES, LinearProbe

FOLDS, CLIPS, READINGS = 4, 8, ("organiser", "honest")


@pytest.fixture
def probe():
    """Two clips a fold; what is said of a clip tells the penalty."""
    draws = np.random.default_rng(0)
    shape = (FOLDS, len(PENALTIES))
    outputs = np.zeros((len(PENALTIES), CLIPS, 3))
    outputs[..., 0] = np.linspace(0, 1, len(PENALTIES))[:, None]
    outputs[..., 1] = 1 - outputs[..., 0]
    outputs[..., 2] = np.array(PENALTIES)[:, None]
    return LinearProbe(
        seed=3,
        clips=tuple(f"clip{row}" for row in range(CLIPS)),
        fold=np.arange(CLIPS) % FOLDS,
        outputs=outputs,
        weighted_f1=draws.uniform(size=shape),
        mse=draws.uniform(size=shape),
        classes=("one", "other"),
    )


@pytest.mark.parametrize("reading", READINGS)
def test_each_fold_gets_the_best_sum_of_both_scores(probe, reading):
    com = probe.weighted_f1[:, :, None] - 0.25 * probe.mse[:, None, :]
    for fold, row in probe.penalties(reading).iterrows():
        seen = com[fold] if reading == "organiser" else np.delete(com, fold, axis=0).mean(axis=0)
        best = np.unravel_index(np.argmax(seen), seen.shape)
        assert tuple(row[["emotion", "valence"]]) == tuple(np.array(PENALTIES)[list(best)])


@pytest.mark.parametrize("reading", READINGS)
def test_what_is_said_is_that_of_the_kept_penalties(probe, reading):
    kept, frame = probe.penalties(reading), probe.predictions(reading)
    assert frame["valence"].tolist() == kept["valence"][frame["fold"]].tolist()
    at = [PENALTIES.index(penalty) for penalty in kept["emotion"][frame["fold"]]]
    assert frame["p_one"].tolist() == np.linspace(0, 1, len(PENALTIES))[at].tolist()


def test_the_scores_of_a_fold_do_not_enter_its_honest_choice(probe):
    before, best = probe.penalties("honest"), len(PENALTIES) - 1
    weighted_f1, mse = probe.weighted_f1.copy(), probe.mse.copy()
    weighted_f1[1, best], mse[1, best] = 9.0, -9.0
    moved = dataclasses.replace(probe, weighted_f1=weighted_f1, mse=mse)
    assert moved.penalties("honest").iloc[1].equals(before.iloc[1])
    assert (moved.penalties("honest").iloc[0, 1:] == PENALTIES[best]).all()
    assert (moved.penalties("organiser").iloc[1, 1:] == PENALTIES[best]).all()


@pytest.mark.parametrize("reading", READINGS)
def test_the_strongest_penalty_wins_a_tie(probe, reading):
    level = np.ones_like(probe.mse)
    kept = dataclasses.replace(probe, weighted_f1=level, mse=level).penalties(reading)
    assert (kept[["emotion", "valence"]] == max(PENALTIES)).all(axis=None)


def test_one_fold_has_no_others_to_choose_by(probe):
    alone = dataclasses.replace(probe, weighted_f1=probe.weighted_f1[:1], mse=probe.mse[:1])
    with pytest.raises(MerflowError, match="one fold alone"):
        alone.penalties("honest")
