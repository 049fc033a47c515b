"""One fold of a dataset: what trains, what is held out, and the standardisation between them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int

from merflow.training.data import Dataset
from merflow.training.labels import TRAIN

# A spread below this share of the largest value is float32 rounding, not information.
ROUNDING = 8 * float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Standardiser:
    """Mean and standard deviation of the clean training rows.

    Attributes:
        mean: One a column.
        std: Population standard deviation; 1 where a column is constant.
    """

    mean: Float32[np.ndarray, " dim"]
    std: Float32[np.ndarray, " dim"]

    def apply(self, values: Float32[np.ndarray, "rows dim"]) -> Float32[np.ndarray, "rows dim"]:
        """Return ``(values - mean) / std``."""
        return (values - self.mean) / self.std


def standardiser_of(values: Float32[np.ndarray, "rows dim"]) -> Standardiser:
    """Return the statistics of rows, computed in float64 (source: ours)."""
    mean = values.mean(axis=0, dtype=np.float64)
    std = values.std(axis=0, dtype=np.float64)
    constant = std <= ROUNDING * np.abs(values).max(axis=0)
    std = np.where(constant, 1.0, std)
    return Standardiser(mean.astype(np.float32), std.astype(np.float32))


@dataclass(frozen=True)
class Partition:
    """Rows of a dataset by their role while one fold is held out.

    Training rows count through ``clean`` first and ``copies`` after it.

    Attributes:
        fold: The held-out fold.
        training: Rows that train: clean clips of the other folds and their copies.
        held_out: Clean rows of the fold, which are scored.
        tests: Clean rows of the test splits.
        standardiser: Statistics of the clean training rows.
    """

    fold: int
    training: Int[np.ndarray, " training"]
    held_out: Int[np.ndarray, " held_out"]
    tests: Int[np.ndarray, " tests"]
    standardiser: Standardiser

    def evaluation(self, data: Dataset) -> Float32[np.ndarray, "rows dim"]:
        """Return the standardised held-out and test rows; a missing feature is 0, its mean."""
        rows = np.concatenate([self.held_out, self.tests])
        present = np.repeat(data.present[rows], data.dims, axis=1)
        return np.where(present, self.standardiser.apply(data.clean[rows]), np.float32(0.0))


def partition_of(data: Dataset, fold: int) -> Partition:
    """Split a dataset for one held-out fold.

    A copy trains only while its clip is in the training part, and is never scored.
    """
    in_train = np.array([split == TRAIN for split in data.labels.split])
    trains = in_train & (data.labels.fold != fold)
    clean = np.flatnonzero(trains)
    copies = np.flatnonzero(trains[data.copy_of])
    return Partition(
        fold=fold,
        training=np.concatenate([clean, len(data.labels) + copies]),
        held_out=np.flatnonzero(in_train & (data.labels.fold == fold)),
        tests=np.flatnonzero(~in_train),
        standardiser=standardiser_of(data.clean[clean]),
    )
