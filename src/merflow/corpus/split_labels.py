"""Labels from a csv a split, as the challenge's organisers give them out."""

from collections.abc import Mapping
from pathlib import Path

from merflow.corpus.label import (
    TRAIN,
    Label,
    LabelSpec,
    Told,
    checked_emotion,
    checked_valence,
    groups_of,
)
from merflow.corpus.split_files import LABELS, read_split_rows
from merflow.errors import MerflowError


def read_split_labels(
    files: Mapping[str, Path], spec: LabelSpec, setting: str = LABELS
) -> list[Label]:
    """Read one csv a split with the columns name, discrete and optionally valence.

    ``speaker``, ``session`` and ``fold`` may stand there too. ``train`` needs the labels, the files
    of tests only the names.

    Args:
        files: The csv of each split.
        spec: What the labels must agree with.
        setting: Which setting names the files, as :func:`read_split_rows` takes it.

    Returns:
        The labels sorted by clip, without paths.

    Raises:
        MerflowError: Naming file, line and column of the first mistake.
    """
    labels = [
        _label(files[split], split, line, row, spec)
        for split, line, row in read_split_rows(files, _needed(spec), setting)
    ]
    if not any(label.split == TRAIN for label in labels):
        raise MerflowError(f"{files[TRAIN]} lists no clip; add clips to train on")
    return sorted(labels, key=lambda label: label.clip)


def split_label_mistakes(files: Mapping[str, Path], spec: LabelSpec) -> list[MerflowError]:
    """Return the wrong labels that :func:`read_split_labels` would stop at, all of them.

    Raises:
        MerflowError: A file cannot be read, is no csv, lacks a column, or has a wrong name.
    """
    found = []
    for split, line, row in read_split_rows(files, _needed(spec)):
        try:
            _label(files[split], split, line, row, spec)
        except MerflowError as error:
            found.append(error)
    return found


def _needed(spec: LabelSpec) -> dict[str, tuple[str, ...]]:
    return {TRAIN: ("discrete", "valence") if spec.valence else ("discrete",)}


def _label(file: Path, split: str, line: int, row: Mapping[str, str], spec: LabelSpec) -> Label:
    """Return the checked label of one row."""
    told = Told(file, line, "discrete")
    emotion = checked_emotion(told, row.get("discrete", ""), split, spec)
    valence = checked_valence(told, row.get("valence", ""), split, spec)
    return Label(row["name"], split, emotion, valence, *groups_of(row, ""))
