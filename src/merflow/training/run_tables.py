"""The files of a run folder that hold several seeds: predictions of both readings, and curves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import pandas as pd

from merflow.storage.atomic import replacing
from merflow.training.predictions import write_predictions
from merflow.training.readings import READINGS


@runtime_checkable
class Finished(Protocol):
    """One seed of a model: trained (:class:`merflow.training.chosen.Chosen`), or solved."""

    def predictions(self, reading: str) -> pd.DataFrame:
        """Return the predictions of one reading."""

    def curves(self) -> pd.DataFrame:
        """Return its scores by epoch, or by penalty."""


@dataclass
class RunTables:
    """Predictions by reading, and curves, of one model or of several below each other."""

    predictions: dict[str, list[pd.DataFrame]] = field(
        default_factory=lambda: {reading: [] for reading in READINGS}
    )
    curves: list[pd.DataFrame] = field(default_factory=list)

    def add(self, seed: Finished, layer: str | None = None) -> None:
        """Append a finished seed, with a first column ``layer`` if its name is given."""
        for reading, frames in self.predictions.items():
            frames.append(_named(seed.predictions(reading), layer))
        self.curves.append(_named(seed.curves(), layer))

    def write(self, folder: Path, classes: Sequence[str], valence: bool) -> None:
        """Write ``predictions-<reading>.parquet`` and ``curves.csv``."""
        for reading, frames in self.predictions.items():
            path = folder / f"predictions-{reading}.parquet"
            write_predictions(path, pd.concat(frames, ignore_index=True), classes, valence)
        with replacing(folder / "curves.csv") as temporary:
            curves = pd.concat(self.curves, ignore_index=True)
            curves.to_csv(temporary, index=False, lineterminator="\n")


def _named(frame: pd.DataFrame, layer: str | None) -> pd.DataFrame:
    if layer is not None:
        frame.insert(0, "layer", layer)
    return frame
