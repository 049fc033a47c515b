"""Scoring predictions on every labelled split, on draws that all systems share."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import UInt8

from merflow.report.bootstrap import draw_counts, strata
from merflow.report.clips import TRAIN
from merflow.report.labels import SplitLabels
from merflow.report.metrics import Cell, evaluate
from merflow.report.naming import Naming
from merflow.report.readings import Predictions, align
from merflow.report.references import PREDICTORS
from merflow.training.predictions import read_predictions


@dataclass(frozen=True)
class Scored:
    """Predictions of one split, and their scores."""

    predictions: Predictions
    cell: Cell


@dataclass(frozen=True)
class Scorer:
    """Labels and bootstrap draws of every split, shared by all systems.

    Attributes:
        spec: ``classes``, ``valence``, ``com``, ``valence_name``, ``bootstrap: {draws, seed}``,
            ``decimals``.
        labels: By split.
        counts: Bootstrap draws by split.
    """

    spec: Mapping[str, Any]
    labels: dict[str, SplitLabels]
    counts: dict[str, UInt8[np.ndarray, "draws clips"]]

    @classmethod
    def of(cls, spec: Mapping[str, Any], labels: dict[str, SplitLabels]) -> "Scorer":
        """Draw the resamples for the labels."""
        boot = spec["bootstrap"]
        counts = {
            split: draw_counts(strata(own), boot["draws"], boot["seed"], split)
            for split, own in labels.items()
        }
        return cls(spec, labels, counts)

    @property
    def naming(self) -> Naming:
        """What the metrics are called."""
        return Naming.of(self.spec)

    def file(self, path: Path, source: str) -> dict[str, Scored]:
        """Score one predictions file on every labelled split that it has."""
        return self.frame(
            read_predictions(path, self.spec["classes"], self.spec["valence"]), source
        )

    def frame(self, frame: pd.DataFrame, source: str) -> dict[str, Scored]:
        """Score a frame of :func:`read_predictions` on every labelled split that it has."""
        found = {}
        for split, labels in self.labels.items():
            predictions = align(frame, labels, self.spec["classes"], source)
            if predictions is None:
                continue
            found[split] = self.score(split, predictions)
            missing = len(labels.clips) - found[split].cell.clips
            if missing:
                print(f"{source}: {missing} clips of {split} have no prediction", file=sys.stderr)
        return found

    def score(self, split: str, predictions: Predictions) -> Scored:
        """Score predictions that are laid beside the labels of a split."""
        return Scored(predictions, self._cell(split, predictions))

    def common(self, split: str, first: Scored, second: Scored) -> tuple[Cell, Cell] | None:
        """Score two systems on the clips that both predict; None where there is none."""
        both = first.predictions.present & second.predictions.present
        if not both.any():
            return None
        one, other = (
            scored.cell
            if scored.cell.clips == both.sum()
            else self._cell(split, scored.predictions.among(both))
            for scored in (first, second)
        )
        return one, other

    def references(self) -> dict[str, dict[str, Cell]]:
        """Score the predictors of :mod:`merflow.report.references` on every split."""
        train, classes = self.labels[TRAIN], len(self.spec["classes"])
        return {
            name: {
                split: self._cell(split, predictor(train, own, classes))
                for split, own in self.labels.items()
            }
            for name, predictor in PREDICTORS.items()
        }

    def _cell(self, split: str, predictions: Predictions) -> Cell:
        labels, counts = self.labels[split], self.counts[split]
        return evaluate(labels, predictions, counts, self.spec["classes"], self.naming)
