"""The scores of one predictions file, for whoever wants to check a cell of the tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.errors import MerflowError
from merflow.report.labels import SplitLabels, scored_splits
from merflow.report.markdown import table, with_interval
from merflow.report.metrics import Cell, score_rows
from merflow.report.scorer import Scorer
from merflow.training.predictions import read_predictions

COLUMNS = ["layer", "split", "metric", "part", "seed", "fold", "value", "low", "high", "clips"]


def settings_of(config: Mapping[str, Any], valence_name: str) -> dict[str, Any]:
    """Return what scoring depends on, of the settings in ``params.yaml``.

    Args:
        config: The settings.
        valence_name: What their layout calls the valence.
    """
    corpus, report = config["corpus"], config["report"]
    return {
        **{key: corpus[key] for key in ("classes", "valence", "com", "tests")},
        "valence_name": valence_name,
        "fold_count": corpus["folds"]["count"],
        **{key: report[key] for key in ("decimals", "bootstrap")},
    }


def labels_at(spec: Mapping[str, Any], manifest: Path, folds: Path) -> dict[str, SplitLabels]:
    """Return the labels of a corpus, see :func:`merflow.report.labels.scored_splits`.

    Raises:
        MerflowError: A file is not there yet, or is wrong.
    """
    for path in (manifest, folds):
        if not path.is_file():
            raise MerflowError(f"there is no {path}, which has the labels: run snakemake first")
    return scored_splits(spec, manifest, folds)


@dataclass(frozen=True)
class Recomputed:
    """The scores of one file.

    Attributes:
        cells: By (layer, split); the layer is empty but for a file of probes.
        references: The predictors of :mod:`merflow.report.references`, by name and split.
    """

    cells: dict[tuple[str, str], Cell]
    references: dict[str, dict[str, Cell]]


def recompute(spec: Mapping[str, Any], labels: dict[str, SplitLabels], path: Path) -> Recomputed:
    """Score a predictions file as ``report metrics`` does, on the same draws.

    Args:
        spec: From :func:`settings_of`.
        labels: From :func:`labels_at`.
        path: The predictions.

    Raises:
        MerflowError: The file holds no predictions for these labels.
    """
    frame = read_predictions(path, spec["classes"], spec["valence"])
    by_layer = {"": frame}
    if "layer" in frame:
        groups = frame.groupby("layer", sort=False)
        by_layer = {str(layer): rows.drop(columns="layer") for layer, rows in groups}
    scorer = Scorer.of(spec, labels)
    cells = {
        (layer, split): scored.cell
        for layer, rows in by_layer.items()
        for split, scored in scorer.frame(rows, f"{path} {layer}".rstrip()).items()
    }
    if not cells:
        raise MerflowError(
            f"{path} predicts no labelled clip of {', '.join(labels)}: name the manifest of the "
            "corpus that it was made for"
        )
    return Recomputed(cells, scorer.references())


def as_frame(found: Recomputed) -> pd.DataFrame:
    """Return the unrounded scores as a tidy table: overall, pooled, by seed and fold."""
    rows = [
        row
        for (layer, split), cell in found.cells.items()
        for row in score_rows({"layer": layer, "split": split}, cell)
    ]
    whole = {"seed": "Int64", "fold": "Int64", "clips": "Int64"}
    return pd.DataFrame(rows, columns=COLUMNS).astype(whole)


def page(found: Recomputed, decimals: int) -> str:
    """Return the scores as Markdown, one table a layer and split, intervals in brackets."""
    parts = []
    for (layer, split), cell in found.cells.items():
        title = f"{layer} on {split}" if layer else split
        seeds = ", ".join(map(str, cell.seeds))
        folds = f", mean over {len(cell.strata)} folds" if len(cell.strata) > 1 else ""
        parts.append(f"{title}: {cell.clips} clips, mean over the seeds {seeds}{folds}\n")
        references = {name: by_split[split] for name, by_split in found.references.items()}
        parts.append(_table(cell, references, decimals))
    return "\n".join(parts)


def _table(cell: Cell, references: Mapping[str, Cell], decimals: int) -> str:
    """Return a table with a line for each metric; only columns that have something to say."""
    own = {(row["part"], row["metric"]): row for row in score_rows({}, cell)}
    columns = {"score": _printed(own, "mean", decimals)}
    if cell.seed_sd is not None:
        spread = zip(cell.metrics, cell.seed_sd, strict=True)
        columns["sd over seeds"] = {name: f"{value:.{decimals}f}" for name, value in spread}
    if len(cell.strata) > 1:
        columns["pooled over folds"] = _printed(own, "pooled", decimals)
    for name, reference in references.items():
        rows = (row for row in score_rows({}, reference) if row["part"] == "mean")
        title = f"predictor {name.replace('_', ' ')}"
        columns[title] = {row["metric"]: f"{row['value']:.{decimals}f}" for row in rows}
    lines = [
        [metric, *(column.get(metric, "") for column in columns.values())]
        for metric in columns["score"]
    ]
    return table(["metric", *columns], lines)


def _printed(own: Mapping[tuple[str, str], Any], part: str, decimals: int) -> dict[str, str]:
    return {
        metric: with_interval(row["value"], (row["low"], row["high"]), decimals)
        for (named, metric), row in own.items()
        if named == part
    }
