"""Bootstrap intervals over clips, stratified by fold and emotion.

Every system is scored on the same draws, so that differences between systems are paired.
Source: Efron and Tibshirani 1993, percentile interval; the strata are ours. Folds are kept since
a fold's score is that of one model. Emotions are kept since they are given with the corpus: the
organisers chose which clips to label, so an interval is for other clips of the same composition,
and F1 and recall of a class that has clips have a value in (nearly) every draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from merflow.report.labels import SplitLabels
from merflow.report.sums import f1_of, metrics_of
from merflow.seeds import generator

LEVEL = 0.95
STRATA = "fold and emotion"
SMALLEST = 10
"""A resample of m clips varies by (m - 1) / m of what it should: from here on 10 % too little."""
BLOCK = 500
"""Draws at once: with 3,373 clips and three trainings some 20 MB."""


def strata(labels: SplitLabels) -> Int64[np.ndarray, " clips"]:
    """Return the stratum of each clip: its fold and emotion.

    In each fold the emotions are gone through from the rarest on; those with less than
    :data:`SMALLEST` clips are drawn together with the next, or, if none is left, with the last.
    """
    found = np.empty(len(labels.clips), np.int64)
    classes = int(labels.emotion.max()) + 1
    for fold in np.unique(labels.stratum):
        members = labels.stratum == fold
        sizes = np.bincount(labels.emotion[members], minlength=classes)
        groups: list[list[int]] = []
        for emotion in np.argsort(sizes, kind="stable"):
            if not groups or sizes[groups[-1]].sum() >= SMALLEST:
                groups.append([])
            groups[-1].append(int(emotion))
        if len(groups) > 1 and sizes[groups[-1]].sum() < SMALLEST:
            last = groups.pop()
            groups[-1] += last
        for group in groups:
            found[members & np.isin(labels.emotion, group)] = fold * classes + min(group)
    return found


def draw_counts(
    stratum: Int64[np.ndarray, " clips"], draws: int, seed: int, *names: object
) -> UInt8[np.ndarray, "draws clips"]:
    """Return how often each clip stands in each resample, drawn within each stratum.

    Args:
        stratum: Of each clip; a resample has as many clips of a stratum as there are.
        draws: Number of resamples.
        seed: Of ``report.bootstrap``.
        names: What is resampled, e.g. the split.
    """
    return _counts(stratum, draws, seed, "bootstrap", *names)


def draw_groups(
    group: Int64[np.ndarray, " clips"], draws: int, seed: int, *names: object
) -> UInt8[np.ndarray, "draws clips"]:
    """Return how often each clip stands in each resample of whole groups, such as speakers.

    Clips of one speaker are not independent; speakers are. A resample has as many groups as there
    are, not as many clips.

    Source: Davison and Hinkley 1997, section 3.8 (resampling clusters, none within them).

    Args:
        group: Of each clip, numbered from 0 without a gap.
        draws: Number of resamples.
        seed: Of ``report.bootstrap``.
        names: What is resampled.
    """
    one = np.zeros(int(group.max()) + 1, np.int64)
    return _counts(one, draws, seed, "bootstrap of groups", *names)[:, group]


def _counts(
    stratum: Int64[np.ndarray, " items"], draws: int, seed: int, *purpose: object
) -> UInt8[np.ndarray, "draws items"]:
    # That an item is drawn more than 255 times has a probability below 1e-500.
    counts = np.zeros((draws, len(stratum)), np.uint8)
    for value in np.unique(stratum):
        members = np.flatnonzero(stratum == value)
        rng = generator(seed, *map(str, purpose), int(value))
        for first in range(0, draws, BLOCK):
            rows = min(BLOCK, draws - first)
            chosen = rng.integers(0, len(members), (rows, len(members)))
            flat = (chosen + np.arange(rows)[:, None] * len(members)).ravel()
            drawn = np.bincount(flat, minlength=rows * len(members)).reshape(rows, len(members))
            counts[first : first + rows, members] = drawn
    return counts


@dataclass(frozen=True)
class Resampled:
    """The scores of every resample.

    Attributes:
        mean: Each metric, as the mean over folds of the fold's.
        pooled: Each metric, over the clips of all folds at once.
        f1: F1 of each class, as the mean over the folds of the draw that have the class.
        pooled_f1: F1 of each class, over the clips of all folds at once.

    Unknown is NaN, as :func:`merflow.report.sums.metrics_of` has it.
    """

    mean: Float64[np.ndarray, "seeds draws metrics"]
    pooled: Float64[np.ndarray, "seeds draws metrics"]
    f1: Float64[np.ndarray, "seeds draws classes"]
    pooled_f1: Float64[np.ndarray, "seeds draws classes"]


def resample(
    counts: UInt8[np.ndarray, "draws clips"],
    fold: Int64[np.ndarray, " clips"],
    terms: Float64[np.ndarray, "seeds clips sums"],
    classes: int,
) -> Resampled:
    """Score every resample.

    Args:
        counts: From :func:`draw_counts`.
        fold: Of each clip.
        terms: From :func:`merflow.report.sums.clip_sums`.
        classes: Number of classes.
    """
    seeds, clips, width = terms.shape
    laid = np.ascontiguousarray(terms.transpose(1, 0, 2)).reshape(clips, seeds * width)
    folds = [np.flatnonzero(fold == value) for value in np.unique(fold)]
    parts = [(members, *_used(laid[members])) for members in folds]
    found: list[tuple[Float64[np.ndarray, "seeds block scores"], ...]] = []
    for first in range(0, len(counts), BLOCK):
        block = counts[first : first + BLOCK]
        sums = np.zeros((len(folds), seeds * width, len(block)))
        for own, (members, used, values) in zip(sums, parts, strict=True):
            own[used] = values.T @ block[:, members].T.astype(np.float64)
        # The draws lie side by side in memory: sums over a few classes are slow otherwise.
        own_sums = np.moveaxis(sums.reshape(len(folds), seeds, width, len(block)), 2, -1)
        pooled = own_sums.sum(axis=0)
        of_all, f1_of_all = metrics_of(pooled, classes), f1_of(pooled, classes)
        of_folds, f1_of_folds = of_all, f1_of_all  # the same where there is one fold
        if len(folds) > 1:
            of_folds = mean_of_known(metrics_of(own_sums, classes))
            f1_of_folds = mean_of_known(f1_of(own_sums, classes))
        found.append((of_folds, of_all, f1_of_folds, f1_of_all))
    return Resampled(*(np.concatenate(blocks, axis=1) for blocks in zip(*found, strict=True)))


def _used(
    values: Float64[np.ndarray, "clips sums"],
) -> tuple[Int64[np.ndarray, " used"], Float64[np.ndarray, "clips used"]]:
    """Return which columns are not 0 throughout, and these: most confusions never happen."""
    used = np.flatnonzero(values.any(axis=0))
    return used, np.ascontiguousarray(values[:, used])


def mean_of_known(
    values: Float64[np.ndarray, "folds *rest"],
) -> Float64[np.ndarray, "*rest"]:
    """Return the mean over folds of the values that are not NaN; NaN where all are."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def interval(samples: Float64[np.ndarray, "draws scores"]) -> Float64[np.ndarray, "scores 2"]:
    """Return the percentile interval (low, high) of each score, over the draws where it is known.

    A score that is known in no draw has NaN.
    """
    tail, found = (1 - LEVEL) / 2, np.full((samples.shape[1], 2), np.nan)
    for own, column in zip(found, samples.T, strict=True):
        known = column[~np.isnan(column)]
        if len(known):
            own[:] = np.quantile(known, [tail, 1 - tail])
    return found


def seed_weights(seeds: Sequence[int], draws: int, seed: int) -> Float64[np.ndarray, "draws seeds"]:
    """Return the weights of the trainings in each draw, resampled with replacement.

    With one training there is nothing to resample: all weights are 1.
    """
    # Of a purpose of its own: a split may be called "trainings".
    stratum = np.zeros(len(seeds), np.int64)
    return _counts(stratum, draws, seed, "bootstrap of trainings") / len(seeds)
