"""Fusing the predictions of several systems on the posterior level (eqs. 10 and 11)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from merflow.ensemble.simplex import search, simplex
from merflow.errors import MerflowError
from merflow.storage.atomic import write_text
from merflow.training.labels import TRAIN, Labels, read_labels
from merflow.training.predictions import columns_of, read_predictions, write_predictions
from merflow.training.spec import Spec

KEYS = ["split", "clip", "fold", "seed"]


@dataclass(frozen=True)
class Members:
    """The members' predictions of the same rows, sorted by split, clip, fold, seed.

    Attributes:
        rows: clip, split, fold, seed.
        outputs: Probabilities and, as a last column, valence if there is one.
    """

    rows: pd.DataFrame
    outputs: Float64[np.ndarray, "members rows outputs"]


def fuse_members(
    spec: Spec,
    manifest: Path,
    folds: Path,
    members: Sequence[Path],
    out: Path,
    equal: Path,
    weights: Path,
) -> None:
    """Fuse members with weights found on out-of-fold rows, and with equal weights.

    For each seed: the weights of fold f are found on the rows of the other folds, those of the
    tests on all out-of-fold rows; emotion and valence share them (docs/paper.md, reading 14).
    They are the best by Com, or by weighted F1 where the corpus has none.

    Args:
        spec: Settings of the ensemble.
        manifest: The corpus manifest.
        folds: The recorded folds.
        members: Predictions files of one reading.
        out: Predictions file of the fused system.
        equal: The same with equal weights.
        weights: JSON: for each seed the weights of each fold and of the tests, members in order.

    Raises:
        MerflowError: The members do not fit together, or to the corpus.
    """
    classes, valence = spec["classes"], bool(spec["valence"])
    held = read_members(members, classes, valence)
    labels = read_labels(manifest, folds, classes, valence, [], spec["fold_count"])
    truth = _Truth.of(held, labels, valence and bool(spec["com"]))
    grid = simplex(len(members), spec["step"])
    seeds = sorted(int(seed) for seed in held.rows["seed"].unique())
    fold, seed_of_row = held.rows["fold"].to_numpy(), held.rows["seed"].to_numpy()
    fused, found = np.zeros(held.outputs.shape[1:]), {}
    for seed in seeds:
        own = seed_of_row == seed
        by_fold = []
        for number in range(labels.fold_count):
            k = truth.search(grid, held, own & (fold != number), len(classes))
            by_fold.append(k)
            chosen = own & truth.in_train & (fold == number)
            fused[chosen] = combine_members(k, held.outputs[:, chosen])
        k = truth.search(grid, held, own, len(classes))
        fused[own & ~truth.in_train] = combine_members(k, held.outputs[:, own & ~truth.in_train])
        found[str(seed)] = {"folds": [_rounded(one) for one in by_fold], "tests": _rounded(k)}
    even = np.full(len(members), 1.0 / len(members))
    _write(out, held, fused, classes, valence)
    _write(equal, held, combine_members(even, held.outputs), classes, valence)
    told = {"members": len(members), "step": spec["step"], "seeds": found}
    write_text(weights, json.dumps(told, indent=2, sort_keys=True) + "\n")


def combine_members(
    k: Float64[np.ndarray, " members"], outputs: Float64[np.ndarray, "members rows outputs"]
) -> Float64[np.ndarray, "rows outputs"]:
    """Return eqs. 10 and 11: the weighted sums of probabilities and of valences."""
    return np.tensordot(k, outputs, axes=1)


def read_members(paths: Sequence[Path], classes: Sequence[str], valence: bool) -> Members:
    """Read predictions files and bring them to the same rows.

    A training clip that one member had to leave out is left out for all; the log says so.

    Raises:
        MerflowError: There is no member, or members differ in test rows, folds or seeds.
    """
    if not paths:
        raise MerflowError("no member is given: name each member's predictions with --member")
    frames = [read_predictions(path, classes, valence).set_index(KEYS) for path in paths]
    common = frames[0].index
    for frame in frames[1:]:
        common = common.intersection(frame.index, sort=False)
    common = common.sort_values()
    trained = set(common[common.get_level_values("split") == TRAIN].get_level_values("clip"))
    for path, frame in zip(paths, frames, strict=True):
        alone = frame.index.difference(common)
        left_out = sorted(set(alone.get_level_values("clip")) - trained)
        for split, clip, fold, seed in alone:
            if split != TRAIN or clip in trained:
                raise MerflowError(
                    f"{path} predicts the clip '{clip}' ({split}) for fold {fold}, seed {seed}, "
                    "which another member does not: train all members on the same corpus"
                )
        if left_out:
            print(f"left out, clips that another member lacks: {' '.join(left_out)}", flush=True)
    names = columns_of(classes, valence)[len(KEYS) :]
    outputs = np.stack([frame.loc[common, names].to_numpy(np.float64) for frame in frames])
    return Members(common.to_frame(index=False), outputs)


@dataclass(frozen=True)
class _Truth:
    """Labels of the members' rows that weights are chosen by; test rows have none here.

    The valence is None where there is no Com: the weights go by the emotion alone then.
    """

    in_train: Bool[np.ndarray, " rows"]
    emotion: np.ndarray
    valence: np.ndarray | None

    @classmethod
    def of(cls, held: Members, labels: Labels, com: bool) -> "_Truth":
        """Look up the labels; raises :class:`MerflowError` if a row is not of this corpus."""
        row_of = {clip: row for row, clip in enumerate(labels.clips)}
        in_train = (held.rows["split"] == TRAIN).to_numpy()
        chosen = np.zeros(len(in_train), dtype=np.int64)
        for row in np.flatnonzero(in_train):
            clip, fold = held.rows["clip"][row], held.rows["fold"][row]
            chosen[row] = row_of.get(clip, -1)
            if chosen[row] < 0 or labels.fold[chosen[row]] != fold:
                raise MerflowError(
                    f"the members hold out the clip '{clip}' in fold {fold}, but the manifest and "
                    "the folds do not: train the members again on this corpus"
                )
        emotion = np.where(in_train, labels.emotion[chosen], -1)
        return cls(in_train, emotion, labels.valence[chosen] if com else None)

    def search(
        self, grid: np.ndarray, held: Members, rows: Bool[np.ndarray, " rows"], classes: int
    ) -> Float64[np.ndarray, " members"]:
        """Return the best weights on the training rows among ``rows``."""
        rows = rows & self.in_train
        if not rows.any():
            raise MerflowError(
                "the members have no out-of-fold rows to find weights on: give predictions that "
                "hold the training split of every seed and fold"
            )
        valence = None if self.valence is None else self.valence[rows]
        return search(grid, held.outputs[:, rows], self.emotion[rows], valence, classes)


def _rounded(k: Float64[np.ndarray, " members"]) -> list[float]:
    return [round(float(one), 10) for one in k]


def _write(
    path: Path,
    held: Members,
    outputs: Float64[np.ndarray, "rows outputs"],
    classes: Sequence[str],
    valence: bool,
) -> None:
    names = columns_of(classes, valence)[len(KEYS) :]
    columns = dict(zip(names, outputs.T, strict=True))
    write_predictions(path, held.rows.assign(**columns), classes, valence)
