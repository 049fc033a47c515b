"""The scores of one system on one split: points, intervals and differences.

Aggregation (DESIGN 5): ``train`` is the mean over folds of the fold's score, then the mean over
seeds; another split is scored on the mean of the folds' models, then the mean over seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, UInt8

from merflow.report.bootstrap import interval, mean_of_known, resample, seed_weights
from merflow.report.labels import SplitLabels
from merflow.report.naming import CHALLENGE, Naming
from merflow.report.readings import Predictions
from merflow.report.sums import clip_sums, f1_of, metric_names, metrics_of


@dataclass(frozen=True)
class Bounds:
    """Intervals of the mean over trainings (low, high)."""

    metrics: Float64[np.ndarray, "metrics 2"]
    f1: Float64[np.ndarray, "classes 2"]


@dataclass(frozen=True)
class Cell:
    """One system, augmentation and reading on one split.

    Attributes:
        seeds: The trainings.
        strata: The folds (``train``) or ``[0]``.
        clips: How many clips were scored.
        metrics: Keys along the axis ``metrics``, see :mod:`merflow.report.naming`.
        classes: Names along the axis ``classes``: those that occur among the true ones.
        points: Score of each training and stratum.
        f1: F1 of each training, stratum and class; NaN where the stratum has no clip of the class.
        pooled: Score of each training over the clips of all strata at once.
        pooled_f1: The same of the F1 of each class.
        samples: Bootstrap of the mean over strata, for each training.
        bounds: Intervals of the means over strata.
        pooled_bounds: Intervals of the pooled scores.
    """

    seeds: list[int]
    strata: list[int]
    clips: int
    metrics: tuple[str, ...]
    classes: tuple[str, ...]
    points: Float64[np.ndarray, "seeds strata metrics"]
    f1: Float64[np.ndarray, "seeds strata classes"]
    pooled: Float64[np.ndarray, "seeds metrics"]
    pooled_f1: Float64[np.ndarray, "seeds classes"]
    samples: Float64[np.ndarray, "seeds draws metrics"]
    bounds: Bounds
    pooled_bounds: Bounds

    @property
    def value(self) -> Float64[np.ndarray, "metrics"]:
        """Mean over strata, then over seeds."""
        return self.points.mean(axis=1).mean(axis=0)

    @property
    def f1_value(self) -> Float64[np.ndarray, "classes"]:
        """F1 of each class: mean over the strata that have the class, then over seeds."""
        return mean_of_known(self.f1.transpose(1, 0, 2)).mean(axis=0)

    @property
    def seed_sd(self) -> Float64[np.ndarray, "metrics"] | None:
        """Standard deviation (n - 1) over seeds of the mean over strata; None of one seed."""
        return self.points.mean(axis=1).std(axis=0, ddof=1) if len(self.seeds) > 1 else None


def evaluate(
    labels: SplitLabels,
    predictions: Predictions,
    counts: UInt8[np.ndarray, "draws clips"],
    classes: Sequence[str],
    naming: Naming = CHALLENGE,
) -> Cell:
    """Score predictions against labels, with the bootstrap draws shared by all systems.

    Args:
        labels: Of all labelled clips of the split.
        predictions: Of those that are present.
        counts: From :func:`merflow.report.bootstrap.draw_counts` over all labelled clips.
        classes: Class names in order.
        naming: Which metrics the corpus has, and their keys.
    """
    seen, number = predictions.present, len(classes)
    stratum, occurring = labels.stratum[seen], np.unique(labels.emotion[seen])
    strata, terms = np.unique(stratum), clip_sums(labels, predictions, classes)
    sums = np.stack([terms[:, stratum == value].sum(axis=1) for value in strata], axis=1)
    drawn = resample(counts if seen.all() else counts[:, seen], stratum, terms, number)
    names = metric_names(labels.valence is not None and predictions.valence is not None)
    kept = [k for k, name in enumerate(names) if naming.has(name)]
    samples = drawn.mean[..., kept]
    return Cell(
        seeds=predictions.seeds,
        strata=strata.tolist(),
        clips=int(seen.sum()),
        metrics=tuple(naming.key(names[k]) for k in kept),
        classes=tuple(classes[k] for k in occurring),
        points=metrics_of(sums, number)[..., kept],
        f1=f1_of(sums, number)[..., occurring],
        pooled=metrics_of(sums.sum(axis=1), number)[..., kept],
        pooled_f1=f1_of(sums.sum(axis=1), number)[..., occurring],
        samples=samples,
        bounds=_bounds(samples, drawn.f1[..., occurring]),
        pooled_bounds=_bounds(drawn.pooled[..., kept], drawn.pooled_f1[..., occurring]),
    )


def _bounds(
    metrics: Float64[np.ndarray, "seeds draws metrics"],
    f1: Float64[np.ndarray, "seeds draws classes"],
) -> Bounds:
    return Bounds(interval(metrics.mean(axis=0)), interval(f1.mean(axis=0)))


@dataclass(frozen=True)
class Rounding:
    """Rounds numbers for committed files; minus zero becomes zero."""

    decimals: int

    def __call__(self, value: float) -> float:
        """Return the rounded number."""
        return round(float(value), self.decimals) + 0.0

    def values(
        self,
        names: Sequence[str],
        values: Float64[np.ndarray, "metrics"],
        bounds: Float64[np.ndarray, "metrics 2"],
    ) -> dict[str, Any]:
        """Return the metrics by name, and their intervals under ``interval``."""
        return {
            **{name: self(value) for name, value in zip(names, values, strict=True)},
            "interval": {
                name: [self(low), self(high)]
                for name, (low, high) in zip(names, bounds, strict=True)
            },
        }


def summary(cell: Cell, rounding: Rounding) -> dict[str, Any]:
    """Return a cell as it stands in ``scores.json``.

    ``f1`` is that of each class among the true ones. ``pooled`` is the score over the clips of
    all folds at once; it is left out where there are no folds, being the same. ``seed_sd`` is the
    spread over seeds, if there are several.
    """
    found = _summary(cell, cell.value, cell.f1_value, cell.bounds, rounding)
    found["clips"] = cell.clips
    if cell.seed_sd is not None:
        spread = zip(cell.metrics, cell.seed_sd, strict=True)
        found["seed_sd"] = {name: rounding(value) for name, value in spread}
    if len(cell.strata) > 1:
        pooled, f1 = cell.pooled.mean(axis=0), cell.pooled_f1.mean(axis=0)
        found["pooled"] = _summary(cell, pooled, f1, cell.pooled_bounds, rounding)
    return found


def _summary(
    cell: Cell,
    metrics: Float64[np.ndarray, "metrics"],
    f1: Float64[np.ndarray, "classes"],
    bounds: Bounds,
    rounding: Rounding,
) -> dict[str, Any]:
    """Return scores by name, the F1 of each class under ``f1``, and the same of the intervals."""
    found = rounding.values(cell.metrics, metrics, bounds.metrics)
    by_class = rounding.values(cell.classes, f1, bounds.f1)
    found["interval"]["f1"] = by_class.pop("interval")
    found["f1"] = by_class
    return found


def difference(first: Cell, second: Cell, seed: int, rounding: Rounding) -> dict[str, Any] | None:
    """Return ``first - second`` with its paired interval over clips and trainings.

    None when the two were trained with different seeds or scored by different metrics.
    """
    if first.seeds != second.seeds or first.metrics != second.metrics:
        return None
    samples = first.samples - second.samples
    weights = seed_weights(first.seeds, samples.shape[1], seed)
    bounds = interval(np.einsum("ds,sdm->dm", weights, samples))
    return rounding.values(first.metrics, first.value - second.value, bounds)


def score_rows(label: Mapping[str, str], cell: Cell) -> list[dict[str, Any]]:
    """Return the unrounded scores as rows of a tidy table: overall, pooled, by seed and fold.

    The F1 of a class is called ``f1:<class>``; a fold without the class has no row of it.
    """
    names = [*cell.metrics, *(f"f1:{name}" for name in cell.classes)]
    parts = [("mean", cell.value, cell.f1_value, cell.bounds)]
    if len(cell.strata) > 1:
        pooled = cell.pooled.mean(axis=0), cell.pooled_f1.mean(axis=0)
        parts.append(("pooled", *pooled, cell.pooled_bounds))
    rows = [
        {**label, "metric": name, "clips": cell.clips}
        | {"part": part, "value": value, "low": low, "high": high}
        for part, metrics, f1, bounds in parts
        for name, value, (low, high) in zip(
            names,
            np.concatenate([metrics, f1]),
            np.concatenate([bounds.metrics, bounds.f1]),
            strict=True,
        )
    ]
    each = np.concatenate([cell.points, cell.f1], axis=2)
    part = "fold" if len(cell.strata) > 1 else "seed"
    for (k, f, m), value in np.ndenumerate(each):
        if not np.isnan(value):
            place = {"part": part, "seed": cell.seeds[k], "fold": cell.strata[f]}
            rows.append({**label, **place, "metric": names[m], "value": float(value)})
    return rows
