"""Table 1 of the paper: our scores beside the paper's own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import pandas as pd

from merflow.report.clips import TRAIN
from merflow.report.naming import Naming
from merflow.report.paper import figure, paper_name
from merflow.report.protocols import READINGS

SOURCE, MISPRINT = "paper: MER 2023", "misprint: the paper's own Dis and Dim give"


@dataclass(frozen=True)
class Cell:
    """One cell of the table; the columns of ``table1.csv``.

    Attributes:
        system: Name of the system.
        row: Name of the row, e.g. ``MER-MULTI``.
        metric: A heading of :class:`merflow.report.naming.Naming`: ``Dis`` (weighted F1), ``Dim``
            (MSE) and ``Com``, or where there is no Com e.g. ``valence MSE`` and ``valence CCC``.
        reading: ``honest`` or ``organiser``.
        ours: Our score, as in ``scores.json``.
        low: Lower end of its interval.
        high: Upper end of its interval.
        paper: The number that the paper prints, or None.
        paper_recomputed: Com from the paper's own Dis and Dim, where it prints them.
        difference: On MER 2023 alone: ours - paper, or ours - paper_recomputed where the paper
            has a misprint.
        paper_note: Which corpus the paper's number is of, and whether it is a misprint.
    """

    system: str
    row: str
    metric: str
    reading: str
    ours: float
    low: float
    high: float
    paper: float | None = None
    paper_recomputed: float | None = None
    difference: float | None = None
    paper_note: str = ""

    @property
    def misprint(self) -> bool:
        """Whether the paper's number does not follow from its own others."""
        return MISPRINT in self.paper_note


def columns(
    spec: Mapping[str, Any], document: Mapping[str, Any]
) -> list[tuple[dict[str, Any], str]]:
    """Return the (row of the paper's table, metric) pairs that something was scored for.

    As in the paper, ``train`` has Dis, Dim and Com and another split has Com alone. Where the
    corpus has no Com, each split has Dis and MSE and CCC of the valence; where it or a split has
    no valence, Dis alone.
    """
    naming = Naming.of(spec)
    found = []
    for row in spec["rows"]:
        scored = [
            split[row["split"]]
            for system in systems(spec, document)
            for split in document["systems"][system].get(row["augmentation"], {}).values()
            if row["split"] in split
        ]
        if not scored:
            continue
        wanted = [
            heading
            for key, heading in naming.headings.items()
            if all(key in scores for scores in scored)
        ]
        if row["split"] != TRAIN and "Com" in wanted:
            wanted = ["Com"]
        found += [(row, metric) for metric in wanted]
    return found


def systems(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """Return the scored systems in the order of ``spec["systems"]``; variants follow their system.

    A variant is called ``<system> (<what>)``, e.g. an ensemble with equal weights. What is
    scored but not listed is left out.
    """
    order = {name: k for k, name in enumerate(spec["systems"])}
    listed = [name for name in document["systems"] if name.split(" (")[0] in order]
    return sorted(listed, key=lambda name: (order[name.split(" (")[0]], name))


def cells(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[Cell]:
    """Return the cells of Table 1, system by system.

    Args:
        spec: ``rows`` (``report.rows``), ``systems`` (their names in order), ``decimals``, what
            :meth:`merflow.report.naming.Naming.of` takes; and if there are such, ``definitions``
            (see :func:`merflow.report.paper.paper_name`) and ``mer2023``, whether the corpus is
            the paper's, so that differences mean something.
        document: ``scores.json``.
    """
    found = []
    for system in systems(spec, document):
        for row, metric in columns(spec, document):
            by_reading = document["systems"][system].get(row["augmentation"], {})
            for reading in READINGS:
                scores = by_reading.get(reading, {}).get(row["split"])
                if scores is not None:
                    found.append(_cell(spec, system, row["name"], metric, reading, scores))
    return found


def _cell(
    spec: Mapping[str, Any],
    system: str,
    row: str,
    metric: str,
    reading: str,
    scores: Mapping[str, Any],
) -> Cell:
    key = Naming.of(spec).keys[metric]
    ours, (low, high) = scores[key], scores["interval"][key]
    name = paper_name(system, spec.get("definitions"))
    known = None if name is None else figure(name, row, metric)
    if known is None:
        return Cell(system, row, metric, reading, ours, low, high)
    recomputed = None if known.recomputed is None else float(known.recomputed)
    note = f"{SOURCE}; {MISPRINT} {known.recomputed}" if known.misprint else SOURCE
    gap = None
    if spec.get("mer2023"):
        gap = round(ours - float(known.value), spec["decimals"]) + 0.0
    printed = float(known.printed)
    return Cell(system, row, metric, reading, ours, low, high, printed, recomputed, gap, note)


def as_frame(found: Sequence[Cell]) -> pd.DataFrame:
    """Return the cells as a tidy table, one row a cell."""
    names = [field.name for field in fields(Cell)]
    return pd.DataFrame([asdict(cell) for cell in found], columns=names)
