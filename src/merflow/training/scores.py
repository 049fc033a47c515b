"""Weighted F1, MSE and their combination: the one place from which every metric comes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

from merflow.errors import MerflowError

MSE_WEIGHT = 0.25


@dataclass(frozen=True)
class Scores:
    """The metrics of one set of predictions.

    Attributes:
        weighted_f1: "Dis" of Table 1, in 0..1.
        mse: "Dim", in squared units of the labels' own valence; None without valence.
        com: ``weighted_f1 - 0.25 mse``; None without valence, and where the corpus has no Com.
    """

    weighted_f1: float
    mse: float | None
    com: float | None

    @property
    def criterion(self) -> float:
        """What epochs and settings are chosen by: Com, or weighted F1 where there is no Com."""
        return self.weighted_f1 if self.com is None else self.com


def confusion_counts(
    emotion: Int[np.ndarray, " clips"],
    predicted: Int[np.ndarray, "*sets clips"],
    classes: int,
) -> Float64[np.ndarray, "*sets classes classes"]:
    """Count how often true class i (row) was predicted as j (column), for many sets at once.

    ``predicted`` may carry leading axes, one confusion matrix each.
    """
    predicted = np.asarray(predicted)
    sets = predicted.shape[:-1]
    flat = (emotion * classes + predicted).reshape(-1, len(emotion))
    offsets = np.arange(len(flat))[:, None] * classes**2
    counts = np.bincount((flat + offsets).ravel(), minlength=len(flat) * classes**2)
    return counts.reshape(*sets, classes, classes).astype(np.float64)


def weighted_f1_from_counts(
    confusion: Float[np.ndarray, "*sets classes classes"],
) -> Float64[np.ndarray, "*sets"]:
    """Return the F1 of each class, weighted by its true count; 0 where a ratio is 0/0.

    Source: MER 2023's metric, as scikit-learn's ``f1_score(average="weighted", zero_division=0)``.

    Args:
        confusion: Counts or summed weights, true class by predicted class; leading axes
            (bootstrap draws, grid points) are kept.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    true, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    both = true + predicted
    # F1 = 2 hits / (true + predicted): where the sum is 0 the class has no weight either.
    f1 = np.divide(2.0 * hits, both, out=np.zeros(both.shape), where=both > 0)
    total = true.sum(axis=-1)
    weighted = (f1 * true).sum(axis=-1)
    return np.divide(weighted, total, out=np.zeros(np.shape(total)), where=total > 0)


def combine(
    weighted_f1: Float[np.ndarray, "*sets"] | float, mse: Float[np.ndarray, "*sets"] | float
) -> Float[np.ndarray, "*sets"] | float:
    """Return Com = weighted F1 - 0.25 MSE (challenge paper, eq. 12).

    It is defined on the challenge's scale of valence, -5 to 5: on another scale the same
    predictions would weigh otherwise against those of the emotion.
    """
    return weighted_f1 - MSE_WEIGHT * mse


def score(
    emotion: Int[np.ndarray, " clips"],
    probabilities: Float[np.ndarray, "clips classes"],
    valence_true: Float[np.ndarray, " clips"] | Sequence[float] | None,
    valence_pred: Float[np.ndarray, " clips"] | Sequence[float] | None,
    classes: Sequence[str],
    com: bool = True,
) -> Scores:
    """Score predictions of emotion and, if both valences are given, of valence.

    The predicted class is the most probable one, the first of them on a tie.

    Args:
        emotion: True classes, as indices into ``classes``.
        probabilities: One row a clip, columns in the order of ``classes``.
        valence_true: True valences, or None.
        valence_pred: Predicted valences, or None.
        classes: Names of the classes.
        com: Whether the corpus has Com (``corpus.com``).

    Raises:
        MerflowError: There is nothing to score, or a label or number is not usable.
    """
    probabilities = np.asarray(probabilities)
    if not len(emotion):
        raise MerflowError("there is no clip to score: check that the split has labelled clips")
    if emotion.min() < 0 or emotion.max() >= len(classes):
        raise MerflowError(
            f"an emotion to be scored is none of {', '.join(classes)}: correct the manifest or "
            "corpus.classes"
        )
    if probabilities.shape != (len(emotion), len(classes)) or np.isnan(probabilities).any():
        raise MerflowError(
            f"the predictions to score have shape {probabilities.shape} or contain NaN, but "
            f"{len(emotion)} clips by {len(classes)} classes are needed: rebuild the predictions"
        )
    counts = confusion_counts(emotion, probabilities.argmax(axis=1), len(classes))
    weighted_f1 = float(weighted_f1_from_counts(counts))
    if valence_true is None or valence_pred is None:
        return Scores(weighted_f1, None, None)
    error = np.asarray(valence_pred, np.float64) - np.asarray(valence_true, np.float64)
    mse = float(np.mean(error**2))
    if error.shape != emotion.shape or not np.isfinite(mse):
        raise MerflowError(
            f"the {len(emotion)} valences to score are missing or not finite somewhere: give every "
            "scored clip a valence, or set corpus.valence to false"
        )
    return Scores(weighted_f1, mse, float(combine(weighted_f1, mse)) if com else None)
