"""Paired differences between systems, for the rows of Table 1: a csv and a part of its page."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import product
from typing import Any

import pandas as pd

from merflow.report import power_page
from merflow.report.clips import TRAIN
from merflow.report.differences import FUSION, JOINT, NOISE, STRATEGY
from merflow.report.holm import LEVEL, holm_by
from merflow.report.markdown import p_value, paired_over, table, with_interval
from merflow.report.paper import SHORT
from merflow.report.power import seeds_needed, spread
from merflow.report.table1 import READINGS, systems

TITLES = {
    FUSION: "Fusion - best unimodal system",
    JOINT: "JDEV - baseline",
    STRATEGY: "Strategy - strategy",
    NOISE: "Noise - clean",
}
TEXTS = {
    FUSION: "Each system and ensemble of several modalities, less the best system of one modality "
    "with the same decoder. For each metric the best is chosen by its out-of-fold score on train, "
    "in the same reading and after the same training; no test set has a say. On train the score "
    "that chose is the one compared, which favours the unimodal side.",
    JOINT: "Pairs of the same features and strategy, and ensembles of such. JDEV with the loss of "
    "eq. 9 meets the baseline with the sum, as in the paper's comparison: the difference is of "
    "decoder and loss. With another loss it meets the baseline of the same, if there is one.",
    STRATEGY: "Pairs of the same features, decoder and loss; the lower strategy is taken off.",
    NOISE: "Each system trained with noisy copies, less the same without them, on the same clips.",
}
CLEAN = "clean training"
GOAL = 0.01
"""Difference for which numbers of trainings are told, beside the observed one."""


@dataclass(frozen=True)
class Difference:
    """One difference; the columns of ``differences.csv``.

    Attributes:
        comparison: ``fusion-unimodal``, ``jdev-baseline``, ``strategy-strategy``, ``noise-clean``.
        reading: ``honest`` or ``organiser``.
        system: Whose score is taken,
        against: and whose score is taken from it.
        row: Name of the row of Table 1, e.g. ``MER-MULTI``.
        metric: ``Dis`` (weighted F1), ``Dim`` (MSE) or ``Com``.
        difference: ``system - against``, on the clips that both predict.
        low: Lower end of its paired interval.
        high: Upper end of its paired interval.
        clips: How many clips both predict.
        p: Of the paired permutation test over clips, two-sided.
        p_holm: The same, corrected over the family: comparison, reading and metric.
        detectable: The smallest difference that so many clips show with 80 % power.
        seed_sd: Standard deviation of the difference over trainings, if there are several.
        seed_sd_low: Lower end of its 95 % interval by the chi-square distribution.
        seed_sd_high: Upper end.
        seeds_for_it: Trainings of each system that would show the observed difference, their
            clips being given.
        seeds_for_goal: The same of a difference of .01.
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
    seed_sd_low: float | None = None
    seed_sd_high: float | None = None
    seeds_for_it: int | None = None
    seeds_for_goal: int | None = None

    @property
    def family(self) -> tuple[str, str, str]:
        """The tests that are corrected together: the cells of one table in one metric."""
        return self.comparison, self.reading, self.metric

    @property
    def clear(self) -> bool:
        """Whether the test finds a difference, after the correction."""
        return self.p_holm < LEVEL


