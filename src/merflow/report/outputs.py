"""Output files that are the same on every run, and whole or absent."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.storage.atomic import replacing, write_text


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame without its index, with ``\\n`` line ends."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def write_json(document: Mapping[str, Any], path: Path) -> None:
    """Write indented JSON with sorted keys; a NaN is an error."""
    write_text(path, json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n")
