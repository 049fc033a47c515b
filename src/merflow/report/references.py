"""Two predictors that need no clip, computed from the corpus's own labels.

They bracket what a score means (FACTS 4.11): below the constant one nothing was learned, and
above the true-class one the valence model uses more than the class. On ``train`` both are
in-sample: they are made of the very labels that they are scored on.
"""

import numpy as np

from merflow.report.labels import SplitLabels
from merflow.report.readings import Predictions


def _predictions(
    labels: SplitLabels, classes: int, chosen: np.ndarray, valence: np.ndarray | None
) -> Predictions:
    probabilities = np.eye(classes)[chosen][None]
    told = None if labels.valence is None or valence is None else valence[None]
    return Predictions([0], np.ones(len(labels.clips), bool), probabilities, told)


def most_frequent(train: SplitLabels, classes: int) -> int:
    """Return the index of the most frequent class; the first in order on a tie."""
    return int(np.bincount(train.emotion, minlength=classes).argmax())


def constant(train: SplitLabels, labels: SplitLabels, classes: int) -> Predictions:
    """Predict the most frequent class and the mean valence of ``train`` for every clip."""
    chosen = np.full(len(labels.clips), most_frequent(train, classes))
    mean = None if train.valence is None else np.full(len(labels.clips), train.valence.mean())
    return _predictions(labels, classes, chosen, mean)


def true_class(train: SplitLabels, labels: SplitLabels, classes: int) -> Predictions:
    """Predict each clip's true class, and that class's mean valence in ``train``.

    A class that ``train`` lacks gets the mean valence of ``train``.
    """
    valence = None
    if train.valence is not None:
        counts = np.bincount(train.emotion, minlength=classes)
        sums = np.bincount(train.emotion, weights=train.valence, minlength=classes)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), train.valence.mean())
        valence = means[labels.emotion]
    return _predictions(labels, classes, labels.emotion, valence)


PREDICTORS = {"constant": constant, "true_class": true_class}
