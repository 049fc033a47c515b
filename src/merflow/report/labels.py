"""The labels that scores are computed from, split by split."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from merflow.training.labels import TRAIN, Labels, read_labels


@dataclass(frozen=True)
class SplitLabels:
    """The labelled clips of one split, sorted by clip.

    Attributes:
        split: Name of the split.
        clips: Clip ids.
        emotion: Index into the classes.
        valence: In the corpus's own units; None when the split has none.
        stratum: The fold of each clip of ``train``; 0 for all clips of another split.
        unlabelled: How many clips of the split have no emotion that is a class, and no score.
        without_valence: How many of ``clips`` have no valence, where the corpus has one.
    """

    split: str
    clips: list[str]
    emotion: Int64[np.ndarray, " clips"]
    valence: Float64[np.ndarray, " clips"] | None
    stratum: Int64[np.ndarray, " clips"]
    unlabelled: int = 0
    without_valence: int = 0


def of_split(labels: Labels, split: str, valence: bool) -> SplitLabels | None:
    """Return the labelled clips of a split, or None when it has none.

    Valence is given only when every labelled clip of the split has one: a mean over some of
    them would not be comparable between splits.
    """
    own = labels.take(np.array([name == split for name in labels.split], bool))
    known = own.take(own.emotion >= 0)
    left_out = len(own) - len(known)
    if left_out:
        print(f"{left_out} clips of {split} have no label and are not scored", file=sys.stderr)
    if not len(known):
        return None
    missing = int((~np.isfinite(known.valence)).sum()) if valence else 0
    return SplitLabels(
        split=split,
        clips=list(known.clips),
        emotion=known.emotion,
        valence=known.valence if valence and not missing else None,
        stratum=known.fold if split == TRAIN else np.zeros(len(known), np.int64),
        unlabelled=left_out,
        without_valence=missing,
    )


def scored_splits(spec: Mapping[str, Any], manifest: Path, folds: Path) -> dict[str, SplitLabels]:
    """Return the labels of ``train`` and of each test that has any.

    Args:
        spec: ``classes``, ``valence``, ``tests``, ``fold_count``.
        manifest: ``manifest.csv``.
        folds: ``folds.csv``.

    Raises:
        MerflowError: See :func:`merflow.training.labels.read_labels`.
    """
    valence, tests = spec["valence"], spec["tests"]
    labels = read_labels(manifest, folds, spec["classes"], valence, tests, spec["fold_count"])
    found = {split: of_split(labels, split, valence) for split in (TRAIN, *tests)}
    return {split: own for split, own in found.items() if own is not None}
