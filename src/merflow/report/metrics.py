"""The scores of one system on one split: points, intervals and differences.

Aggregation (DESIGN 5): ``train`` is the mean over folds of the fold's score, then the mean over
seeds; another split is scored on the mean of the folds' models, then the mean over seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from merflow.report.bootstrap import METRICS, interval, resample, seed_weights
from merflow.report.labels import SplitLabels
from merflow.report.readings import Predictions
from merflow.training.scores import score


@dataclass(frozen=True)
class Cell:
    """One system, augmentation and reading on one split.

    Attributes:
        seeds: The trainings.
        strata: The folds (``train``) or ``[0]``.
        clips: How many clips were scored.
        points: Score of each training and stratum.
        pooled: Score of each training over the clips of all strata at once.
        samples: Bootstrap of the mean over strata, for each training.
        pooled_samples: Bootstrap of ``pooled``.

    The axis ``metrics`` is weighted F1, MSE, Com; or weighted F1 alone without valence.
    """

    seeds: list[int]
    strata: list[int]
    clips: int
    points: Float64[np.ndarray, "seeds strata metrics"]
    pooled: Float64[np.ndarray, "seeds metrics"]
    samples: Float64[np.ndarray, "seeds draws metrics"]
    pooled_samples: Float64[np.ndarray, "seeds draws metrics"]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names along the axis ``metrics``."""
        return METRICS[: self.points.shape[-1]]

    @property
    def value(self) -> Float64[np.ndarray, "metrics"]:
        """Mean over strata, then over seeds."""
        return self.points.mean(axis=1).mean(axis=0)

    @property
    def seed_sd(self) -> Float64[np.ndarray, "metrics"] | None:
        """Standard deviation (n - 1) over seeds of the mean over strata; None of one seed."""
        return self.points.mean(axis=1).std(axis=0, ddof=1) if len(self.seeds) > 1 else None


def evaluate(
    labels: SplitLabels,
    predictions: Predictions,
    counts: Float64[np.ndarray, "draws clips"],
    classes: Sequence[str],
) -> Cell:
    """Score predictions against labels, with the bootstrap draws shared by all systems.

    Args:
        labels: Of all labelled clips of the split.
        predictions: Of those that are present.
        counts: From :func:`merflow.report.bootstrap.draw_counts` over all labelled clips.
        classes: Class names in order.
    """
    seen = predictions.present
    emotion, stratum = labels.emotion[seen], labels.stratum[seen]
    told = predictions.valence
    valence = None if labels.valence is None or told is None else labels.valence[seen]
    weights, strata = counts[:, seen], [int(value) for value in np.unique(stratum)]
    points, pooled, samples, pooled_samples = [], [], [], []
    for k in range(len(predictions.seeds)):
        probabilities = predictions.probabilities[k]
        said = None if valence is None or told is None else told[k]
        points.append(
            [_score(emotion, probabilities, valence, said, classes, stratum == s) for s in strata]
        )
        everyone = np.ones(len(stratum), bool)
        pooled.append(_score(emotion, probabilities, valence, said, classes, everyone))
        squares = None if valence is None or said is None else (said - valence) ** 2
        chosen = probabilities.argmax(axis=1)
        by_mean, by_pool = resample(weights, stratum, emotion, chosen, squares, len(classes))
        samples.append(by_mean)
        pooled_samples.append(by_pool)
    return Cell(
        seeds=predictions.seeds,
        strata=strata,
        clips=int(seen.sum()),
        points=np.array(points),
        pooled=np.array(pooled),
        samples=np.array(samples),
        pooled_samples=np.array(pooled_samples),
    )


def _score(
    emotion: Int64[np.ndarray, " present"],
    probabilities: Float64[np.ndarray, "present classes"],
    valence: Float64[np.ndarray, " present"] | None,
    said: Float64[np.ndarray, " present"] | None,
    classes: Sequence[str],
    members: Bool[np.ndarray, " present"],
) -> list[float]:
    """Return the metrics over the clips that are ``members``."""
    scores = score(
        emotion[members],
        probabilities[members],
        None if valence is None else valence[members],
        None if said is None else said[members],
        classes,
    )
    known = [scores.weighted_f1] if valence is None else [getattr(scores, m) for m in METRICS]
    return [float(value) for value in known]


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

    ``pooled`` is the score over the clips of all folds at once; it is left out where there are
    no folds, being the same. ``seed_sd`` is the spread over seeds, if there are several.
    """
    found = rounding.values(cell.metrics, cell.value, interval(cell.samples.mean(axis=0)))
    found["clips"] = cell.clips
    if cell.seed_sd is not None:
        spread = zip(cell.metrics, cell.seed_sd, strict=True)
        found["seed_sd"] = {name: rounding(value) for name, value in spread}
    if len(cell.strata) > 1:
        found["pooled"] = rounding.values(
            cell.metrics, cell.pooled.mean(axis=0), interval(cell.pooled_samples.mean(axis=0))
        )
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
    """Return the unrounded scores as rows of a tidy table: overall, pooled, by seed and fold."""
    rows = []
    overall, pooled = (
        interval(cell.samples.mean(axis=0)),
        interval(cell.pooled_samples.mean(axis=0)),
    )
    for m, metric in enumerate(cell.metrics):
        row = {**label, "metric": metric, "clips": cell.clips}
        low, high = overall[m]
        rows.append({**row, "part": "mean", "value": cell.value[m], "low": low, "high": high})
        if len(cell.strata) == 1:
            continue
        low, high = pooled[m]
        value = cell.pooled[:, m].mean()
        rows.append({**row, "part": "pooled", "value": value, "low": low, "high": high})
    for (k, seed), (f, fold) in (
        (s, f) for s in enumerate(cell.seeds) for f in enumerate(cell.strata)
    ):
        part = {"part": "fold" if len(cell.strata) > 1 else "seed", "seed": seed, "fold": fold}
        for m, metric in enumerate(cell.metrics):
            rows.append({**label, **part, "metric": metric, "value": cell.points[k, f, m]})
    return rows
