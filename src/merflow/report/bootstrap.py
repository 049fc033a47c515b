"""Bootstrap intervals over clips, from confusion counts.

Every system is scored on the same draws, so that differences between systems are paired.
Source: Efron and Tibshirani 1993, percentile interval; strata (the folds) are ours.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64

from merflow.seeds import generator
from merflow.training.scores import combine, weighted_f1_from_counts

LEVEL = 0.95
METRICS = ("weighted_f1", "mse", "com")


def draw_counts(
    stratum: Int64[np.ndarray, " clips"], draws: int, seed: int, *names: object
) -> Float64[np.ndarray, "draws clips"]:
    """Return how often each clip stands in each resample, drawn within each stratum.

    Args:
        stratum: Of each clip; a resample has as many clips of a stratum as there are.
        draws: Number of resamples.
        seed: Of ``report.bootstrap``.
        names: What is resampled, e.g. the split.
    """
    counts = np.zeros((draws, len(stratum)))
    for value in np.unique(stratum):
        members = np.flatnonzero(stratum == value)
        rng = generator(seed, "bootstrap", *names, int(value))
        chosen = rng.integers(0, len(members), (draws, len(members)))
        flat = (chosen + np.arange(draws)[:, None] * len(members)).ravel()
        drawn = np.bincount(flat, minlength=draws * len(members))
        counts[:, members] = drawn.reshape(draws, len(members))
    return counts


def metrics_of(
    confusion: Float64[np.ndarray, "*batch c c"],
    squares: Float64[np.ndarray, "*batch"] | None,
) -> Float64[np.ndarray, "*batch metrics"]:
    """Return weighted F1, MSE and Com from counts and summed squared errors; NaN without clips.

    Without ``squares`` the last axis holds weighted F1 alone.
    """
    clips = confusion.sum((-2, -1))
    f1 = np.where(clips > 0, weighted_f1_from_counts(confusion), np.nan)
    if squares is None:
        return f1[..., None]
    mse = np.divide(squares, clips, out=np.full(clips.shape, np.nan), where=clips > 0)
    return np.stack([f1, mse, combine(f1, mse)], axis=-1)


def resample(
    counts: Float64[np.ndarray, "draws clips"],
    stratum: Int64[np.ndarray, " clips"],
    true: Int64[np.ndarray, " clips"],
    predicted: Int64[np.ndarray, " clips"],
    squares: Float64[np.ndarray, " clips"] | None,
    classes: int,
) -> tuple[Float64[np.ndarray, "draws metrics"], Float64[np.ndarray, "draws metrics"]]:
    """Score every resample: as the mean of the strata's scores, and pooled over the strata.

    Args:
        counts: From :func:`draw_counts`.
        stratum: Of each clip.
        true: Class index of each clip.
        predicted: Class index of each clip.
        squares: Squared error of the valence of each clip, or None.
        classes: Number of classes.
    """
    confusions, sums = [], []
    cell = true * classes + predicted
    for value in np.unique(stratum):
        members = np.flatnonzero(stratum == value)
        one_hot = np.zeros((len(members), classes * classes))
        one_hot[np.arange(len(members)), cell[members]] = 1
        weights = counts[:, members]
        confusions.append((weights @ one_hot).reshape(-1, classes, classes))
        if squares is not None:
            sums.append(weights @ squares[members])
    confusion, summed = np.stack(confusions), np.stack(sums) if sums else None
    pooled = metrics_of(confusion.sum(0), None if summed is None else summed.sum(0))
    by_stratum = metrics_of(confusion, summed)
    # A stratum can come out empty in a draw only where a system left out clips of it.
    known = ~np.isnan(by_stratum)
    mean = np.where(known, by_stratum, 0).sum(0) / np.maximum(known.sum(0), 1)
    return mean, pooled


def interval(samples: Float64[np.ndarray, "draws metrics"]) -> Float64[np.ndarray, "metrics 2"]:
    """Return the percentile interval (low, high) of each metric."""
    tail = (1 - LEVEL) / 2
    return np.nanquantile(samples, [tail, 1 - tail], axis=0).T


def seed_weights(seeds: Sequence[int], draws: int, seed: int) -> Float64[np.ndarray, "draws seeds"]:
    """Return the weights of the trainings in each draw, resampled with replacement.

    With one training there is nothing to resample: all weights are 1.
    """
    return draw_counts(np.zeros(len(seeds), np.int64), draws, seed, "trainings") / len(seeds)
