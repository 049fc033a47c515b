"""Paired differences between systems, for the rows of Table 1: a csv and a part of its page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import product
from typing import Any

import pandas as pd

from merflow.report.clips import TRAIN
from merflow.report.differences import FUSION, JOINT
from merflow.report.markdown import paired_over, table, with_interval
from merflow.report.paper import SHORT
from merflow.report.table1 import READINGS, systems

TITLES = {FUSION: "Fusion - best unimodal system", JOINT: "JDEV - baseline"}
TEXTS = {
    FUSION: "Each system and ensemble of several modalities, less the best system of one modality "
    "with the same decoder. For each metric the best is chosen by its out-of-fold score on train, "
    "in the same reading and after the same training; no test set has a say. On train the score "
    "that chose is the one compared, which favours the unimodal side.",
    JOINT: "Unless params.yaml says otherwise, the JDEV systems change the loss too (eq. 9 against "
    "the sum), as in the paper's comparison: the difference is of both.",
}


@dataclass(frozen=True)
class Difference:
    """One difference; the columns of ``differences.csv``.

    Attributes:
        comparison: ``fusion-unimodal`` or ``jdev-baseline``.
        reading: ``honest`` or ``organiser``.
        system: Whose score is taken,
        against: and whose score is taken from it.
        row: Name of the row of Table 1, e.g. ``MER-MULTI``.
        metric: ``Dis`` (weighted F1), ``Dim`` (MSE) or ``Com``.
        difference: ``system - against``, on the clips that both predict.
        low: Lower end of its paired interval.
        high: Upper end of its paired interval.
        clips: How many clips both predict.
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


def differences(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[Difference]:
    """Return all differences in the rows of Table 1, by comparison, reading and system.

    Args:
        spec: As :func:`merflow.report.table1.cells`.
        document: ``scores.json``.
    """
    names, found = systems(spec, document), []
    for comparison, reading, system, row in product(TITLES, READINGS, names, spec["rows"]):
        for against, gap in _gaps(document, comparison, system, row, reading).items():
            for metric in (metric for metric in SHORT if metric in gap and against in names):
                low, high = gap["interval"][metric]
                one = Difference(
                    comparison=comparison,
                    reading=reading,
                    system=system,
                    against=against,
                    row=row["name"],
                    metric=SHORT[metric],
                    difference=gap[metric],
                    low=low,
                    high=high,
                    clips=gap["clips"],
                )
                found.append(one)
    return found


def _gaps(
    document: Mapping[str, Any],
    comparison: str,
    system: str,
    row: Mapping[str, str],
    reading: str,
) -> Mapping[str, Any]:
    by_augmentation = document["differences"][comparison].get(system, {})
    return by_augmentation.get(row["augmentation"], {}).get(reading, {}).get(row["split"], {})


def as_frame(found: Sequence[Difference]) -> pd.DataFrame:
    """Return the differences as a tidy table, one row each."""
    names = [field.name for field in fields(Difference)]
    return pd.DataFrame([asdict(one) for one in found], columns=names)


def section(
    spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Difference]
) -> str:
    """Return the differences as Markdown; nothing where there are none.

    Of ``train`` all metrics are shown, of another row Dis and Com; the csv has Dim too.
    """
    if not found:
        return ""
    parts = [
        "## Paired differences\n",
        f"In brackets the paired 95 % bootstrap interval {paired_over(document['seeds'])}. Where "
        "it excludes 0 the cell is bold; with so many cells, a few do by chance. Dim of the test "
        "sets is in differences.csv.\n",
    ]
    for comparison, title in TITLES.items():
        own = [one for one in found if one.comparison == comparison]
        if own:
            parts.append(f"### {title}\n\n{TEXTS[comparison]}\n")
        for reading in READINGS:
            read = [one for one in own if one.reading == reading]
            if read:
                parts.append(f"{reading.capitalize()} reading:\n\n{_table(spec, read)}")
    return "\n".join(parts)


def _table(spec: Mapping[str, Any], found: Sequence[Difference]) -> str:
    heads = [
        (row["name"], metric)
        for row in spec["rows"]
        for metric in SHORT.values()
        if (row["split"] == TRAIN or metric != "Dim")
        and any((one.row, one.metric) == (row["name"], metric) for one in found)
    ]
    by_place = {(one.system, one.row, one.metric): one for one in found}
    lines = []
    for system in dict.fromkeys(one.system for one in found):
        own = [by_place.get((system, *head)) for head in heads]
        against = dict.fromkeys(one.against for one in own if one is not None)
        cells = ("-" if one is None else _text(one, spec["decimals"]) for one in own)
        lines.append([system, " or ".join(against), *cells])
    return table(["System", "less", *(f"{row} {metric}" for row, metric in heads)], lines)


def _text(one: Difference, decimals: int) -> str:
    text = with_interval(one.difference, (one.low, one.high), decimals, "+")
    return f"**{text}**" if one.low > 0 or one.high < 0 else text
