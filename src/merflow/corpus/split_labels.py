"""Labels from a csv a split, as the challenge's organisers give them out."""

from collections.abc import Mapping
from pathlib import Path

from merflow.corpus.labels import (
    TRAIN,
    Label,
    LabelSpec,
    Told,
    checked_emotion,
    checked_valence,
    groups_of,
)
from merflow.corpus.split_files import read_split_rows
from merflow.errors import MerflowError


def read_split_labels(files: Mapping[str, Path], spec: LabelSpec) -> list[Label]:
    """Read one csv a split with the columns name, discrete and optionally valence.

    ``speaker``, ``session`` and ``fold`` may stand there too. ``train`` needs the labels, the files
    of tests only the names.

    Returns:
        The labels sorted by clip, without paths.

    Raises:
        MerflowError: Naming file, line and column of the first mistake.
    """
    needed = {TRAIN: ("discrete", "valence") if spec.valence else ("discrete",)}
    labels = []
    for split, line, row in read_split_rows(files, needed):
        told = Told(files[split], line, "discrete")
        emotion = checked_emotion(told, row.get("discrete", ""), split, spec)
        valence = checked_valence(told, row.get("valence", ""), split, spec)
        labels.append(Label(row["name"], split, emotion, valence, *groups_of(row, "")))
    if not any(label.split == TRAIN for label in labels):
        raise MerflowError(f"{files[TRAIN]} lists no clip; add clips to train on")
    return sorted(labels, key=lambda label: label.clip)
