"""``scores.json``: every score of every system, with intervals, differences and references.

Nothing in it names a clip.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.errors import MerflowError
from merflow.report.bootstrap import LEVEL, STRATA
from merflow.report.clips import TRAIN
from merflow.report.differences import Differences, Key
from merflow.report.labels import SplitLabels
from merflow.report.metrics import Rounding, score_rows, summary
from merflow.report.nested import nest
from merflow.report.scorer import Scored, Scorer

AXES = ("system", "augmentation", "reading", "split")


def parse_label(text: str) -> tuple[str, str, str]:
    """Split ``<system>|<augmentation>|<reading>``; raises :class:`MerflowError`."""
    parts = text.split("|")
    if len(parts) != 3 or not all(parts):
        raise MerflowError(
            f"the predictions' label {text!r} is malformed: write SYSTEM|AUGMENTATION|READING"
        )
    return parts[0], parts[1], parts[2]


def selection_bias(scored: Mapping[Key, Scored], rounding: Rounding) -> dict[str, Any]:
    """Return organiser - honest on ``train`` for each system and augmentation.

    On a test set neither reading has selected anything, so there is no such bias there.
    """
    found: dict[str, Any] = {}
    for (system, augmentation, reading, split), one in scored.items():
        honest = scored.get((system, augmentation, "honest", split))
        if reading != "organiser" or split != TRAIN or honest is None:
            continue
        gap = one.cell.value - honest.cell.value
        named = {name: rounding(v) for name, v in zip(one.cell.metrics, gap, strict=True)}
        nest(found, (system, augmentation), named)
    return found


def build(
    spec: Mapping[str, Any],
    labels: dict[str, SplitLabels],
    clips: Mapping[str, Mapping[str, Any]],
    predictions: Mapping[str, Path],
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Score all predictions.

    Args:
        spec: As :class:`merflow.report.scorer.Scorer`, and ``corpus``, the corpus's name,
            ``definitions`` (see :func:`merflow.report.makeup.makeup`) and ``note``.
        labels: From :func:`merflow.report.labels.scored_splits`.
        clips: From :func:`merflow.report.clips.clip_counts`.
        predictions: Files by label ``<system>|<augmentation>|<reading>``.

    Returns:
        The rounded document and the unrounded scores as a tidy table.
    """
    scorer, rounding = Scorer.of(spec, labels), Rounding(spec["decimals"])
    scored: dict[Key, Scored] = {}
    for label in sorted(predictions):
        for split, one in scorer.file(predictions[label], label).items():
            scored[*parse_label(label), split] = one
    systems: dict[str, Any] = {}
    for keys, one in scored.items():
        nest(systems, keys, summary(one.cell, rounding))
    document = {
        "bootstrap": {**spec["bootstrap"], "level": LEVEL, "strata": STRATA},
        "clips": clips,
        "corpus": spec["corpus"],
        "labels": {
            split: {
                "scored": len(own.clips),
                "unlabelled": own.unlabelled,
                "without_valence": own.without_valence,
            }
            for split, own in labels.items()
        },
        "differences": Differences(scorer, scored, spec["definitions"], rounding).all(),
        "note": spec.get("note"),
        "references": {
            name: {split: summary(cell, rounding) for split, cell in by_split.items()}
            for name, by_split in scorer.references().items()
        },
        "seeds": sorted({seed for one in scored.values() for seed in one.cell.seeds}),
        "selection_bias": selection_bias(scored, rounding),
        "systems": systems,
    }
    return document, score_table(scored)


def score_table(scored: Mapping[Key, Scored]) -> pd.DataFrame:
    """Return the unrounded scores as a tidy table."""
    columns = [*AXES, "metric", "part", "seed", "fold", "value", "low", "high", "clips"]
    rows = [
        row
        for keys, one in scored.items()
        for row in score_rows(dict(zip(AXES, keys, strict=True)), one.cell)
    ]
    whole = {"seed": "Int64", "fold": "Int64", "clips": "Int64"}
    return pd.DataFrame(rows, columns=columns).astype(whole)
