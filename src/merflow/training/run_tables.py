"""The files of a run folder that hold several seeds: predictions of both readings, and curves."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from merflow.storage.atomic import replacing
from merflow.training.chosen import Chosen
from merflow.training.predictions import write_predictions
from merflow.training.readings import READINGS


@dataclass
class RunTables:
    """Predictions by reading, and curves, of one model or of several below each other."""

    predictions: dict[str, list[pd.DataFrame]] = field(
        default_factory=lambda: {reading: [] for reading in READINGS}
    )
    curves: list[pd.DataFrame] = field(default_factory=list)

    def add(self, seed: Chosen, layer: str | None = None) -> None:
        """Append a finished seed, with a first column ``layer`` if its name is given."""
        for reading, frames in self.predictions.items():
            frames.append(_named(seed.predictions(reading), layer))
        self.curves.append(_named(seed.curves(), layer))

    def write(self, folder: Path, classes: tuple[str, ...], valence: bool) -> None:
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
