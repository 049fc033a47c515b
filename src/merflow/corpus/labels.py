"""Reading the label file of a corpus, and telling what is wrong in it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from merflow.corpus.label_file import NEEDED, clip_name, read_rows
from merflow.errors import MerflowError
from merflow.storage.atomic import replacing

TRAIN = "train"


@dataclass(frozen=True)
class LabelSpec:
    """What the label file must agree with.

    Attributes:
        classes: Names of the emotions.
        valence: Whether the corpus has valence; if not, such a column is ignored.
        tests: Names of the splits beside ``train``.
    """

    classes: Sequence[str]
    valence: bool
    tests: Sequence[str]


@dataclass(frozen=True)
class Label:
    """One row of a label file; what is not given is empty, the path also where labels are all.

    ``session`` and ``fold`` are names, by which folds can be made.
    """

    clip: str
    split: str
    emotion: str
    valence: str
    speaker: str
    path: str
    session: str = ""
    fold: str = ""


def read_labels(file: Path, spec: LabelSpec) -> list[Label]:
    """Read a csv with the columns path, emotion and optionally valence, speaker, session, fold.

    ``split`` and ``clip`` may stand there too.

    Every row is checked, so that a mistake is found in whichever shard it lies. Columns of other
    names are ignored. Train clips need their labels, test clips do not.

    Returns:
        The labels sorted by clip.

    Raises:
        MerflowError: Naming file, line and column of the first mistake.
    """
    labels: dict[str, tuple[int, Label]] = {}
    for line, row in read_rows(file, _needed(spec)):
        label = _label(file, line, row, spec)
        if label.clip in labels:
            other_line, other = labels[label.clip]
            raise MerflowError(
                f"{file}, lines {other_line} and {line}: {other.path} and {label.path} are both "
                f"called '{label.clip}'; give each its own name in a column 'clip'"
            )
        labels[label.clip] = (line, label)
    if not any(label.split == TRAIN for _, label in labels.values()):
        raise MerflowError(f"{file}: no row belongs to the split '{TRAIN}'; add clips to train on")
    return [labels[clip][1] for clip in sorted(labels)]


def label_mistakes(file: Path, spec: LabelSpec) -> list[MerflowError]:
    """Return the mistakes that :func:`read_labels` would stop at in single rows, all of them.

    Raises:
        MerflowError: The file cannot be read, is no csv, or lacks a column.
    """
    found = []
    for line, row in read_rows(file, _needed(spec)):
        try:
            _label(file, line, row, spec)
        except MerflowError as error:
            found.append(error)
    return found


def _needed(spec: LabelSpec) -> Sequence[str]:
    return [*NEEDED, "valence"] if spec.valence else NEEDED


def merge_label_files(parts: Sequence[Path], out: Path) -> None:
    """Write the rows of several label files with one header into one file, sorted by path.

    Raises:
        MerflowError: A part is missing or has other columns than the first.
    """
    tables = []
    for part in parts:
        if not part.is_file():
            raise MerflowError(f"the label file {part} is not there; generate that part again")
        tables.append(pd.read_csv(part, dtype=str, keep_default_na=False))
        if list(tables[-1].columns) != list(tables[0].columns):
            raise MerflowError(f"{part} and {parts[0]} have different columns; generate both anew")
    with replacing(out) as temporary:
        merged = pd.concat(tables).sort_values("path")
        merged.to_csv(temporary, index=False, lineterminator="\n")


@dataclass(frozen=True)
class Told:
    """Where a row stands, and what its column of emotions is called."""

    file: Path
    line: int
    emotion: str = "emotion"

    def wrong(self, column: str, what: str) -> MerflowError:
        """Return the error that names file, line and column."""
        return MerflowError(f"{self.file}, line {self.line}, column '{column}': {what}")


def _label(file: Path, line: int, row: Mapping[str, str], spec: LabelSpec) -> Label:
    """Return the checked label of one row."""
    told = Told(file, line)
    path, split = row["path"], row.get("split", TRAIN)
    if not path or "\0" in path:
        raise told.wrong("path", "there is no path; give the clip's file relative to corpus.root")
    allowed = [TRAIN, *spec.tests]
    if split not in allowed:
        raise told.wrong("split", f"'{split}' is none of {', '.join(allowed)} (corpus.tests)")
    emotion = checked_emotion(told, row["emotion"], split, spec)
    valence = checked_valence(told, row.get("valence", ""), split, spec)
    clip = clip_name(file, line, row)
    if any(mark in clip for mark in "\n\r|"):
        raise told.wrong("clip", "a clip's name holds no line break and no '|'; rename it")
    return Label(clip, split, emotion, valence, *groups_of(row, path))


def groups_of(row: Mapping[str, str], path: str) -> tuple[str, str, str, str]:
    """Return what a label has from ``speaker`` on; a column that is not there is empty."""
    return row.get("speaker", ""), path, row.get("session", ""), row.get("fold", "")


def checked_emotion(told: Told, emotion: str, split: str, spec: LabelSpec) -> str:
    """Return a class; a test clip may have none."""
    if emotion not in spec.classes and (emotion or split == TRAIN):
        said = f"'{emotion}' is none of" if emotion else "a train clip needs one of"
        raise told.wrong(told.emotion, f"{said} {', '.join(spec.classes)} (corpus.classes)")
    return emotion


def checked_valence(told: Told, text: str, split: str, spec: LabelSpec) -> str:
    """Return a number in its shortest form; a test clip, or a corpus without, may have none."""
    if not spec.valence or not (text or split == TRAIN):
        return ""
    if not (valence := _number(text)):
        raise told.wrong("valence", f"'{text}' is not a number; give one")
    return valence


def _number(text: str) -> str:
    """Return a finite number in its shortest form, or nothing if it is none."""
    try:
        value = float(text)
    except ValueError:
        return ""
    return repr(value) if math.isfinite(value) and "_" not in text else ""
