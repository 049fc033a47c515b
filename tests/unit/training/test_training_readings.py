import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from merflow.errors import MerflowError
from merflow.training.readings import HONEST, ORGANISER, honest, keep, organiser

curves = hnp.arrays(
    np.float64,
    st.tuples(st.integers(2, 5), st.integers(1, 8)),
    elements=st.integers(-4, 4).map(lambda n: n / 4),
)


@settings(max_examples=80, deadline=None)
@given(curves)
def test_organiser_keeps_the_earliest_best_epoch_of_each_fold(criterion):
    kept = organiser(criterion)
    for fold, epoch in enumerate(kept):
        assert criterion[fold, epoch] == criterion[fold].max()
        assert (criterion[fold, :epoch] < criterion[fold, epoch]).all()


@settings(max_examples=80, deadline=None)
@given(curves)
def test_honest_keeps_the_earliest_best_epoch_of_the_other_folds(criterion):
    for fold, epoch in enumerate(honest(criterion)):
        others = [row for index, row in enumerate(criterion.tolist()) if index != fold]
        means = [sum(column) / len(others) for column in zip(*others, strict=True)]
        assert epoch == means.index(max(means))


@settings(max_examples=80, deadline=None)
@given(curves, st.integers(0, 10), st.integers(0, 2**32 - 1))
def test_honest_never_uses_the_held_out_fold(criterion, fold, seed):
    fold %= len(criterion)
    altered = criterion.copy()
    altered[fold] = np.random.default_rng(seed).permutation(altered[fold]) * 3 - 1
    assert honest(altered)[fold] == honest(criterion)[fold]


@settings(max_examples=80, deadline=None)
@given(curves)
def test_an_epoch_kept_so_far_is_known_without_later_ones(criterion):
    for epochs in range(1, criterion.shape[1] + 1):
        for reading in (organiser, honest):
            kept = reading(criterion[:, :epochs])
            whole = reading(criterion)
            assert (kept[whole < epochs] == whole[whole < epochs]).all()


@settings(max_examples=80, deadline=None)
@given(curves, st.integers(0, 2**32 - 1))
def test_an_inner_fold_decides_the_honest_reading_alone(criterion, seed):
    inner = np.random.default_rng(seed).integers(-4, 5, criterion.shape) / 4
    assert np.array_equal(keep(HONEST, criterion, inner), organiser(inner))
    assert np.array_equal(keep(HONEST, criterion * 0, inner), organiser(inner))
    assert np.array_equal(keep(ORGANISER, criterion, inner), organiser(criterion))
    assert np.array_equal(keep(HONEST, criterion), honest(criterion))
    assert np.array_equal(keep(ORGANISER, criterion), organiser(criterion))


def test_a_tie_in_another_order_of_folds_is_still_a_tie():
    # 0.1 + 0.2 + 0.3 differs from 0.3 + 0.2 + 0.1 in plain floats.
    criterion = np.array([[0.0, 0.0], [0.3, 0.1], [0.2, 0.2], [0.1, 0.3]])
    assert honest(criterion)[0] == 0


def test_one_fold_alone_has_no_honest_reading():
    with pytest.raises(MerflowError, match=r"one fold alone: raise corpus\.folds\.count"):
        honest(np.zeros((1, 4)))
