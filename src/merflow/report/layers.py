"""The values of Figure 4: each probe's score on Train&Val over the depth of its layer."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.errors import MerflowError
from merflow.report.clips import TRAIN
from merflow.report.labels import SplitLabels
from merflow.report.metrics import Cell, Rounding, summary
from merflow.report.naming import Naming
from merflow.report.protocols import READINGS
from merflow.report.scorer import Scorer
from merflow.training.predictions import read_predictions

COLUMNS = ["reading", "encoder", "layer", "depth", "metric", "value", "low", "high", "clips"]


def probes_of(
    name: str, path: Path, spec: Mapping[str, Any]
) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the predictions of each layer by (encoder, layer).

    Args:
        name: The encoder.
        path: The predictions file, with a column ``layer``.
        spec: ``classes``, ``valence``.

    Raises:
        MerflowError: The file has no such column.
    """
    frame = read_predictions(path, spec["classes"], spec["valence"])
    if "layer" not in frame.columns:
        raise MerflowError(
            f"{path} has no column 'layer': give the predictions of the probes of {name}"
        )
    return {
        (name, str(layer)): rows.drop(columns="layer")
        for layer, rows in frame.groupby("layer", sort=True)
    }


def curve(
    spec: Mapping[str, Any], labels: Mapping[str, SplitLabels], probes: Sequence[tuple[str, Path]]
) -> pd.DataFrame:
    """Return the csv of Figure 4: one row a probe, metric and reading, and the constant's.

    Args:
        spec: As :class:`merflow.report.document.Scorer`, and ``depths``:
            ``{encoder: {layer: relative depth}}``, whose order is that of the lines and points.
        labels: From :func:`merflow.report.labels.scored_splits`.
        probes: Pairs of ``--probe``: ``<encoder>|<reading>`` and predictions file.

    Raises:
        MerflowError: A layer has no depth, or a file has no prediction of ``train``.
    """
    scorer = Scorer.of(spec, {TRAIN: labels[TRAIN]})
    rounding = Rounding(spec["decimals"])
    found: dict[tuple[str, str, str], Cell] = {}
    for label, path in probes:
        name, _, reading = label.partition("|")
        if reading not in READINGS:
            raise MerflowError(
                f"--probe {label!r} is malformed: write ENCODER|READING=path, with a reading "
                f"of {', '.join(READINGS)}"
            )
        for (encoder, layer), frame in probes_of(name, path, spec).items():
            if layer not in spec["depths"].get(encoder, {}):
                raise MerflowError(f"{path}: the layer {encoder}({layer}) has no depth: add it")
            scored = scorer.frame(frame, f"{encoder}({layer})")
            if TRAIN not in scored:
                raise MerflowError(f"{path} predicts no clip of train: train the probes again")
            found[reading, encoder, layer] = scored[TRAIN].cell
    rows = []
    for reading, (encoder, depths) in product(READINGS, spec["depths"].items()):
        for layer, depth in sorted(depths.items(), key=lambda item: item[1]):
            if (reading, encoder, layer) in found:
                place = {"reading": reading, "encoder": encoder, "layer": layer}
                cell = found[reading, encoder, layer]
                rows += _rows({**place, "depth": rounding(depth)}, cell, rounding, scorer.naming)
    constant = scorer.references()["constant"][TRAIN]
    place = {"reading": "", "encoder": "constant", "layer": "", "depth": None}
    rows += _rows(place, constant, rounding, scorer.naming)
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(
    place: Mapping[str, Any], cell: Cell, rounding: Rounding, naming: Naming
) -> list[dict[str, Any]]:
    scores = summary(cell, rounding)
    rows = []
    for metric, heading in naming.headings.items():
        if metric not in cell.metrics:
            continue
        low, high = scores["interval"][metric]
        values = {"value": scores[metric], "low": low, "high": high, "clips": cell.clips}
        rows.append({**place, "metric": heading, **values})
    return rows
