"""Labels joined with cached features: what a model is trained and evaluated on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float32, Int

from merflow.errors import MerflowError
from merflow.training.labels import TRAIN, Labels

Key = tuple[str, int]
LARGEST = 1e18


@dataclass(frozen=True)
class Rows:
    """Vectors of one feature under one condition.

    Attributes:
        clips: Clip of each row.
        copies: Copy of each row: 0 for the clean original, 1 and up for corrupted copies.
        values: One vector a row.
    """

    clips: Sequence[str]
    copies: Int[np.ndarray, " rows"]
    values: Float32[np.ndarray, "rows dim"]


@dataclass(frozen=True)
class Dataset:
    """Clean clips, and corrupted copies of training clips, with all features side by side.

    Attributes:
        labels: The clips that are used, sorted; training clips have every feature.
        features: Names of the features, in the order of their columns.
        dims: Columns of each feature.
        clean: Features of the clips, not standardised; 0 where ``present`` is false.
        present: Whether a clip has a feature; false for test clips alone, which are imputed.
        copies: Features of the corrupted copies, sorted by (clip, copy).
        copy_of: Row of ``clean`` that a copy belongs to.
        copy_number: 1 and up.
        dropped: Training clips left out because they lack a feature.
    """

    labels: Labels
    features: tuple[str, ...]
    dims: tuple[int, ...]
    clean: Float32[np.ndarray, "clips dim"]
    present: Bool[np.ndarray, "clips features"]
    copies: Float32[np.ndarray, "copies dim"]
    copy_of: Int[np.ndarray, " copies"]
    copy_number: Int[np.ndarray, " copies"]
    dropped: tuple[str, ...]

    @cached_property
    def digest(self) -> str:
        """The sha256 of all that a training sees: clips, labels, folds and features."""
        labels = self.labels
        told = [labels.clips, labels.split, labels.fold_count, self.features, self.dims]
        total = hashlib.sha256(json.dumps(told).encode())
        arrays = (labels.fold, labels.emotion, labels.valence, self.clean, self.present)
        for array in (*arrays, self.copies, self.copy_of, self.copy_number):
            total.update(f"{array.dtype}{array.shape}".encode())
            total.update(np.ascontiguousarray(array).tobytes())
        return total.hexdigest()

    def notes(self) -> list[str]:
        """Return the lines that the log needs: clips left out, and clips imputed."""
        lines = [
            f"{len(self.labels)} clips, {len(self.copies)} corrupted copies, "
            f"features {', '.join(self.features)}"
        ]
        if self.dropped:
            lines.append(
                f"left out, {len(self.dropped)} training clips without a face or without a "
                f"feature: {' '.join(self.dropped)}"
            )
        for column, feature in enumerate(self.features):
            lacking = [self.labels.clips[row] for row in np.flatnonzero(~self.present[:, column])]
            if lacking:
                lines.append(
                    f"imputed with the training mean, {feature} of {len(lacking)} test clips: "
                    f"{' '.join(lacking)}"
                )
        return lines


def join(
    labels: Labels, clean: Mapping[str, Rows], noise: Mapping[str, Rows] | None = None
) -> Dataset:
    """Join labels with features; the order and the sharding of rows do not matter.

    Rows of clips that the labels do not have are ignored, and so are copies of clips that are no
    training clips, or that lack a feature.

    Args:
        labels: Clips, splits, folds, emotions, valences.
        clean: Rows with copy 0 of each feature.
        noise: Rows with copy 1 and up of each feature, if corrupted copies are trained on.

    Raises:
        MerflowError: A value is not finite, a row stands twice or in the wrong condition, or a
            fold has no training clip with every feature.
    """
    found = {feature: _index(feature, rows, labels, 0) for feature, rows in clean.items()}
    has = np.array(
        [[(clip, 0) in index for index in found.values()] for clip in labels.clips], dtype=bool
    )
    in_train = np.array([split == TRAIN for split in labels.split])
    keep = has.all(axis=1) | ~in_train
    kept = labels.take(keep)
    _demand_clips_in_folds(kept, tuple(clean))
    _demand_same_columns(clean, noise or clean)
    copied = _complete_copies(kept, noise or {})
    row_of = {clip: row for row, clip in enumerate(kept.clips)}
    return Dataset(
        labels=kept,
        features=tuple(clean),
        dims=tuple(rows.values.shape[1] for rows in clean.values()),
        clean=_gather(clean, found, [(clip, 0) for clip in kept.clips]),
        present=has[keep],
        copies=_gather(
            {name: (noise or clean)[name] for name in clean}, copied.indices, copied.keys
        ),
        copy_of=np.array([row_of[clip] for clip, _ in copied.keys], dtype=np.int64),
        copy_number=np.array([copy for _, copy in copied.keys], dtype=np.int64),
        dropped=tuple(np.array(labels.clips, dtype=object)[~keep]),
    )


@dataclass(frozen=True)
class _Copies:
    """Copies that have every feature, and where each feature's row is."""

    keys: list[Key]
    indices: dict[str, dict[Key, int]]


