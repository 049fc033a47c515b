"""Holm's correction: p-values of a family of tests, so that one may believe the small ones.

Source: Holm 1979, step-down. With it the chance that any true "no difference" of the family is
called one is at most the level, whatever the tests have in common.
"""

from collections.abc import Hashable, Sequence

LEVEL = 0.05


def holm(p: Sequence[float]) -> list[float]:
    """Return the corrected p-values in the order given: at most 1, and never smaller than p."""
    corrected, least = [0.0] * len(p), 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        least = max(least, min(1.0, (len(p) - rank) * p[place]))
        corrected[place] = least
    return corrected


def holm_by(p: Sequence[float], families: Sequence[Hashable]) -> list[float]:
    """Return the p-values corrected within each family.

    Args:
        p: Of each test.
        families: To which family each belongs.
    """
    corrected = [0.0] * len(p)
    for family in dict.fromkeys(families):
        places = [k for k, own in enumerate(families) if own == family]
        for place, value in zip(places, holm([p[k] for k in places]), strict=True):
            corrected[place] = value
    return corrected
