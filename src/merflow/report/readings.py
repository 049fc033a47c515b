"""Predictions laid beside the labels of a split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from merflow.errors import MerflowError
from merflow.report.labels import SplitLabels
from merflow.training.labels import TRAIN


@dataclass(frozen=True)
class Predictions:
    """What one system says of the clips of one split, in the order of their labels.

    For ``train`` these are the out-of-fold predictions; for another split the mean over the
    folds' models of probabilities and valence (FACTS 4.10, 20).

    Attributes:
        seeds: The trainings, one a seed.
        present: Which of the labelled clips have a prediction.
        probabilities: Of each present clip.
        valence: Of each present clip, or None.
    """

    seeds: list[int]
    present: Bool[np.ndarray, " clips"]
    probabilities: Float64[np.ndarray, "seeds present classes"]
    valence: Float64[np.ndarray, "seeds present"] | None

    def among(self, clips: Bool[np.ndarray, " clips"]) -> "Predictions":
        """Return the predictions of those labelled clips alone; all of them must be present."""
        kept = clips[self.present]
        valence = None if self.valence is None else self.valence[:, kept]
        return Predictions(self.seeds, clips, self.probabilities[:, kept], valence)


def align(
    frame: pd.DataFrame, labels: SplitLabels, classes: Sequence[str], source: str
) -> Predictions | None:
    """Lay predictions beside labels; None when the frame has no row of the split.

    Args:
        frame: From :func:`merflow.training.predictions.read_predictions`, of one model.
        labels: Of the split.
        classes: In the order of the probability columns.
        source: What to call the predictions in an error.

    Raises:
        MerflowError: A clip lacks a seed or a fold that another has, or stands in another fold
            than in folds.csv.
    """
    index = {clip: k for k, clip in enumerate(labels.clips)}
    rows = frame[(frame["split"] == labels.split) & frame["clip"].isin(index)]
    if rows.empty:
        return None
    rows = rows.sort_values(["clip", "seed", "fold"])
    place = np.array([index[clip] for clip in rows["clip"]])
    clips, seeds = rows["clip"].nunique(), sorted({int(seed) for seed in rows["seed"]})
    folds = rows["fold"].nunique()
    if labels.split == TRAIN:
        folds = 1
        if (rows["fold"].to_numpy() != labels.stratum[place]).any():
            raise MerflowError(
                f"{source} was trained with other folds than the present folds.csv: train it again"
            )
    # No row stands twice, so the count decides whether every clip, seed and fold is there.
    if len(rows) != clips * len(seeds) * folds:
        raise MerflowError(
            f"{source} does not predict every clip of {labels.split} for every seed and fold: "
            "train it again"
        )
    shape = (clips, len(seeds), folds)
    values = rows[[f"p_{name}" for name in classes]].to_numpy(np.float64)
    probabilities = values.reshape(*shape, len(classes)).mean(axis=2)
    valence = None
    if "valence" in rows.columns:
        valence = rows["valence"].to_numpy(np.float64).reshape(shape).mean(axis=2).T
    present = np.zeros(len(labels.clips), bool)
    present[place] = True
    return Predictions(seeds, present, probabilities.transpose(1, 0, 2), valence)
