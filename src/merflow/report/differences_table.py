"""Paired differences between systems, for the rows of Table 1: the csv."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import product
from typing import Any

import pandas as pd

from merflow.report.differences import FUSION, JOINT, NOISE, STRATEGY
from merflow.report.holm import holm_by
from merflow.report.naming import Naming
from merflow.report.power import seeds_needed
from merflow.report.protocols import READINGS
from merflow.report.shown import shown
from merflow.report.table1 import systems

COMPARISONS = (FUSION, JOINT, STRATEGY, NOISE)
CLEAN = "clean training"


@dataclass(frozen=True)
class Difference:
    """One difference; the columns of ``differences.csv``.

    Attributes:
        comparison: ``fusion-unimodal``, ``jdev-baseline``, ``strategy-strategy``, ``noise-clean``.
        reading: ``honest`` or ``organiser``.
        system: Whose score is taken,
        against: and whose score is taken from it.
        row: Name of the row of Table 1, e.g. ``MER-MULTI``.
        metric: A heading, see :class:`merflow.report.table1.Cell`.
        difference: ``system - against``, on the clips that both predict.
        low: Lower end of its paired interval.
        high: Upper end of its paired interval.
        clips: How many clips both predict.
        p: Of the paired permutation test over clips, two-sided.
        p_holm: The same, corrected over the family: comparison, reading and metric.
        detectable: The smallest difference that so many clips show with 80 % power.
        seed_sd: Standard deviation of the difference over trainings, if there are several.
        seeds_for_goal: Trainings of each system that would show a difference of .01, their clips
            being given.
    """

    comparison: str
    reading: str
    system: str
    against: str
    row: str
    metric: str
    difference: float
    low: float
    high: float
    clips: int
    p: float
    p_holm: float
    detectable: float
    seed_sd: float | None = None
    seeds_for_goal: int | None = None

    @property
    def family(self) -> tuple[str, str, str]:
        """The tests that are corrected together: the cells of one table in one metric."""
        return self.comparison, self.reading, self.metric

    @property
    def shown(self) -> bool:
        """Whether the difference is shown, see :func:`merflow.report.shown.shown`."""
        return shown(self.p_holm, self.low, self.high)

    @property
    def same(self) -> bool:
        """Whether the two say the same of every clip, as far as the decimals of the csv tell."""
        return not any((self.difference, self.low, self.high, self.detectable))


def differences(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[Difference]:
    """Return all differences in the rows of Table 1, by comparison, reading and system.

    Args:
        spec: As :func:`merflow.report.table1.cells`.
        document: ``scores.json``.
    """
    names, naming = systems(spec, document), Naming.of(spec)
    found: list[Difference] = []
    for comparison, reading, system, row in product(COMPARISONS, READINGS, names, spec["rows"]):
        for against, gap in _gaps(spec, document, (comparison, system, reading), row):
            if against in (*names, CLEAN):
                place = (comparison, reading, system, against, row["name"])
                found += _of_gap(place, gap, naming)
    corrected = holm_by([one.p for one in found], [one.family for one in found])
    return [replace(one, p_holm=p) for one, p in zip(found, corrected, strict=True)]


def _of_gap(
    place: tuple[str, str, str, str, str], gap: Mapping[str, Any], naming: Naming
) -> Iterator[Difference]:
    """Yield the difference in each metric; ``p_holm`` is that of a family of one."""
    for metric in (metric for metric in naming.headings if metric in gap):
        low, high = gap["interval"][metric]
        seeds: dict[str, Any] = {}
        if metric in gap.get("seed_sd", {}):
            sd = gap["seed_sd"][metric]
            seeds = {"seed_sd": sd, "seeds_for_goal": seeds_needed(sd)}
        p, least, heading = gap["p"][metric], gap["detectable"][metric], naming.headings[metric]
        yield Difference(
            *place, heading, gap[metric], low, high, gap["clips"], p, p, least, **seeds
        )


def _gaps(
    spec: Mapping[str, Any],
    document: Mapping[str, Any],
    place: tuple[str, str, str],
    row: Mapping[str, str],
) -> list[tuple[str, Mapping[str, Any]]]:
    comparison, system, reading = place
    own = document["differences"][comparison].get(system, {})
    if comparison != NOISE:
        by_split = own.get(row["augmentation"], {}).get(reading, {})
        return list(by_split.get(row["split"], {}).items())
    # It is of both trainings, so a split counts once, whatever rows it has.
    first = next(one["name"] for one in spec["rows"] if one["split"] == row["split"])
    gap = own.get(reading, {}).get(row["split"])
    return [(CLEAN, gap)] if gap is not None and row["name"] == first else []


def as_frame(found: Sequence[Difference]) -> pd.DataFrame:
    """Return the differences as a tidy table, one row each."""
    names = [field.name for field in fields(Difference)]
    frame = pd.DataFrame([asdict(one) for one in found], columns=names)
    frame = frame.astype({"seeds_for_goal": "Int64"})
    return frame.assign(p_holm=frame["p_holm"].astype(float).round(6))
