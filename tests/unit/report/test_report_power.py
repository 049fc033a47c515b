import numpy as np
import pytest

from merflow.report.gains import ROWS, STEMS, paper_gains
from merflow.report.power import (
    SIMULATED,
    detectable,
    factors,
    scaled,
    seed_sd,
    seeds_needed,
    spread,
)


def test_a_detectable_difference_is_found_in_80_of_100_runs():
    sd = 0.3
    found = np.abs(np.random.default_rng(0).normal(detectable(sd), sd, 20000)) > 1.96 * sd
    assert found.mean() == pytest.approx(0.8, abs=0.01)


def test_four_times_the_clips_halve_it():
    assert scaled(0.03, 100, 400) == pytest.approx(0.015)
    assert scaled(0.03, 411, 411) == 0.03


def test_the_interval_of_a_standard_deviation_holds_the_true_one():
    rng, held = np.random.default_rng(1), 0
    for _ in range(2000):
        one = spread(seed_sd(rng.normal(0, 2, 3)), 3)
        held += one.low <= 2 <= one.high
    assert held / 2000 == pytest.approx(0.95, abs=0.02)


def test_three_trainings_say_little():
    low, high = factors(3)
    assert low == pytest.approx(0.52, abs=0.01)
    assert high == pytest.approx(6.28, abs=0.01)
    assert seed_sd([0.3]) is None


def test_that_many_seeds_find_the_difference():
    sd, gap = 0.02, 0.01
    count = seeds_needed(sd, gap)
    assert count == 32
    means = np.random.default_rng(2).normal(gap, sd, (20000, count)).mean(axis=1)
    assert (means > 1.96 * sd / np.sqrt(count)).mean() == pytest.approx(0.8, abs=0.02)
    assert seeds_needed(0.001, 0.5) == 2
    assert seeds_needed(0.02, -gap) == count
    assert seeds_needed(0.02, 0.0) is None


def test_the_paper_s_eighteen_gains():
    assert len(STEMS) * len(ROWS) == 18
    multi, noise, train = (paper_gains(row) for row in ("MER-MULTI", "MER-NOISE", "Train&Val"))
    told = dict(zip(STEMS, (0.0099, 0.0187, 0.0104, 0.0106, 0.0075, 0.0059), strict=True))
    assert multi == pytest.approx(told, abs=1e-9)
    assert min(noise.values()) == pytest.approx(0.0001)
    # The misprint: .6402 less the .6274 that follows from the paper's own Dis and Dim.
    assert train["fused"] == pytest.approx(0.0128)
    assert all(gain > 0 for gains in (multi, noise, train) for gain in gains.values())
    assert max(multi.values()) < SIMULATED[411][0]
