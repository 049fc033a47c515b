"""The challenge's submission file: one row a clip of a test set."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from merflow.errors import MerflowError
from merflow.report.clips import TRAIN


def mean_predictions(frame: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return the mean over folds and seeds of a split's predictions, by clip.

    Args:
        frame: From :func:`merflow.training.predictions.read_predictions`.
        split: Of the submission.
    """
    rows = frame[frame["split"] == split].sort_values(["clip", "seed", "fold"])
    return rows.drop(columns=["split", "seed", "fold"]).groupby("clip", sort=True).mean()


def constant_of(manifest: pd.DataFrame, classes: list[str]) -> tuple[str, float]:
    """Return the most frequent class of ``train`` (the first on a tie) and its mean valence."""
    train = manifest[(manifest["split"] == TRAIN) & (manifest["emotion"] != "")]
    if train.empty:
        raise MerflowError("the manifest has no labelled clip in split train; check corpus.csv")
    counts = [int((train["emotion"] == name).sum()) for name in classes]
    return classes[int(np.argmax(counts))], float(train["valence"].mean())


def asks_for_valence(spec: Mapping[str, Any], manifest: pd.DataFrame, split: str) -> bool:
    """Return whether a split's submission has valence, as the challenge asks (MER-SEMI's has none).

    Where the split has labels these tell: emotions without a single valence ask for the emotion
    alone. Without labels it is what is known of the corpus.

    Args:
        spec: ``valence`` and ``emotion_only``, the tests that are known to ask for no valence.
        manifest: From :func:`merflow.report.clips.read_manifest`.
        split: Of the submission.
    """
    own = manifest[(manifest["split"] == split) & (manifest["emotion"] != "")]
    bare = len(own) > 0 and bool(own["valence"].isna().all())
    return bool(spec["valence"]) and not bare and split not in spec["emotion_only"]


def build(
    spec: Mapping[str, Any],
    manifest: pd.DataFrame,
    quarantine: pd.DataFrame,
    predictions: pd.DataFrame,
    split: str,
) -> tuple[pd.DataFrame, int]:
    """Return the submission and how many of its rows are the constant predictor.

    Args:
        spec: ``classes``, ``valence`` and ``emotion_only``.
        manifest: From :func:`merflow.report.clips.read_manifest`.
        quarantine: From :func:`merflow.report.clips.read_quarantine`; its clips of the split
            are submitted too, since the challenge scores every clip.
        predictions: From :func:`merflow.training.predictions.read_predictions`.
        split: Which test set.

    Returns:
        A frame name, discrete, valence, sorted by name; the last one only where
        :func:`asks_for_valence` says so.

    Raises:
        MerflowError: The split is unknown, or has no prediction at all.
    """
    if split == TRAIN:
        raise MerflowError("a submission is made of a test split; train is no test split")
    clips = set(manifest[manifest["split"] == split]["clip"])
    clips |= set(quarantine[quarantine["split"] == split]["clip"])
    means = mean_predictions(predictions, split)
    means = means[means.index.isin(clips)]
    if means.empty:
        raise MerflowError(f"the predictions have no clip of split {split!r}; choose another split")
    classes, wanted = list(spec["classes"]), asks_for_valence(spec, manifest, split)
    chosen = means[[f"p_{name}" for name in classes]].to_numpy().argmax(axis=1)
    frame = pd.DataFrame({"name": means.index, "discrete": [classes[k] for k in chosen]})
    if wanted:
        frame["valence"] = means["valence"].to_numpy()
    filled = sorted(clips - set(means.index))
    if filled:
        emotion, valence = constant_of(manifest, classes)
        rest = pd.DataFrame({"name": filled, "discrete": emotion})
        if wanted:
            rest["valence"] = valence
        frame = pd.concat([frame, rest])
    frame = frame.sort_values("name", ignore_index=True)
    return frame.round({"valence": 4} if wanted else {}), len(filled)
