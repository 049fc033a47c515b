"""Labels and folds of a corpus, read from ``manifest.csv`` and ``folds.csv``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64, Int

from merflow.errors import MerflowError

TRAIN = "train"


@dataclass(frozen=True)
class Labels:
    """The clips of the training split and of the tests, sorted by (clip).

    Attributes:
        clips: Clip names, sorted.
        split: ``train`` or the name of a test, of each clip.
        fold: Held-out fold 0..count-1 of a training clip, -1 for a test clip.
        emotion: Index into the classes, -1 where a test clip has no label.
        valence: In the corpus's own units; NaN where there is none.
        fold_count: Number of folds.
    """

    clips: tuple[str, ...]
    split: tuple[str, ...]
    fold: Int[np.ndarray, " clips"]
    emotion: Int[np.ndarray, " clips"]
    valence: Float64[np.ndarray, " clips"]
    fold_count: int

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.clips)

    def take(self, keep: Bool[np.ndarray, " clips"]) -> "Labels":
        """Return the clips where ``keep`` is true."""
        rows = np.flatnonzero(keep)
        return Labels(
            tuple(self.clips[row] for row in rows),
            tuple(self.split[row] for row in rows),
            self.fold[rows],
            self.emotion[rows],
            self.valence[rows],
            self.fold_count,
        )


def is_divided(folds: Path) -> bool:
    """Return whether a folds file has rows; without any, nothing was there to be divided by.

    Raises:
        MerflowError: The file cannot be read, or lacks a column.
    """
    return len(_read_csv(folds, "clip", "fold")) > 0


def read_labels(
    manifest: Path,
    folds: Path,
    classes: Sequence[str],
    valence: bool,
    tests: Sequence[str],
    fold_count: int,
) -> Labels:
    """Join the manifest and the folds; the order of their rows does not matter.

    Args:
        manifest: The corpus manifest, with columns clip, split, emotion, valence.
        folds: Columns clip, fold; one row for each training clip.
        classes: The emotions, in the order of the predictions' columns.
        valence: Whether training clips must have a valence.
        tests: The splits beside ``train`` that are used.
        fold_count: How many folds there are; at least two.

    Raises:
        MerflowError: A column, a label or a fold is missing or unknown, or a clip stands twice.
    """
    if fold_count < 2:
        raise MerflowError(
            f"{folds} is used with {fold_count} fold, but out-of-fold predictions and the honest "
            "reading need two or more: raise corpus.folds.count"
        )
    table = _read_csv(manifest, "clip", "split", "emotion", "valence")
    table = table[table["split"].isin([TRAIN, *tests])].sort_values("clip", ignore_index=True)
    in_train = (table["split"] == TRAIN).to_numpy()
    if not in_train.any():
        raise MerflowError(f"{manifest} has no clip of split 'train': add training clips")
    fold = _folds_of(table["clip"], in_train, folds, manifest, fold_count)
    return Labels(
        clips=tuple(table["clip"]),
        split=tuple(table["split"]),
        fold=fold,
        emotion=_emotions(table, in_train, classes, manifest),
        valence=_valences(table, in_train & valence, manifest),
        fold_count=fold_count,
    )


def _read_csv(path: Path, *columns: str) -> pd.DataFrame:
    """Read a csv as text: clip names such as ``007`` or ``NA`` stay what they are."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise MerflowError(f"{path} cannot be read as csv ({error}): rebuild it") from error
    for column in columns:
        if column not in table:
            raise MerflowError(f"{path} has no column '{column}': rebuild it or add the column")
    doubled = table["clip"][table["clip"].duplicated()]
    if len(doubled):
        raise MerflowError(f"{path} lists the clip '{doubled.iloc[0]}' twice: keep one of its rows")
    return table


def _folds_of(
    clips: pd.Series,
    in_train: Bool[np.ndarray, " clips"],
    path: Path,
    manifest: Path,
    fold_count: int,
) -> Int[np.ndarray, " clips"]:
    """Return each clip's fold, -1 for clips of a test."""
    table = _read_csv(path, "clip", "fold")
    allowed = {str(number): number for number in range(fold_count)}
    fold_of = {}
    for clip, text in zip(table["clip"], table["fold"], strict=True):
        if text not in allowed:
            raise MerflowError(
                f"{path} gives the clip '{clip}' the fold '{text}', which is not one of 0 to "
                f"{fold_count - 1}: rebuild it with the present corpus.folds"
            )
        fold_of[clip] = allowed[text]
    wanted = set(clips[in_train])
    for clip in sorted(wanted ^ set(fold_of)):
        have, lack = (manifest, path) if clip in wanted else (path, manifest)
        raise MerflowError(
            f"the training clip '{clip}' is in {have} but not in {lack}: rebuild both"
        )
    for number in sorted(set(range(fold_count)) - set(fold_of.values())):
        raise MerflowError(f"{path} leaves the fold {number} empty: lower corpus.folds.count")
    return np.array([fold_of.get(clip, -1) for clip in clips], dtype=np.int64)


def _emotions(
    table: pd.DataFrame,
    in_train: Bool[np.ndarray, " clips"],
    classes: Sequence[str],
    manifest: Path,
) -> Int[np.ndarray, " clips"]:
    """Return class indices; tests may lack labels or have others, as they are not trained on."""
    index = {name: number for number, name in enumerate(classes)}
    emotion = np.array([index.get(name, -1) for name in table["emotion"]], dtype=np.int64)
    for row in np.flatnonzero(in_train & (emotion < 0)):
        clip, name = table["clip"][row], table["emotion"][row]
        raise MerflowError(
            f"{manifest} gives the training clip '{clip}' the emotion '{name}', which is not one "
            f"of {', '.join(classes)}: correct it or add it to corpus.classes"
        )
    return emotion


def _valences(
    table: pd.DataFrame, needed: Bool[np.ndarray, " clips"], manifest: Path
) -> Float64[np.ndarray, " clips"]:
    valence = pd.to_numeric(table["valence"], errors="coerce").to_numpy(np.float64)
    for row in np.flatnonzero(needed & ~np.isfinite(valence)):
        clip, text = table["clip"][row], table["valence"][row]
        raise MerflowError(
            f"{manifest} gives the training clip '{clip}' the valence '{text}', which is no finite "
            "number: correct it or set corpus.valence to false"
        )
    return valence
