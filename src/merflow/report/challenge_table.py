"""Our scores beside those of the challenge's own baseline: a csv and a Markdown page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import product
from typing import Any

import pandas as pd

from merflow.report.assembly import assembled
from merflow.report.challenge import (
    AHEAD,
    MARGIN,
    MIDDLE_COM,
    ROWS,
    Figure,
    challenge_systems,
    figure,
    middle_layers,
)
from merflow.report.markdown import table, with_interval
from merflow.report.naming import Naming
from merflow.report.nested import found_at
from merflow.report.protocols import READINGS, choices_told, epochs_told

TRAINED = "clean"
"""The challenge's models saw no corrupted copy, on MER-NOISE neither."""
JUDGED = "organiser"
"""The reading that chooses epochs as the challenge's baseline does."""
NOTHING = "says nothing: not MER 2023"


@dataclass(frozen=True)
class Beside:
    """One score beside the challenge's; the columns of ``challenge.csv``.

    Attributes:
        challenge_system: The challenge's, e.g. ``HL+RF``.
        system: Name of ours.
        row: ``Train&Val``, ``MER-MULTI`` or ``MER-NOISE``.
        metric: ``Dis`` (weighted F1), ``Dim`` (MSE) or ``Com``; without Com ``Dis`` alone, as an
            MSE on another scale cannot be compared.
        reading: ``honest`` or ``organiser``.
        ours: Our score, of models trained on clean clips.
        low: Lower end of its interval.
        high: Upper end.
        challenge: The challenge's score, on MER 2023.
        accepted_low: From where our Com is accepted; None where nothing is expected.
        accepted_high: To where.
        verdict: Of Com in the organiser reading: ``below``, ``within`` or ``above`` what is
            accepted; on another corpus that the comparison says nothing.
    """

    challenge_system: str
    system: str
    row: str
    metric: str
    reading: str
    ours: float
    low: float
    high: float
    challenge: float
    accepted_low: float | None
    accepted_high: float | None
    verdict: str


