"""From a dataset to the files of a run: every seed trained, both readings taken."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from torch import Tensor

from merflow.progress import Progress
from merflow.storage.atomic import hard_link, replacing
from merflow.training.data import Dataset
from merflow.training.predictions import predictions_of, write_predictions
from merflow.training.readings import HONEST, ORGANISER, READINGS, keep
from merflow.training.spec import Training
from merflow.training.store import Part, Trained, TrainingStore
from merflow.training.trainer import Build, Trajectories, train_seed

# Tensors of a finished seed and what to say of them in the file.
Weights = Callable[[Trajectories], tuple[dict[str, Tensor], dict[str, str]]]


@dataclass
class RunTables:
    """Predictions by reading, and curves, of one model or of several below each other."""

    predictions: dict[str, list[pd.DataFrame]] = field(
        default_factory=lambda: {reading: [] for reading in READINGS}
    )
    curves: list[pd.DataFrame] = field(default_factory=list)

    def add(self, part: Part, layer: str | None = None) -> None:
        """Append a finished seed, with a first column ``layer`` if its name is given."""
        for reading, frames in self.predictions.items():
            frames.append(_named(part.predictions(reading), layer))
        self.curves.append(_named(part.curves(), layer))

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


def train_all(
    data: Dataset,
    build: Build,
    how: Training,
    classes: Sequence[str],
    valence: bool,
    store: TrainingStore,
    progress: Progress,
    weights: Weights | None = None,
) -> list[Part]:
    """Train every seed that the store does not have; return the parts in the order of the seeds.

    Args:
        data: Clips, labels and features.
        build: Makes an untrained network and its loss.
        how: Settings.
        classes: Names of the classes.
        valence: Whether there is a valence head.
        store: Where finished seeds are kept.
        progress: Counts the seeds.
        weights: What to keep of the models; None keeps nothing.

    Raises:
        MerflowError: See :func:`merflow.training.trainer.train_seed`.
    """
    parts = []
    for seed in how.seeds:

        def train(seed: int = seed) -> Trained:
            progress.begin()
            return _train(data, build, how, seed, classes, valence, weights)

        part = store.seed(seed, train)
        print(f"seed {seed}: {'kept from before' if part.kept else 'trained'}", flush=True)
        parts.append(part)
        progress.add()
    return parts


def _train(
    data: Dataset,
    build: Build,
    how: Training,
    seed: int,
    classes: Sequence[str],
    valence: bool,
    weights: Weights | None,
) -> Trained:
    """Train one seed and take both readings."""
    run = train_seed(data, build, how, seed, classes, weights is not None)
    epochs = {reading: keep(reading, run.criterion) for reading in READINGS}
    told = ", ".join(
        f"{epochs[ORGANISER][f] + 1}/{epochs[HONEST][f] + 1}" for f in range(len(run.partitions))
    )
    print(f"seed {seed}: kept epochs by fold, organiser/honest: {told}", flush=True)
    predictions = {
        reading: predictions_of(data, run, kept, classes, valence)
        for reading, kept in epochs.items()
    }
    curves = pd.DataFrame(run.curves).sort_values(["seed", "fold", "epoch"], ignore_index=True)
    tensors, about = weights(run) if weights else ({}, {})
    return Trained(predictions, curves, tensors, about)


def link_weights(parts: Sequence[Part], seeds: Sequence[int], folder: Path) -> None:
    """Put the weights of each seed into a run folder as ``weights-seed<s>.safetensors``."""
    for part, seed in zip(parts, seeds, strict=True):
        hard_link(part.weights, folder / f"weights-seed{seed}.safetensors")
