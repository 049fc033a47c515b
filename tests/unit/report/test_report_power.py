import numpy as np
import pytest
from scipy.stats import ttest_1samp

from merflow.report.gains import ROWS, STEMS, paper_gains
from merflow.report.power import (
    SIMULATED,
    detectable,
    factors,
    scaled,
    seed_sd,
    seeds_needed,
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
        sd = seed_sd(rng.normal(0, 2, 3))
        low, high = factors(3)
        held += low * sd <= 2 <= high * sd
    assert held / 2000 == pytest.approx(0.95, abs=0.02)


def test_three_trainings_say_little():
    low, high = factors(3)
    assert low == pytest.approx(0.52, abs=0.01)
    assert high == pytest.approx(6.28, abs=0.01)
    assert seed_sd([0.3]) is None


def test_that_many_seeds_find_the_difference():
    sd, gap = 0.02, 0.01
    count = seeds_needed(sd, gap)
    assert count == 34
    assert seeds_needed(0.001, 0.5) == seeds_needed(0.0, gap) == 2
    assert seeds_needed(0.02, -gap) == count


@pytest.mark.parametrize("sd", [0.001, 0.005, 0.01, 0.02])
def test_the_spread_has_to_be_estimated_from_the_same_trainings(sd):
    gap, rng = 0.01, np.random.default_rng(2)
    count = seeds_needed(sd, gap)
    power = [
        (ttest_1samp(rng.normal(gap, sd, (20000, number)), 0, axis=1).pvalue < 0.05).mean()
        for number in (count, count - 1)
        if number > 1
    ]
    assert power[0] > 0.79
    assert all(less < 0.81 for less in power[1:])


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
