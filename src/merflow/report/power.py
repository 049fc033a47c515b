"""How small a difference a run can show, and how many trainings would show it.

Source: the usual normal approximation (Cohen 1988); ours is where the spreads are taken from.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, stdev

from scipy.stats import chi2

LEVEL, POWER = 0.05, 0.8
WIDTH = NormalDist().inv_cdf(1 - LEVEL / 2) + NormalDist().inv_cdf(POWER)
"""Standard deviations from 0 to a difference that a two-sided 5 % test finds in 80 % of runs."""
SIMULATED = {411: (0.022, 0.037), 3373: (0.010, 0.013)}
"""Detectable difference in Com by the number of clips, in simulation (ours).

Of pairs of systems of equal strength, three trainings each, that agree on eight to nine of ten
clips; a test simulates such pairs. Of one training each it is larger.
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


@dataclass(frozen=True)
class Spread:
    """Standard deviation over trainings, with its 95 % interval.

    Attributes:
        sd: With n - 1.
        low: Of the interval by the chi-square distribution, which takes normal differences.
        high: Of three trainings it is 6.3 times ``sd``, the lower end half of it.
    """

    sd: float
    low: float
    high: float


def factors(trainings: int) -> tuple[float, float]:
    """Return by what a standard deviation is multiplied for the ends of its 95 % interval."""
    free = trainings - 1
    low, high = (float(chi2.ppf(1 - tail, free)) for tail in (LEVEL / 2, 1 - LEVEL / 2))
    return math.sqrt(free / low), math.sqrt(free / high)


def spread(sd: float, trainings: int) -> Spread:
    """Return a standard deviation over two or more trainings with its interval."""
    low, high = factors(trainings)
    return Spread(sd, low * sd, high * sd)


def seed_sd(differences: Sequence[float]) -> float | None:
    """Return the standard deviation (n - 1) of one difference a training; None of one alone."""
    return stdev(map(float, differences)) if len(differences) > 1 else None


def seeds_needed(sd: float, difference: float) -> int | None:
    """Return how many trainings of each system show a difference, their clips being given.

    At least two, as one has no spread; None where the difference is 0. Both systems are trained
    with the same seeds, and ``sd`` is that of the paired difference.
    """
    if difference == 0:
        return None
    return max(2, math.ceil((WIDTH * sd / abs(difference)) ** 2))
