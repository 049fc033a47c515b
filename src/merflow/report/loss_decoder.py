"""The 2 x 2 of losses and decoders: which systems make it up, and its differences.

The paper changes both at once, from a baseline decoder with the summed loss to JDEV with eq. 9;
the two other cells separate what is the decoder's from what is the loss's (docs/paper.md,
reading 11). Nothing heavy is imported: the graph asks which squares the settings have.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from merflow.report.nested import found_at

Definitions = Mapping[str, Mapping[str, Any]]
Cell = tuple[str, str]
"""Decoder and loss."""
About = tuple[str, int, str, str, str]
"""Features, strategy, row, reading and metric of an entry."""

READINGS, PAIRED = ("honest", "organiser"), "jdev-baseline"
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
        metric: ``Dis`` (weighted F1), ``Dim`` (MSE) or ``Com``.
        entry: ``<decoder>, <loss>``, or the name of one of :data:`EFFECTS`.
        system: Whose score is taken.
        against: Whose score is taken from it; empty for a score.
        value: The score or difference.
        low: Lower end of its interval, paired for a difference; None where ``scores.json`` has
            none.
        high: Upper end.
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
    low: float | None
    high: float | None


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


def entries(
    spec: Mapping[str, Any], document: Mapping[str, Any], metrics: Mapping[str, str]
) -> list[Entry]:
    """Return scores and differences of every square, in the rows that all four are scored in.

    Args:
        spec: ``definitions``, ``rows`` (``report.rows``) and ``decimals``.
        document: ``scores.json``.
        metrics: The paper's names of the metrics by ours.
    """
    found: list[Entry] = []
    for square in squares(spec["definitions"]):
        for row, reading, metric in product(spec["rows"], READINGS, metrics):
            place = (row["augmentation"], reading, row["split"])
            scores = {
                cell: found_at(document["systems"], name, *place)
                for cell, name in square.systems.items()
            }
            if all(metric in one for one in scores.values()):
                made = ("+".join(square.features), square.strategy)
                about = (*made, row["name"], reading, metrics[metric])
                found += _scores(square, about, scores, metric)
                found += _effects(spec, document, square, about, scores, (place, metric))
    return found


def _scores(
    square: Square, about: About, scores: Mapping[Cell, Mapping[str, Any]], metric: str
) -> Iterator[Entry]:
    for cell in CELLS:
        own = scores[cell]
        bounds = own["interval"][metric]
        yield Entry(*about, ", ".join(cell), square.systems[cell], "", own[metric], *bounds)


def _effects(
    spec: Mapping[str, Any],
    document: Mapping[str, Any],
    square: Square,
    about: About,
    scores: Mapping[Cell, Mapping[str, Any]],
    where: tuple[tuple[str, str, str], str],
) -> Iterator[Entry]:
    place, metric = where
    for effect, (changed, kept) in EFFECTS.items():
        system, against = square.systems[changed], square.systems[kept]
        # Of the pairs with one loss scores.json holds the paired comparison too.
        gap = found_at(document["differences"], PAIRED, system, *place, against)
        value, bounds = scores[changed][metric] - scores[kept][metric], (None, None)
        if metric in gap:
            value, bounds = gap[metric], gap["interval"][metric]
        value = round(value, spec["decimals"]) + 0.0
        yield Entry(*about, effect, system, against, value, *bounds)
