"""Counts, means and scatters of the folds, from which those of every training part are added up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from merflow.training.partition import ROUNDING


@dataclass(frozen=True)
class Moments:
    """What a linear model needs to know of some clips.

    Attributes:
        count: Clips.
        mean: Of the features.
        scatter: Sum of the outer products of the features about their mean.
        largest: Largest absolute value of each feature, before any shift.
        totals: Sum of each target.
        cross: Sum over clips of feature times target, neither of them centred.
    """

    count: int
    mean: Float64[np.ndarray, " dim"]
    scatter: Float64[np.ndarray, "dim dim"]
    largest: Float64[np.ndarray, " dim"]
    totals: Float64[np.ndarray, " targets"]
    cross: Float64[np.ndarray, "dim targets"]

    @property
    def scale(self) -> Float64[np.ndarray, " dim"]:
        """One over the population standard deviation; 0 where a feature is constant.

        The rule of what is constant is that of :func:`merflow.training.partition.standardiser_of`.
        """
        std = np.sqrt(self.scatter.diagonal() / self.count)
        varies = std > ROUNDING * self.largest
        return np.divide(1.0, std, out=np.zeros_like(std), where=varies)


def moments_of(
    values: Float64[np.ndarray, "clips dim"],
    targets: Float64[np.ndarray, "clips targets"],
    shift: Float64[np.ndarray, " dim"],
) -> Moments:
    """Return the moments of at least one clip.

    Args:
        values: Features less ``shift``.
        targets: What is to be predicted.
        shift: Near the mean of the features, so that little is lost to rounding.
    """
    mean = values.mean(axis=0)
    centred = values - mean
    return Moments(
        count=len(values),
        mean=mean,
        scatter=centred.T @ centred,
        largest=np.abs(values + shift).max(axis=0),
        totals=targets.sum(axis=0),
        cross=values.T @ targets,
    )


def pooled(parts: Sequence[Moments]) -> Moments:
    """Return the moments of all clips of some disjoint parts.

    Scatters are added, never subtracted: a feature that hardly varies in these parts keeps all
    digits however much it varies elsewhere. Source: Chan, Golub and LeVeque, Updating formulae and
    a pairwise algorithm for computing sample variances (1979).
    """
    counts = np.array([part.count for part in parts], dtype=np.float64)
    means = np.stack([part.mean for part in parts])
    mean = counts @ means / counts.sum()
    apart = np.sqrt(counts)[:, None] * (means - mean)
    scatter = apart.T @ apart
    for part in parts:
        scatter += part.scatter
    return Moments(
        count=int(counts.sum()),
        mean=mean,
        scatter=scatter,
        largest=np.max([part.largest for part in parts], axis=0),
        totals=np.sum([part.totals for part in parts], axis=0),
        cross=np.sum([part.cross for part in parts], axis=0),
    )
