"""The ablation of noisy copies: the same systems trained clean and with augmentation."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from merflow.report.assembly import assembled
from merflow.report.clips import TRAIN
from merflow.report.markdown import paired_over, table, with_interval
from merflow.report.naming import Naming
from merflow.report.protocols import READINGS
from merflow.report.table1 import systems

TITLE = "Training with noisy copies,"
COLUMNS = [
    *("system", "split", "metric", "reading"),
    *("clean", "clean_low", "clean_high", "noise", "noise_low", "noise_high"),
    *("difference", "difference_low", "difference_high"),
]


def rows(spec: Mapping[str, Any], document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row for each system, split, metric and reading that was trained both ways.

    Args:
        spec: As :func:`merflow.report.table1.cells`.
        document: ``scores.json``.
    """
    headings = Naming.of(spec).headings
    found = []
    for system in systems(spec, document):
        trained, gaps = document["systems"][system], document["differences"]["noise-clean"]
        for reading in READINGS:
            clean = trained.get("clean", {}).get(reading, {})
            noise = trained.get("noise", {}).get(reading, {})
            for split in sorted(set(clean) & set(noise), key=lambda name: (name != TRAIN, name)):
                gap = gaps.get(system, {}).get(reading, {}).get(split)
                for metric, heading in headings.items():
                    if metric in clean[split] and metric in noise[split]:
                        row = {"system": system, "split": split, "metric": heading}
                        row |= {"reading": reading, **_numbers("clean", clean[split], metric)}
                        row |= _numbers("noise", noise[split], metric)
                        found.append(row | (_numbers("difference", gap, metric) if gap else {}))
    return found


def _numbers(name: str, scores: Mapping[str, Any], metric: str) -> dict[str, float]:
    low, high = scores["interval"][metric]
    return {name: scores[metric], f"{name}_low": low, f"{name}_high": high}


def as_frame(found: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows as a tidy table."""
    return pd.DataFrame(found, columns=COLUMNS)


def page(
    spec: Mapping[str, Any], document: Mapping[str, Any], found: Sequence[dict[str, Any]]
) -> str:
    """Return the ablation as Markdown: for each split Com in both readings, or what there is."""
    if not found:
        none = ["No system was trained both clean and with noisy copies.\n"]
        return assembled(TITLE, spec, document, none)
    names = {row["split"]: row["name"] for row in spec["rows"]}
    parts = []
    for split in dict.fromkeys(row["split"] for row in found):
        own = [row for row in found if row["split"] == split]
        told = list(dict.fromkeys(row["metric"] for row in own))
        for metric in ["Com"] if "Com" in told else told:
            parts.append(f"## {names.get(split, split)}: {metric}\n")
            parts.append(_table(spec, [row for row in own if row["metric"] == metric]))
    naming = Naming.of(spec)
    draws = document["bootstrap"]["draws"]
    parts.append(
        "Noise: models trained with noisy copies of the training clips; the copies are never "
        f"scored. In brackets the 95 % interval of {draws} bootstrap resamples of the clips, of "
        f"the difference the paired one {paired_over(document['seeds'])}. {naming.told()}"
        f"{' Dis and Dim are in the csv.' if naming.com else ''}\n"
    )
    return assembled(TITLE, spec, document, parts)


def _table(spec: Mapping[str, Any], found: Sequence[dict[str, Any]]) -> str:
    decimals = spec["decimals"]
    readings = [name for name in READINGS if any(row["reading"] == name for row in found)]
    by_place = {(row["system"], row["reading"]): row for row in found}
    lines = []
    for system in dict.fromkeys(row["system"] for row in found):
        line = [system]
        for reading in readings:
            row = by_place.get((system, reading), {})
            for name, sign in (("clean", ""), ("noise", ""), ("difference", "+")):
                bounds = [row[f"{name}_{end}"] for end in ("low", "high") if name in row]
                line.append(with_interval(row[name], bounds, decimals, sign) if bounds else "-")
        lines.append(line)
    heads = [f"{r}: {name}" for r in readings for name in ("clean", "noise", "noise - clean")]
    return table(["System", *heads], lines)
