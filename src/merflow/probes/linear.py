"""Linear probes in closed form: all folds and penalties of one layer, for quick scans of encoders.

They stand in for the probe that is trained by gradient descent: emotion by regularised linear
discriminant analysis, valence by ridge regression, for every fold and every penalty exactly what
fitting that fold alone gives. There is nothing random in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int

from merflow.probes.linear_models import fit
from merflow.probes.linear_moments import Moments, moments_of, pooled
from merflow.training.data import Dataset
from merflow.training.labels import TRAIN
from merflow.training.predictions import columns_of
from merflow.training.readings import keep
from merflow.training.scores import confusion_counts, weighted_f1_from_counts

# Half decades; the strongest first, so that it wins a tie.
PENALTIES = tuple(10.0 ** (half / 2) for half in range(4, -9, -1))
"""Penalties, in units of the variance of a standardised feature."""


@dataclass(frozen=True)
class LinearProbe:
    """Out-of-fold predictions of one layer under every penalty, and their scores.

    The scores of a fold stand in for the learning curve of a trained probe, penalties for epochs.

    Attributes:
        seed: What is written as the seed; nothing depends on it.
        clips: Names of the training clips.
        fold: Of each clip.
        outputs: Posterior probability of each class, then the valence, if there is one.
        weighted_f1: On the held-out fold.
        mse: On the held-out fold; None without valence.
        classes: Names of the classes.
    """

    seed: int
    clips: tuple[str, ...]
    fold: Int[np.ndarray, " clips"]
    outputs: Float64[np.ndarray, "penalties clips outputs"]
    weighted_f1: Float64[np.ndarray, "folds penalties"]
    mse: Float64[np.ndarray, "folds penalties"] | None
    classes: tuple[str, ...]

    def penalties(self, reading: str) -> pd.DataFrame:
        """Return the penalties that a reading keeps.

        Emotion goes by weighted F1 and valence by MSE, each on its own, whether the corpus has Com
        or not; as Com is a sum of the two, no other pair has a better one. ``organiser``
        goes by the fold itself, ``honest`` by the mean over the other folds, as epochs do.

        Args:
            reading: One of :data:`merflow.training.readings.READINGS`.

        Returns:
            One row a fold, with columns fold, emotion and, with valence, valence.
        """
        kept = {name: np.array(PENALTIES)[index] for name, index in self._kept(reading).items()}
        return pd.DataFrame({"fold": np.arange(len(self.weighted_f1)), **kept})

    def predictions(self, reading: str) -> pd.DataFrame:
        """Return the out-of-fold predictions of a reading, with the columns of a predictions file.

        Raises:
            MerflowError: There is one fold alone, and the reading is the honest one.
        """
        kept = self._kept(reading)
        rows, classes = np.arange(len(self.clips)), len(self.classes)
        said = self.outputs[kept["emotion"][self.fold], rows]
        if "valence" in kept:
            said[:, classes:] = self.outputs[kept["valence"][self.fold], rows, classes:]
        frame = pd.DataFrame(
            {"clip": self.clips, "split": TRAIN, "fold": self.fold, "seed": self.seed}
        )
        names = columns_of(self.classes, self.mse is not None)[len(frame.columns) :]
        return frame.assign(**dict(zip(names, said.T, strict=True)))

    def curves(self) -> pd.DataFrame:
        """Return the scores on each held-out fold by penalty, from the strongest to the weakest.

        Columns are seed, fold, penalty, weighted_f1 and, with valence, mse: what is chosen by.
        """
        folds, penalties = self.weighted_f1.shape
        frame = pd.DataFrame(
            {
                "seed": self.seed,
                "fold": np.repeat(np.arange(folds), penalties),
                "penalty": np.tile(PENALTIES, folds),
                "weighted_f1": self.weighted_f1.ravel(),
            }
        )
        if self.mse is not None:
            frame["mse"] = self.mse.ravel()
        return frame

    def _kept(self, reading: str) -> dict[str, Int[np.ndarray, " folds"]]:
        kept = {"emotion": keep(reading, self.weighted_f1)}
        if self.mse is not None:
            kept["valence"] = keep(reading, -self.mse)
        return kept


def linear_probe(data: Dataset, classes: Sequence[str], valence: bool, seed: int) -> LinearProbe:
    """Fit the linear probes of one layer, one for each fold and penalty.

    Only clean training clips are read. Features are standardised with the statistics of each
    fold's training part. A class that the training part lacks is never predicted there, and a
    fold is scored by its own clips alone, as in :mod:`merflow.training.scores`.

    Args:
        data: Labels and features.
        classes: Names of the classes, in the order of the labels' indices.
        valence: Whether valence is predicted too.
        seed: Written into the tables; nothing depends on it.
    """
    labels = data.labels
    rows = np.flatnonzero(labels.fold >= 0)
    fold, emotion = labels.fold[rows], labels.emotion[rows]
    values = data.clean[rows].astype(np.float64)
    shift = values.mean(axis=0)
    values -= shift
    targets = np.eye(len(classes))[emotion]
    if valence:
        targets = np.column_stack([targets, labels.valence[rows]])
    members = [np.flatnonzero(fold == number) for number in range(labels.fold_count)]
    parts = [moments_of(values[own], targets[own], shift) for own in members]
    outputs = np.zeros((len(PENALTIES), *targets.shape))
    weighted_f1 = np.zeros((labels.fold_count, len(PENALTIES)))
    mse = np.zeros_like(weighted_f1)
    for number, own in enumerate(members):
        said = _held_out(parts, number, values[own], len(classes))
        outputs[:, own] = said
        counts = confusion_counts(
            emotion[own], said[..., : len(classes)].argmax(axis=-1), len(classes)
        )
        weighted_f1[number] = weighted_f1_from_counts(counts)
        if valence:
            mse[number] = np.mean((said[..., -1] - targets[own, -1]) ** 2, axis=-1)
    return LinearProbe(
        seed=seed,
        clips=tuple(labels.clips[row] for row in rows),
        fold=fold,
        outputs=outputs,
        weighted_f1=weighted_f1,
        mse=mse if valence else None,
        classes=tuple(classes),
    )


def _held_out(
    parts: Sequence[Moments], number: int, values: Float64[np.ndarray, "clips dim"], classes: int
) -> Float64[np.ndarray, "penalties clips outputs"]:
    """Return what the models say of a fold that did not train them, under every penalty."""
    others = [part for other, part in enumerate(parts) if other != number]
    return fit(pooled(others), classes, PENALTIES).predict(values)