def beside(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[Beside]:
    """Return our scores beside the challenge's, wherever a system of ours is one of its.

    Args:
        spec: ``definitions``, ``rows`` (of which those named as the challenge's count) and
            ``mer2023``, whether the corpus is the challenge's; what
            :meth:`merflow.report.naming.Naming.of` takes.
        document: ``scores.json``.
    """
    splits = {row["name"]: row["split"] for row in spec["rows"]}
    systems, found = challenge_systems(_trained(spec, document)), []
    for (name, system), row in product(systems.items(), ROWS):
        known = figure(name, row)
        for reading in READINGS if row in splits else ():
            place = (system, TRAINED, reading, splits[row])
            scores = found_at(document["systems"], *place)
            for metric, heading in Naming.of(spec).headings.items():
                if metric not in scores or heading not in known.scores:
                    continue
                ours, (low, high) = scores[metric], scores["interval"][metric]
                label = (name, system, row, heading, reading)
                judged = _judged(known, heading, reading, ours, spec["mer2023"])
                printed = known.scores[heading]
                found.append(Beside(*label, ours, low, high, printed, *judged))
    return found


def _trained(spec: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the definitions of the systems that have scores after clean training."""
    scored = document["systems"]
    return {
        name: own for name, own in spec["definitions"].items() if TRAINED in scored.get(name, {})
    }


def _judged(
    known: Figure, metric: str, reading: str, ours: float, mer2023: bool
) -> tuple[float | None, float | None, str]:
    """Return the range that is accepted, and the verdict."""
    if metric != "Com" or reading != JUDGED or known.accepted is None:
        return None, None, "" if mer2023 else NOTHING
    low, high = known.accepted
    if not mer2023:
        return low, high, NOTHING
    return low, high, "below" if ours < low else "above" if ours > high else "within"


def as_frame(found: Sequence[Beside]) -> pd.DataFrame:
    """Return the scores as a tidy table, one row each."""
    names = [field.name for field in fields(Beside)]
    return pd.DataFrame([asdict(one) for one in found], columns=names)


def page(spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[Beside]) -> str:
    """Return the Markdown page: a table a row of the challenge's.

    Args:
        spec: As :func:`beside`, and ``corpus``, ``decimals``, ``training`` and, if there is one,
            ``note``.
        document: ``scores.json``.
        found: From :func:`beside`.
    """
    parts = []
    if not spec["mer2023"]:
        parts.append(
            f"**The corpus {spec['corpus']} is not MER 2023 (its name does not begin with "
            "mer2023): the comparison says nothing.**\n"
        )
    for row in dict.fromkeys(one.row for one in found):
        own = [one for one in found if one.row == row]
        parts.append(f"## {row}\n\n{_table(spec, own)}")
    if not found:
        parts.append("No row of Table 1 is one of the challenge's, so nothing stands here.\n")
    parts += [_layers(spec, document), _notes(spec, document)]
    return assembled("Beside the challenge's own baseline,", spec, document, parts)


def _layers(spec: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Say how far layers 18 to 20 of HuBERT are ahead of layer 24, where both were trained."""
    trained = _trained(spec, document)
    middle, last = middle_layers(trained), challenge_systems(trained).get("HL")
    split = next((row["split"] for row in spec["rows"] if row["name"] == ROWS[0]), "")
    if middle is None or last is None:
        return ""
    told = []
    for reading in READINGS:
        place = (TRAINED, reading, split)
        one, other = (found_at(document["systems"], name, *place) for name in (middle, last))
        if "com" in one and "com" in other:
            told.append(f"{one['com'] - other['com']:+.{spec['decimals']}f} ({reading})")
    if not told:
        return ""
    return (
        f"## Layers 18 to 20 less layer 24\n\nOn MER 2023 {middle} should be ahead of {last} by "
        f"about {AHEAD:.1f} Com on {ROWS[0]} (the paper prints {MIDDLE_COM} of the three layers, "
        f"the challenge {figure('HL', ROWS[0]).scores['Com']:.2f} of the last). It is ahead by "
        f"{', '.join(told)}.\n"
    )


def _table(spec: Mapping[str, Any], found: Sequence[Beside]) -> str:
    metrics = list(dict.fromkeys(one.metric for one in found))
    by_place = {(one.system, one.metric, one.reading): one for one in found}
    lines = []
    for name, system in dict.fromkeys((one.challenge_system, one.system) for one in found):
        line = [f"{name} ({system})"]
        for metric in metrics:
            for reading in (JUDGED, *(other for other in READINGS if other != JUDGED)):
                one = by_place.get((system, metric, reading))
                line.append("-" if one is None else _text(one, spec["decimals"]))
            printed = [
                one.challenge for one in found if (one.system, one.metric) == (system, metric)
            ]
            line.append(f"{printed[0]:.4f}" if metric == "Dis" else f"{printed[0]:.2f}")
        judged = by_place.get((system, "Com", JUDGED))
        verdict = ["" if judged is None else _verdict(judged)] if "Com" in metrics else []
        lines.append([*line, *verdict])
    heads = [
        f"{metric}: {whose}"
        for metric in metrics
        for whose in (JUDGED, *(other for other in READINGS if other != JUDGED), "challenge")
    ]
    accepted = ["Com accepted"] if "Com" in metrics else []
    return table(["System", *heads, *accepted], lines)


def _text(one: Beside, decimals: int) -> str:
    return with_interval(one.ours, (one.low, one.high), decimals)


def _verdict(one: Beside) -> str:
    if one.accepted_low is None:
        return one.verdict or "-"
    return f"{one.accepted_low:.2f} to {one.accepted_high:.2f}: {one.verdict}"


def _notes(spec: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    naming = Naming.of(spec)
    accepted = (
        f"Accepted is a Com within {MARGIN} of the challenge's (of both pairs': .51 to .52 on "
        "Train&Val, .51 to .53 on MER-MULTI), our margin: its figures are rounded to .01 and three "
        "runs with other folds and initial weights lie apart; on MER-NOISE nothing is expected. "
    )
    return (
        "## How to read it\n\n"
        "Challenge: arXiv 2304.08981 v1, mean of three runs, models trained on clean clips; ours "
        "are too, on every row. It keeps of each fold the epoch that is best on that very fold, so "
        "the organiser reading is the one to compare and the one that is judged; the honest "
        "reading beside it is what the same trainings score without that choice. "
        f"{' '.join([epochs_told(spec['training']), *choices_told(spec['training'])])} "
        f"{accepted if naming.com else ''}In brackets the 95 % interval of "
        f"{document['bootstrap']['draws']} bootstrap resamples of the clips. {naming.told()}\n"
    )
