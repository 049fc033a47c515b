"""Reading the label file of a corpus, and telling what is wrong in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from merflow.corpus.label import (
    TRAIN,
    Label,
    LabelSpec,
    Told,
    checked_emotion,
    checked_valence,
    groups_of,
)
from merflow.corpus.label_file import NEEDED, clip_name, read_rows
from merflow.errors import MerflowError
from merflow.storage.atomic import replacing


def read_labels(file: Path, spec: LabelSpec) -> list[Label]:
    """Read a csv with the columns path, emotion and optionally valence, speaker, session, fold.

    ``split``, ``clip`` and ``defect`` may stand there too.

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
    return Label(clip, split, emotion, valence, *groups_of(row, path), row.get("defect", ""))
