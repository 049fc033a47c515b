"""The solver that serves many shifts from one reduction, and the adding-up of folds."""

import numpy as np
import pytest

from merflow.probes.linear_moments import moments_of, pooled
from merflow.probes.linear_solver import ShiftedSolver

SHIFTS = (1e-3, 1.0, 50.0)


@pytest.mark.parametrize("dim", [0, 1, 2, 3, 7, 80, 200])
@pytest.mark.parametrize("rank", [0, 2, 500])
def test_every_shift_is_solved(dim, rank):
    draws = np.random.default_rng(dim)
    values = draws.standard_normal((rank, dim))
    matrix, right = values.T @ values, draws.standard_normal((dim, 4))
    found = ShiftedSolver(matrix.copy()).solve(SHIFTS, right)
    assert found.shape == (len(SHIFTS), dim, 4)
    for shift, one in zip(SHIFTS, found, strict=True):
        wanted = np.linalg.solve(matrix + shift * np.eye(dim), right)
        assert one == pytest.approx(wanted, rel=1e-8, abs=1e-8)


def test_parts_add_up_to_the_whole():
    draws = np.random.default_rng(3)
    values, targets = draws.standard_normal((50, 6)) + 4, draws.standard_normal((50, 2))
    shift = draws.standard_normal(6)
    whole = moments_of(values, targets, shift)
    cut = [moments_of(values[a:b], targets[a:b], shift) for a, b in ((0, 1), (1, 20), (20, 50))]
    added = pooled(cut)
    assert added.count == whole.count
    for name in ("mean", "scatter", "largest", "totals", "cross"):
        assert getattr(added, name) == pytest.approx(getattr(whole, name), abs=1e-11)


def test_little_that_varies_in_some_parts_survives_much_that_varies_in_others():
    draws = np.random.default_rng(4)
    little = 1e-5 * draws.standard_normal((30, 1))
    parts = [
        moments_of(values, np.zeros((len(values), 0)), np.zeros(1))
        for values in (little[:10], little[10:], 1e6 * draws.standard_normal((10, 1)))
    ]
    assert pooled(parts[:2]).scale == pytest.approx(1 / little.std(), rel=1e-12)