def differences(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[Difference]:
    """Return all differences in the rows of Table 1, by comparison, reading and system.

    Args:
        spec: As :func:`merflow.report.table1.cells`.
        document: ``scores.json``.
    """
    names, trainings = systems(spec, document), len(document["seeds"])
    found: list[Difference] = []
    for comparison, reading, system, row in product(TITLES, READINGS, names, spec["rows"]):
        for against, gap in _gaps(spec, document, (comparison, system, reading), row):
            if against in (*names, CLEAN):
                place = (comparison, reading, system, against, row["name"])
                found += _of_gap(place, gap, trainings)
    corrected = holm_by([one.p for one in found], [one.family for one in found])
    return [replace(one, p_holm=p) for one, p in zip(found, corrected, strict=True)]


def _of_gap(
    place: tuple[str, str, str, str, str], gap: Mapping[str, Any], trainings: int
) -> Iterator[Difference]:
    """Yield the difference in each metric; ``p_holm`` is that of a family of one."""
    for metric in (metric for metric in SHORT if metric in gap):
        low, high = gap["interval"][metric]
        seeds: dict[str, Any] = {}
        if metric in gap.get("seed_sd", {}):
            sd = spread(gap["seed_sd"][metric], trainings)
            seeds = {
                "seed_sd": sd.sd,
                "seed_sd_low": round(sd.low, 6),
                "seed_sd_high": round(sd.high, 6),
                "seeds_for_it": seeds_needed(sd.sd, gap[metric]),
                "seeds_for_goal": seeds_needed(sd.sd, GOAL),
            }
        p, least = gap["p"][metric], gap["detectable"][metric]
        yield Difference(
            *place, SHORT[metric], gap[metric], low, high, gap["clips"], p, p, least, **seeds
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
    whole = {"seeds_for_it": "Int64", "seeds_for_goal": "Int64"}
    frame = pd.DataFrame([asdict(one) for one in found], columns=names).astype(whole)
    return frame.assign(p_holm=frame["p_holm"].astype(float).round(6))


def section(
    spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Difference]
) -> str:
    """Return the differences as Markdown; nothing where there are none.

    Of ``train`` all metrics are shown, of another row Dis and Com; the csv has Dim too.
    """
    if not found:
        return ""
    parts = [f"## Paired differences\n\n{_how_to_read(document, found)}"]
    for comparison, title in TITLES.items():
        own = [one for one in found if one.comparison == comparison]
        if own:
            parts.append(f"### {title}\n\n{TEXTS[comparison]}\n")
        for reading in READINGS:
            read = [one for one in own if one.reading == reading]
            if read:
                parts.append(f"{reading.capitalize()} reading:\n\n{_table(spec, read)}")
    return "\n".join([*parts, power_page.section(spec, document, found)])


def _how_to_read(document: Mapping[str, Any], found: Sequence[Difference]) -> str:
    draws = document["bootstrap"]["draws"]
    largest = max(Counter(one.family for one in found).values())
    few = (
        f"With {largest} tests in a family no p can stay below {LEVEL}: raise "
        "report.bootstrap.draws. "
    )
    return (
        "In brackets the paired 95 % bootstrap interval "
        f"{paired_over(document['seeds'])}. After it p of the paired permutation test: the share "
        f"of {draws} random exchanges of the two systems' predictions, clip by clip and in all "
        "trainings at once, whose difference is at least as far from 0; behind the stroke the same "
        "by Holm's correction. Its family are the cells of one table in one metric: one "
        "comparison, one "
        f"reading, all systems and rows. Bold: p by Holm below {LEVEL}. The test is of these "
        "trainings: what it finds on few seeds, others may undo, which the interval tells better. "
        f"Of {draws} exchanges p is at least 1/{draws + 1}. "
        f"{few if largest / (draws + 1) >= LEVEL else ''}"
        "Dim of the test sets is in differences.csv.\n"
    )


def _table(spec: Mapping[str, Any], found: Sequence[Difference]) -> str:
    rows = [(row["name"], row["split"]) for row in spec["rows"]]
    heads = [
        (name, metric)
        for name, split in rows
        for metric in SHORT.values()
        if (split == TRAIN or metric != "Dim")
        and any((one.row, one.metric) == (name, metric) for one in found)
    ]
    by_place = {(one.system, one.against, one.row, one.metric): one for one in found}
    lines = []
    for system, rivals in _lines(found):
        own = [
            next((by_place[key] for r in rivals if (key := (system, r, *head)) in by_place), None)
            for head in heads
        ]
        cells = ("-" if one is None else _text(one, spec["decimals"]) for one in own)
        lines.append([system, " or ".join(rivals), *cells])
    return table(["System", "less", *(f"{row} {metric}" for row, metric in heads)], lines)


def _lines(found: Sequence[Difference]) -> list[tuple[str, list[str]]]:
    """Return the lines of a table: a system, and whom it is compared with.

    The best unimodal system differs by metric; these share a line.
    """
    pairs = list(dict.fromkeys((one.system, one.against) for one in found))
    if found[0].comparison != FUSION:
        return [(system, [against]) for system, against in pairs]
    return [
        (system, [against for own, against in pairs if own == system])
        for system in dict.fromkeys(system for system, _ in pairs)
    ]


def _text(one: Difference, decimals: int) -> str:
    text = with_interval(one.difference, (one.low, one.high), decimals, "+")
    text = f"**{text}**" if one.clear else text
    return f"{text} p {p_value(one.p)} / {p_value(one.p_holm)}"
