"""What is said of one clip, and telling what is wrong with it.

It is also called while the workflow is read, so it imports nothing outside the standard library.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from merflow.errors import MerflowError

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

    ``session`` and ``fold`` are names, by which folds can be made. ``defect`` says why a clip must
    not be used although its file may be sound; it is quarantined as ``defective``.
    """

    clip: str
    split: str
    emotion: str
    valence: str
    speaker: str
    path: str
    session: str = ""
    fold: str = ""
    defect: str = ""


@dataclass(frozen=True)
class Told:
    """Where a row stands, and what its column of emotions is called."""

    file: Path
    line: int
    emotion: str = "emotion"

    def wrong(self, column: str, what: str) -> MerflowError:
        """Return the error that names file, line and column."""
        return MerflowError(f"{self.file}, line {self.line}, column '{column}': {what}")


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
