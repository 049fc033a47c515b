"""How small a difference a run can show, and how many trainings would show one of a given size.

Source: Cohen 1988, for clips with the normal approximation, for trainings with Student's t, as
their spread is not known but estimated from them; ours is where the spreads are taken from.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, stdev

from scipy.stats import chi2, nct, t

LEVEL, POWER = 0.05, 0.8
WIDTH = NormalDist().inv_cdf(1 - LEVEL / 2) + NormalDist().inv_cdf(POWER)
"""Standard deviations from 0 to a difference that a two-sided 5 % test finds in 80 % of runs."""
GOAL = 0.01
"""Difference for which numbers of trainings are told: about the paper's gains."""
SURE = 100.0
"""Standard deviations that a difference is taken for at most; two trainings show it."""
AGREEMENT = (0.89, 0.82)
"""Shares of clips that two simulated systems give the same emotion."""
SIMULATED = {411: (0.028, 0.036), 3373: (0.0096, 0.0125)}
"""Detectable difference in Com by the number of clips, in simulation (ours).

Of pairs of systems of equal strength, three trainings each, that agree as :data:`AGREEMENT` has
it, in this order; the mean of many such pairs, as a test simulates them. Of one training each it
is larger.
"""


def detectable(sd: float) -> float:
    """Return the smallest difference that is found with 80 % power.

    Args:
        sd: Standard deviation of the difference where there is none, as exchanges give it.
    """
    return WIDTH * sd


def scaled(difference: float, clips: int, other: int) -> float:
    """Return what ``difference``, detectable on ``clips`` clips, would be on ``other`` clips."""
    return difference * math.sqrt(clips / other)


def factors(trainings: int) -> tuple[float, float]:
    """Return by what a standard deviation is multiplied for the ends of its 95 % interval.

    By the chi-square distribution, which takes the trainings' differences as normal; of three
    trainings they are .52 and 6.3.

    Args:
        trainings: How many the standard deviation (n - 1) is of, at least 2.
    """
    free = trainings - 1
    low, high = (float(chi2.ppf(1 - tail, free)) for tail in (LEVEL / 2, 1 - LEVEL / 2))
    return math.sqrt(free / low), math.sqrt(free / high)


def seed_sd(differences: Sequence[float]) -> float | None:
    """Return the standard deviation (n - 1) of one difference a training; None of one alone."""
    return stdev(map(float, differences)) if len(differences) > 1 else None


def seeds_needed(sd: float, difference: float = GOAL) -> int:
    """Return how many trainings of each system show a difference, their clips being given.

    The fewest with which a two-sided 5 % t-test of the paired differences, one a training, has
    80 % power; at least two, as one has no spread. Both systems are trained with the same seeds.

    Args:
        sd: Standard deviation of the paired difference over trainings.
        difference: What is to be shown, not 0; never the one observed, which says nothing of the
            power that a run had (Hoenig and Heisey 2001).
    """
    size = abs(difference) / sd if sd > abs(difference) / SURE else SURE
    # With the spread known it would be this many; having to estimate it takes some more.
    trainings = max(2, math.ceil((WIDTH / size) ** 2))
    while _power(size, trainings) < POWER:
        trainings += 1
    return trainings


def _power(size: float, trainings: int) -> float:
    """Return how often a t-test finds a difference of ``size`` standard deviations."""
    free, off = trainings - 1, size * math.sqrt(trainings)
    # That it is found the wrong way round, which does not count, has a probability below 1e-4.
    return float(nct.sf(t.ppf(1 - LEVEL / 2, free), free, off))
