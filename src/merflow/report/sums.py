"""Every metric of the report, from terms that are summed over clips.

A clip enters every metric by the same few terms. Whatever weighs clips (a bootstrap draw counts
them, a permutation exchanges them) weighs the terms, and scores the sums anew.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from merflow.report.labels import SplitLabels
from merflow.report.readings import Predictions
from merflow.training.scores import combine, weighted_f1_from_counts

METRICS = ("weighted_f1", "mse", "com", "accuracy", "uar", "rmse", "ccc", "pearson")
OF_EMOTION = ("weighted_f1", "accuracy", "uar")
MOMENTS = 6
"""Terms of a valence: error^2, said, true, said^2, true^2, said * true."""
CONSTANT = 1e-12
"""A variance below this share of the mean square is rounding: the values are all equal."""


def metric_names(valence: bool) -> tuple[str, ...]:
    """Return the names along the axis ``metrics``; without valence those of emotion alone.

    Files may call them otherwise, and leave Com out: :mod:`merflow.report.naming`.
    """
    return METRICS if valence else OF_EMOTION


def clip_sums(
    labels: SplitLabels, predictions: Predictions, classes: Sequence[str]
) -> Float64[np.ndarray, "seeds present sums"]:
    """Return the terms of each present clip.

    They are 1 at the cell of (true, predicted) class of the flattened confusion matrix and 0 in
    its other cells; then, if labels and predictions have valence, the :data:`MOMENTS`. The
    predicted class is the most probable one, the first of them on a tie.

    Args:
        labels: Of all labelled clips of the split.
        predictions: Of those that are present.
        classes: Names in the order of the probabilities.
    """
    count, true = len(classes), labels.emotion[predictions.present]
    cell = true * count + predictions.probabilities.argmax(axis=2)
    said = predictions.valence
    valence = labels.valence is not None and said is not None
    found = np.zeros((*cell.shape, count**2 + MOMENTS * valence))
    np.put_along_axis(found, cell[..., None], 1.0, axis=2)
    if labels.valence is not None and said is not None:
        told = np.broadcast_to(labels.valence[predictions.present], said.shape)
        terms = [(said - told) ** 2, said, told, said**2, told**2, said * told]
        found[..., count**2 :] = np.stack(terms, axis=-1)
    return found


def metrics_of(
    sums: Float64[np.ndarray, "*batch sums"], classes: int
) -> Float64[np.ndarray, "*batch metrics"]:
    """Return every metric of sums over clips; NaN where there is no clip.

    - ``weighted_f1``, ``mse``, ``com``: see :mod:`merflow.training.scores`.
    - ``accuracy``: share of clips whose class is right.
    - ``uar``: mean of the recalls of the classes that occur among the true ones.
    - ``rmse``: root of the MSE.
    - ``ccc``: Lin 1989, with moments that divide by the number of clips; 0 where the true or the
      predicted valence is constant.
    - ``pearson``: correlation; 0 where the true or the predicted valence is constant.

    Args:
        sums: Terms of :func:`clip_sums`, summed with any weights.
        classes: Number of classes; the length of the last axis tells whether there is valence.
    """
    confusion = _confusion(sums, classes)
    clips = confusion.sum((-2, -1))
    hits, true = np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1)
    f1 = np.where(clips > 0, weighted_f1_from_counts(confusion), np.nan)
    accuracy = _divide(hits.sum(axis=-1), clips, np.nan)
    uar = _divide(_divide(hits, true, 0.0).sum(axis=-1), (true > 0).sum(axis=-1), np.nan)
    if sums.shape[-1] == classes**2:
        return np.stack([f1, accuracy, uar], axis=-1)
    means = _divide(sums[..., classes**2 :], clips[..., None], np.nan)
    mse = means[..., 0]
    return np.stack(
        [f1, mse, combine(f1, mse), accuracy, uar, np.sqrt(mse), *agreement(means)], axis=-1
    )


def f1_of(
    sums: Float64[np.ndarray, "*batch sums"], classes: int
) -> Float64[np.ndarray, "*batch classes"]:
    """Return the F1 of each class; NaN where the class is not among the true ones.

    Args:
        sums: As :func:`metrics_of`.
        classes: As :func:`metrics_of`.
    """
    confusion = _confusion(sums, classes)
    true = confusion.sum(axis=-1)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return np.where(true > 0, _divide(2 * hits, true + confusion.sum(axis=-2), 0.0), np.nan)


def _confusion(
    sums: Float64[np.ndarray, "*batch sums"], classes: int
) -> Float64[np.ndarray, "*batch classes classes"]:
    return sums[..., : classes**2].reshape(*sums.shape[:-1], classes, classes)


def agreement(
    means: Float64[np.ndarray, "*batch moments"],
) -> tuple[Float64[np.ndarray, "*batch"], Float64[np.ndarray, "*batch"]]:
    """Return CCC and Pearson's correlation of the means of the :data:`MOMENTS`.

    As :func:`metrics_of` has them.
    """
    _, said, told, said_square, told_square, product = np.moveaxis(means, -1, 0)
    spread, true_spread = said_square - said**2, told_square - told**2
    # NaN, where there is no clip, is not below anything and so stays NaN.
    still = (spread <= CONSTANT * said_square) | (true_spread <= CONSTANT * told_square)
    spread, true_spread = np.where(still, 1.0, spread), np.where(still, 1.0, true_spread)
    shared = np.where(still, 0.0, product - said * told)
    ccc = 2 * shared / (spread + true_spread + (said - told) ** 2)
    return ccc, shared / np.sqrt(spread * true_spread)


def _divide(
    top: Float64[np.ndarray, "..."], bottom: Float64[np.ndarray, "..."], otherwise: float
) -> Float64[np.ndarray, "..."]:
    """Return the ratio, and ``otherwise`` where the denominator is 0."""
    shape = np.broadcast_shapes(np.shape(top), np.shape(bottom))
    return np.divide(top, bottom, out=np.full(shape, otherwise), where=bottom > 0)
