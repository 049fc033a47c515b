"""One fold of a dataset: what trains, what is held out, and the standardisation between them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int

from merflow.errors import MerflowError
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
        inner: Clean rows of the fold that neither trains nor is scored, but chooses the epoch;
            none where the other folds' models choose.
        tests: Clean rows of the test splits.
        standardiser: Statistics of the clean training rows.
    """

    fold: int
    training: Int[np.ndarray, " training"]
    held_out: Int[np.ndarray, " held_out"]
    inner: Int[np.ndarray, " inner"]
    tests: Int[np.ndarray, " tests"]
    standardiser: Standardiser

    def standardise(
        self, data: Dataset, columns: slice, out: Float32[np.ndarray, "rows _"]
    ) -> None:
        """Write all rows, standardised, clean ones first; a missing feature is 0, its mean.

        Args:
            data: The dataset.
            columns: Of one feature.
            out: Where to write; tables are large, so that nothing is copied twice.
        """
        mean, std = self.standardiser.mean[columns], self.standardiser.std[columns]
        clips = len(data.labels)
        # What overflows makes the loss infinite: the model is told to have diverged.
        with np.errstate(over="ignore"):
            np.subtract(data.clean[:, columns], mean, out=out[:clips])
            np.subtract(data.copies[:, columns], mean, out=out[clips:])
            out /= std
        feature = int(np.searchsorted(np.cumsum(data.dims), columns.start, side="right"))
        out[:clips][~data.present[:, feature]] = 0.0


def partition_of(data: Dataset, fold: int, selection: str = "folds") -> Partition:
    """Split a dataset for one held-out fold.

    A copy trains only while its clip is in the training part, and is never scored. With the
    selection ``inner`` the fold after the held-out one is left out of the training too; being a
    fold, it shares no speaker with the rest where folds do not (source: ours).

    Raises:
        MerflowError: There are too few folds for an inner one.
    """
    count = data.labels.fold_count
    if selection == "inner" and count < 3:
        raise MerflowError(
            f"training.selection is 'inner', which needs 3 folds or more, but there are {count}: "
            "raise corpus.folds.count or set it to 'folds'"
        )
    in_train = np.array([split == TRAIN for split in data.labels.split])
    inner = data.labels.fold == ((fold + 1) % count if selection == "inner" else -2)
    trains = in_train & (data.labels.fold != fold) & ~inner
    clean = np.flatnonzero(trains)
    copies = np.flatnonzero(trains[data.copy_of])
    return Partition(
        fold=fold,
        training=np.concatenate([clean, len(data.labels) + copies]),
        held_out=np.flatnonzero(in_train & (data.labels.fold == fold)),
        inner=np.flatnonzero(in_train & inner),
        tests=np.flatnonzero(~in_train),
        standardiser=standardiser_of(data.clean[clean]),
    )
