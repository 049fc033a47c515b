"""Output files that are the same on every run, and whole or absent."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.storage.atomic import replacing, write_text

INTERVAL = re.compile(r"\[\s+([-+.\de]+),\s+([-+.\de]+)\s+\]")
"""Two numbers that ``json`` spreads over four lines."""


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame without its index, with ``\\n`` line ends."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def write_json(document: Mapping[str, Any], path: Path) -> None:
    """Write indented JSON with sorted keys and intervals on one line; a NaN is an error."""
    text = json.dumps(document, indent=1, sort_keys=True, allow_nan=False)
    write_text(path, INTERVAL.sub(r"[\1, \2]", text) + "\n")
