"""Reading the label file of a corpus, and telling what is wrong in it."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

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
    """One row of the label file; emotion, valence and speaker are empty where not given."""

    clip: str
    split: str
    emotion: str
    valence: str
    speaker: str
    path: str


def read_labels(file: Path, spec: LabelSpec) -> list[Label]:
    """Read a csv with the columns path, emotion and optionally valence, speaker, split, clip.

    Every row is checked, so that a mistake is found in whichever shard it lies. Columns of other
    names are ignored. Train clips need their labels, test clips do not.

    Returns:
        The labels sorted by clip.

    Raises:
        MerflowError: Naming file, line and column of the first mistake.
    """
    labels: dict[str, tuple[int, Label]] = {}
    for line, row in _rows(file, spec):
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


def _rows(file: Path, spec: LabelSpec) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) with stripped values, after checking the header."""
    if not file.is_file():
        raise MerflowError(
            f"the label file {file} was looked for at {file.absolute()} and is not there; write a "
            "csv with the columns path and emotion (docs/corpora.md) or correct corpus.csv"
        )
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(file, header, spec)
            line = reader.line_num + 1
            for values in reader:
                if any(value.strip() for value in values):
                    _check_length(file, line, values, header)
                    yield line, dict(zip(header, map(str.strip, values), strict=True))
                line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise MerflowError(f"{file} is not UTF-8 text; save it as csv in UTF-8") from error
    except csv.Error as error:
        raise MerflowError(
            f"{file}, line {reader.line_num}: it is not valid csv ({error}); mend the quotes"
        ) from error


def _check_header(file: Path, header: Sequence[str], spec: LabelSpec) -> None:
    """Raise unless the header has what the labels need, each once."""
    wanted = ["path", "emotion", *(["valence"] if spec.valence else [])]
    for name in wanted:
        if name not in header:
            separated = len(header) == 1 and any(mark in header[0] for mark in ";\t")
            raise MerflowError(
                f"{file}, line 1: there is no column '{name}' among {', '.join(header) or 'none'}; "
                + ("separate the columns by commas" if separated else "add it")
                + (" or set corpus.valence to false" if name == "valence" else "")
            )
    for name in header:
        if name and header.count(name) > 1:
            raise MerflowError(f"{file}, line 1: the column '{name}' stands there twice; drop one")


def _check_length(file: Path, line: int, values: Sequence[str], header: Sequence[str]) -> None:
    """Raise unless a row has as many values as the header has columns."""
    if len(values) != len(header):
        raise MerflowError(
            f"{file}, line {line}: {len(values)} values for {len(header)} columns; quote values "
            "that hold a comma"
        )


def _label(file: Path, line: int, row: Mapping[str, str], spec: LabelSpec) -> Label:
    """Return the checked label of one row."""

    def wrong(column: str, what: str) -> MerflowError:
        return MerflowError(f"{file}, line {line}, column '{column}': {what}")

    path, emotion, split = row["path"], row["emotion"], row.get("split", TRAIN)
    if not path or "\0" in path:
        raise wrong("path", "there is no path; give the clip's file relative to corpus.root")
    allowed = [TRAIN, *spec.tests]
    if split not in allowed:
        raise wrong("split", f"'{split}' is none of {', '.join(allowed)} (corpus.tests)")
    if emotion not in spec.classes and (emotion or split == TRAIN):
        said = f"'{emotion}' is none of" if emotion else "a train clip needs one of"
        raise wrong("emotion", f"{said} {', '.join(spec.classes)} (corpus.classes)")
    valence = row["valence"] if spec.valence else ""
    if valence or (spec.valence and split == TRAIN):
        valence = _number(valence)
        if not valence:
            raise wrong("valence", f"'{row['valence']}' is not a number; give one")
    clip = row.get("clip") or PurePosixPath(path).stem
    if any(mark in clip for mark in "\n\r|"):
        raise wrong("clip", "a clip's name holds no line break and no '|'; rename it")
    return Label(clip, split, emotion, valence, row.get("speaker", ""), path)


def _number(text: str) -> str:
    """Return a finite number in its shortest form, or nothing if it is none."""
    try:
        value = float(text)
    except ValueError:
        return ""
    return repr(value) if math.isfinite(value) and "_" not in text else ""