def _complete_copies(labels: Labels, noise: Mapping[str, Rows]) -> _Copies:
    indices = {feature: _index(feature, rows, labels, 1) for feature, rows in noise.items()}
    common = set.intersection(*(set(index) for index in indices.values())) if indices else set()
    trained = {
        clip for clip, split in zip(labels.clips, labels.split, strict=True) if split == TRAIN
    }
    return _Copies(sorted(key for key in common if key[0] in trained), indices)


def _index(feature: str, rows: Rows, labels: Labels, lowest_copy: int) -> dict[Key, int]:
    """Return the row of each (clip, copy) of known clips; checks condition, doubles and values."""
    known, index = set(labels.clips), {}
    for row, (clip, copy) in enumerate(zip(rows.clips, rows.copies.tolist(), strict=True)):
        if min(copy, 1) != lowest_copy:
            wanted = "corrupted copies" if lowest_copy else "clean originals"
            raise MerflowError(
                f"the shards given as {wanted} of {feature} hold copy {copy} of the clip '{clip}': "
                "give clean shards with --features and corrupted ones with --noise-features"
            )
        if (clip, copy) in index:
            raise MerflowError(
                f"the shards of {feature} hold copy {copy} of the clip '{clip}' twice: give each "
                "shard once"
            )
        if clip in known:
            index[clip, copy] = row
    # Nothing that an encoder gives is as large; products of such numbers overflow float32.
    usable = (np.abs(rows.values) <= LARGEST).all(axis=1)
    for (clip, copy), row in index.items():
        if not usable[row]:
            raise MerflowError(
                f"the feature {feature} of the clip '{clip}' (copy {copy}) contains NaN or "
                f"infinity, or numbers beyond {LARGEST:g}: check the clip and extract its features "
                "again"
            )
    return index


def _gather(
    features: Mapping[str, Rows], indices: Mapping[str, Mapping[Key, int]], keys: Sequence[Key]
) -> Float32[np.ndarray, "keys dim"]:
    """Return the features side by side, one row a key, zeros where a key has no row."""
    blocks = []
    for feature, rows in features.items():
        block = np.zeros((len(keys), rows.values.shape[1]), dtype=np.float32)
        if keys:
            chosen = np.array([indices[feature].get(key, -1) for key in keys])
            block[chosen >= 0] = rows.values[chosen[chosen >= 0]]
        blocks.append(block)
    return np.concatenate(blocks, axis=1)


def _demand_same_columns(clean: Mapping[str, Rows], noise: Mapping[str, Rows]) -> None:
    for feature, rows in clean.items():
        if feature in noise and not len(noise[feature].clips):
            continue
        found = noise[feature].values.shape[1] if feature in noise else "no"
        if found != rows.values.shape[1]:
            raise MerflowError(
                f"the feature {feature} has {rows.values.shape[1]} columns for clean clips and "
                f"{found} columns for corrupted copies: extract both with the same encoder"
            )


def _demand_clips_in_folds(labels: Labels, features: tuple[str, ...]) -> None:
    for number in range(labels.fold_count):
        if not (labels.fold == number).any():
            raise MerflowError(
                f"no training clip of fold {number} has all of {', '.join(features)}: check the "
                "quarantine of faces and the feature shards, or lower corpus.folds.count"
            )
