"""Whether a comparison shows a difference: the one criterion of every table and verdict.

The permutation test takes the trainings as they are, so it calls a spread over seeds a difference;
the paired interval resamples the trainings too, but not for many comparisons at once. Ours: a
difference is shown where both say so.
"""

from merflow.report.holm import LEVEL

CRITERION = f"p by Holm is below {LEVEL} and the interval leaves out 0"


def shown(p_holm: float, low: float, high: float) -> bool:
    """Return whether a difference is shown, of these trainings and of others.

    Args:
        p_holm: Of the permutation test, after Holm's correction.
        low: Lower end of the paired interval, over clips and trainings.
        high: Upper end.
    """
    return p_holm < LEVEL and not low <= 0 <= high
