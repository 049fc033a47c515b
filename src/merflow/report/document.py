"""``metrics.json``: every score of every system, nested so that ``dvc metrics diff`` reads well.

Nothing in it names a clip.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64

from merflow.errors import MerflowError
from merflow.report.bootstrap import LEVEL, draw_counts
from merflow.report.clips import TRAIN
from merflow.report.labels import SplitLabels
from merflow.report.metrics import Cell, Rounding, difference, evaluate, score_rows, summary
from merflow.report.readings import align
from merflow.report.references import PREDICTORS
from merflow.training.predictions import read_predictions

AXES = ("system", "augmentation", "reading", "split")
Cells = dict[tuple[str, str, str, str], Cell]


def parse_label(text: str) -> tuple[str, str, str]:
    """Split ``<system>|<augmentation>|<reading>``; raises :class:`MerflowError`."""
    parts = text.split("|")
    if len(parts) != 3 or not all(parts):
        raise MerflowError(
            f"the predictions' label {text!r} is malformed: write SYSTEM|AUGMENTATION|READING"
        )
    return parts[0], parts[1], parts[2]


@dataclass(frozen=True)
class Scorer:
    """Labels and bootstrap draws of every split, shared by all systems.

    Attributes:
        spec: ``classes``, ``valence``, ``bootstrap: {draws, seed}``, ``decimals``.
        labels: By split.
        counts: Bootstrap draws by split.
    """

    spec: Mapping[str, Any]
    labels: dict[str, SplitLabels]
    counts: dict[str, Float64[np.ndarray, "draws clips"]]

    @classmethod
    def of(cls, spec: Mapping[str, Any], labels: dict[str, SplitLabels]) -> "Scorer":
        """Draw the resamples for the labels."""
        boot = spec["bootstrap"]
        counts = {
            split: draw_counts(own.stratum, boot["draws"], boot["seed"], split)
            for split, own in labels.items()
        }
        return cls(spec, labels, counts)

    def cells(self, path: Path, source: str) -> dict[str, Cell]:
        """Score one predictions file on every labelled split that it has."""
        return self.cells_of(
            read_predictions(path, self.spec["classes"], self.spec["valence"]), source
        )

    def cells_of(self, frame: pd.DataFrame, source: str) -> dict[str, Cell]:
        """Score a frame of :func:`read_predictions` on every labelled split that it has."""
        found = {}
        for split, labels in self.labels.items():
            predictions = align(frame, labels, self.spec["classes"], source)
            if predictions is None:
                continue
            found[split] = evaluate(labels, predictions, self.counts[split], self.spec["classes"])
            missing = len(labels.clips) - found[split].clips
            if missing:
                print(f"{source}: {missing} clips of {split} have no prediction", file=sys.stderr)
        return found

    def references(self) -> dict[str, dict[str, Cell]]:
        """Score the predictors of :mod:`merflow.report.references` on every split."""
        train, classes = self.labels[TRAIN], self.spec["classes"]
        return {
            name: {
                split: evaluate(
                    own, predictor(train, own, len(classes)), self.counts[split], classes
                )
                for split, own in self.labels.items()
            }
            for name, predictor in PREDICTORS.items()
        }


def _nest(found: dict, keys: tuple[str, ...], value: Any) -> None:
    if value is None:
        return
    for key in keys[:-1]:
        found = found.setdefault(key, {})
    found[keys[-1]] = value


def selection_bias(cells: Cells, rounding: Rounding) -> dict:
    """Return organiser - honest on ``train`` for each system and augmentation.

    On a test set neither reading has selected anything, so there is no such bias there.
    """
    found: dict = {}
    for (system, augmentation, reading, split), cell in cells.items():
        honest = cells.get((system, augmentation, "honest", split))
        if reading != "organiser" or split != TRAIN or honest is None:
            continue
        gap = cell.value - honest.value
        named = {name: rounding(v) for name, v in zip(cell.metrics, gap, strict=True)}
        _nest(found, (system, augmentation), named)
    return found


def differences(cells: Cells, seed: int, rounding: Rounding) -> dict:
    """Return the paired differences that the paper's claims are about.

    ``jdev-baseline``: of systems called ``<stem>-jdev`` and ``<stem>-baseline``;
    ``noise-clean``: of one system trained with and without noisy copies.
    """
    found: dict = {"jdev-baseline": {}, "noise-clean": {}}
    for (system, augmentation, reading, split), cell in cells.items():
        stem = system.replace("-jdev", "")
        base = (system.replace("-jdev", "-baseline"), augmentation, reading, split)
        clean = (system, "clean", reading, split)
        if "-jdev" in system and base in cells:
            gap = difference(cell, cells[base], seed, rounding)
            _nest(found["jdev-baseline"], (stem, augmentation, reading, split), gap)
        if augmentation == "noise" and clean in cells:
            gap = difference(cell, cells[clean], seed, rounding)
            _nest(found["noise-clean"], (system, reading, split), gap)
    return found


def build(
    spec: Mapping[str, Any],
    labels: dict[str, SplitLabels],
    clips: Mapping[str, Mapping],
    predictions: Mapping[str, Path],
) -> tuple[dict, pd.DataFrame]:
    """Score all predictions.

    Args:
        spec: As :class:`Scorer`, and ``corpus``, the corpus's name.
        labels: From :func:`merflow.report.labels.scored_splits`.
        clips: From :func:`merflow.report.clips.clip_counts`.
        predictions: Files by label ``<system>|<augmentation>|<reading>``.

    Returns:
        The rounded document ``{corpus: {systems, references, ...}}`` and the unrounded scores
        as a tidy table.
    """
    scorer, rounding = Scorer.of(spec, labels), Rounding(spec["decimals"])
    cells: Cells = {}
    for label in sorted(predictions):
        for split, cell in scorer.cells(predictions[label], label).items():
            cells[*parse_label(label), split] = cell
    systems: dict = {}
    for keys, cell in cells.items():
        _nest(systems, keys, summary(cell, rounding))
    document = {
        "bootstrap": {**spec["bootstrap"], "level": LEVEL},
        "clips": clips,
        "differences": differences(cells, spec["bootstrap"]["seed"], rounding),
        "references": {
            name: {split: summary(cell, rounding) for split, cell in by_split.items()}
            for name, by_split in scorer.references().items()
        },
        "seeds": sorted({seed for cell in cells.values() for seed in cell.seeds}),
        "selection_bias": selection_bias(cells, rounding),
        "systems": systems,
    }
    return {spec["corpus"]: document}, score_table(cells)


def score_table(cells: Cells) -> pd.DataFrame:
    """Return the unrounded scores as a tidy table."""
    columns = [*AXES, "metric", "part", "seed", "fold", "value", "low", "high", "clips"]
    rows = [
        row
        for keys, cell in cells.items()
        for row in score_rows(dict(zip(AXES, keys, strict=True)), cell)
    ]
    whole = {"seed": "Int64", "fold": "Int64", "clips": "Int64"}
    return pd.DataFrame(rows, columns=columns).astype(whole)
