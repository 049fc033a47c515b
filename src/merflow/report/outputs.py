"""Output files that are the same on every run, and whole or absent."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.storage.atomic import replacing, write_text

LONGEST_LINE = 100


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame without its index, with ``\\n`` line ends."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def write_table(frame: pd.DataFrame, path: Path, note: str | None) -> None:
    """Write a table's csv: the note stands in a last column ``note``, the same in every row.

    A comment line would have to be skipped by every reader of the file.
    """
    write_csv(frame.assign(note=note or ""), path)


def write_json(document: Mapping[str, Any], path: Path) -> None:
    """Write JSON with sorted keys, what is short on one line; a NaN is an error."""
    write_text(path, _lines(document, 0) + "\n")


def _lines(value: Any, depth: int) -> str:
    """Return the value on one line if it fits, or a mapping's entries on lines of their own."""
    line = json.dumps(value, sort_keys=True, allow_nan=False)
    if not isinstance(value, Mapping):
        return line
    nested = any(isinstance(entry, Mapping) for entry in value.values())
    if not nested and depth + len(line) <= LONGEST_LINE:
        return line
    inside = " " * (depth + 1)
    entries = [
        f"{inside}{json.dumps(key)}: {_lines(value[key], depth + 1)}" for key in sorted(value)
    ]
    return "{\n" + ",\n".join(entries) + "\n" + " " * depth + "}"
