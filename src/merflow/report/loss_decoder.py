"""The 2 x 2 of losses and decoders: which systems make it up, and its differences.

The paper changes both at once, from a baseline decoder with the summed loss to JDEV with eq. 9;
the two other cells separate what is the decoder's from what is the loss's (docs/paper.md,
reading 11). Nothing heavy is imported: the graph asks which squares the settings have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from merflow.report.holm import holm_by
from merflow.report.naming import Naming
from merflow.report.nested import found_at
from merflow.report.protocols import READINGS
from merflow.report.shown import shown

Definitions = Mapping[str, Mapping[str, Any]]
Cell = tuple[str, str]
"""Decoder and loss."""
About = tuple[str, int, str, str, str]
"""Features, strategy, row, reading and metric of an entry."""

KIND = "loss-decoder"
"""Of the effects among the differences of ``scores.json``."""
DECODERS, LOSSES = ("baseline", "jdev"), ("sum", "paper")
CELLS: tuple[Cell, ...] = tuple((decoder, loss) for decoder in DECODERS for loss in LOSSES)
# What is changed while what is kept: the cell that is looked at, less the other.
EFFECTS: dict[str, tuple[Cell, Cell]] = {
    **{f"decoder at {loss}": (("jdev", loss), ("baseline", loss)) for loss in LOSSES},
    **{f"loss at {decoder}": ((decoder, "paper"), (decoder, "sum")) for decoder in DECODERS},
}


@dataclass(frozen=True)
class Square:
    """Four systems that differ by decoder and loss alone.

    Attributes:
        features: Of all four, in the order of the first.
        strategy: Of all four.
        systems: Name of the system in each of :data:`CELLS`.
    """

    features: tuple[str, ...]
    strategy: int
    systems: Mapping[Cell, str]


@dataclass(frozen=True)
class Entry:
    """A score of the square, or a difference in it; the columns of ``loss_decoder.csv``.

    Attributes:
        features: Of the systems, joined by ``+``.
        strategy: Of the systems.
        row: Name of the row of Table 1.
        reading: ``honest`` or ``organiser``.
        metric: A heading, see :class:`merflow.report.table1.Cell`.
        entry: ``<decoder>, <loss>``, or the name of one of :data:`EFFECTS`.
        system: Whose score is taken.
        against: Whose score is taken from it; empty for a score.
        value: The score or difference.
        low: Lower end of its interval, paired for a difference.
        high: Upper end.
        p: Of a difference: of the paired permutation test, two-sided.
        p_holm: The same, corrected over the differences of this reading and metric.
    """

    features: str
    strategy: int
    row: str
    reading: str
    metric: str
    entry: str
    system: str
    against: str
    value: float
    low: float
    high: float
    p: float | None = None
    p_holm: float | None = None

    @property
    def shown(self) -> bool:
        """Whether it is a difference that is shown, see :func:`merflow.report.shown.shown`."""
        return self.p_holm is not None and shown(self.p_holm, self.low, self.high)


def squares(definitions: Definitions) -> list[Square]:
    """Return the squares among systems, by what they are made of and never by their names.

    Of several systems in one cell the first counts. Ensembles and other losses are left out.

    Args:
        definitions: By name ``features``, ``strategy``, ``decoder`` and ``loss``; or ``members``.
    """
    found: dict[tuple[frozenset[str], int], dict[Cell, str]] = {}
    for name, own in definitions.items():
        if "features" in own and (own["decoder"], own["loss"]) in CELLS:
            made = (frozenset(own["features"]), own["strategy"])
            found.setdefault(made, {}).setdefault((own["decoder"], own["loss"]), name)
    return [
        Square(tuple(definitions[systems[CELLS[0]]]["features"]), strategy, systems)
        for (_, strategy), systems in found.items()
        if len(systems) == len(CELLS)
    ]


def effects_on(system: str, definitions: Definitions) -> list[str]:
    """Return the systems that a system is compared with in the effects of its squares."""
    return [
        square.systems[kept]
        for square in squares(definitions)
        for changed, kept in EFFECTS.values()
        if square.systems[changed] == system
    ]


def entries(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[Entry]:
    """Return scores and differences of every square, in the rows that all four are scored in.

    Args:
        spec: ``definitions``, ``rows`` (``report.rows``) and what
            :meth:`merflow.report.naming.Naming.of` takes.
        document: ``scores.json``.
    """
    metrics = Naming.of(spec).headings
    scored: list[Entry] = []
    tests: list[_Test] = []
    for square in squares(spec["definitions"]):
        made = ("+".join(square.features), square.strategy)
        for row, reading, metric in product(spec["rows"], READINGS, metrics):
            place = (row["augmentation"], reading, row["split"])
            about = (*made, row["name"], reading, metrics[metric])
            scores, gaps = _scores(square, document, place), _gaps(square, document, place)
            if all(metric in one for one in (*scores.values(), *gaps.values())):
                for cell, own in scores.items():
                    held = (own[metric], *own["interval"][metric])
                    scored.append(Entry(*about, ", ".join(cell), square.systems[cell], "", *held))
                tests += [_Test(about, effect, square, gaps[effect], metric) for effect in EFFECTS]
    families = [test.about[-2:] for test in tests]
    corrected = holm_by([test.p for test in tests], families)
    return scored + [test.entry(p_holm) for test, p_holm in zip(tests, corrected, strict=True)]


def _scores(
    square: Square, document: Mapping[str, Any], place: tuple[str, str, str]
) -> dict[Cell, Mapping[str, Any]]:
    systems = document["systems"]
    return {cell: found_at(systems, square.systems[cell], *place) for cell in CELLS}


def _gaps(
    square: Square, document: Mapping[str, Any], place: tuple[str, str, str]
) -> dict[str, Mapping[str, Any]]:
    found = document["differences"][KIND]
    return {
        effect: found_at(found, square.systems[changed], *place, square.systems[kept])
        for effect, (changed, kept) in EFFECTS.items()
    }


@dataclass(frozen=True)
class _Test:
    """One effect in one metric, as ``scores.json`` has it: not corrected yet."""

    about: About
    effect: str
    square: Square
    gap: Mapping[str, Any]
    metric: str

    @property
    def p(self) -> float:
        return float(self.gap["p"][self.metric])

    def entry(self, p_holm: float) -> Entry:
        system, against = (self.square.systems[cell] for cell in EFFECTS[self.effect])
        low, high = self.gap["interval"][self.metric]
        made = (*self.about, self.effect, system, against)
        return Entry(*made, self.gap[self.metric], low, high, self.p, p_holm)
