"""From a dataset to the files of a run: every seed trained, both readings taken."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from merflow.storage.atomic import replacing
from merflow.training.data import Dataset
from merflow.training.predictions import predictions_of, write_predictions
from merflow.training.readings import HONEST, ORGANISER, READINGS, keep
from merflow.training.spec import Training
from merflow.training.trainer import Build, Trajectories, train_seed


@dataclass
class RunTables:
    """Predictions by reading, and curves, of one model or of several below each other."""

    predictions: dict[str, list[pd.DataFrame]] = field(
        default_factory=lambda: {reading: [] for reading in READINGS}
    )
    curves: list[pd.DataFrame] = field(default_factory=list)

    def add(self, other: "RunTables", layer: str) -> None:
        """Append another model's tables with its name in a first column ``layer``."""
        for reading, frames in other.predictions.items():
            self.predictions[reading] += [_named(frame, layer) for frame in frames]
        self.curves += [_named(frame, layer) for frame in other.curves]

    def write(self, folder: Path, classes: Sequence[str], valence: bool) -> None:
        """Write ``predictions-<reading>.parquet`` and ``curves.csv``."""
        for reading, frames in self.predictions.items():
            path = folder / f"predictions-{reading}.parquet"
            write_predictions(path, pd.concat(frames, ignore_index=True), classes, valence)
        with replacing(folder / "curves.csv") as temporary:
            curves = pd.concat(self.curves, ignore_index=True)
            curves.to_csv(temporary, index=False, lineterminator="\n")


def _named(frame: pd.DataFrame, layer: str) -> pd.DataFrame:
    named = frame.copy()
    named.insert(0, "layer", layer)
    return named


def train_all(
    data: Dataset,
    build: Build,
    how: Training,
    classes: Sequence[str],
    valence: bool,
    with_weights: bool = True,
) -> tuple[RunTables, list[Trajectories]]:
    """Train every seed; return the tables and, per seed, the trajectories without outputs.

    Raises:
        MerflowError: See :func:`merflow.training.trainer.train_seed`.
    """
    tables, kept_runs = RunTables(), []
    for seed in how.seeds:
        run = train_seed(data, build, how, seed, classes, with_weights)
        epochs = {reading: keep(reading, run.criterion) for reading in READINGS}
        for reading, kept in epochs.items():
            frame = predictions_of(data, run, kept, classes, valence)
            tables.predictions[reading].append(frame)
        curves = pd.DataFrame(run.curves).sort_values(["seed", "fold", "epoch"])
        tables.curves.append(curves)
        run.outputs = []
        kept_runs.append(run)
        told = ", ".join(
            f"{epochs[ORGANISER][f] + 1}/{epochs[HONEST][f] + 1}"
            for f in range(len(run.partitions))
        )
        print(f"seed {seed}: kept epochs by fold, organiser/honest: {told}", flush=True)
    return tables, kept_runs
