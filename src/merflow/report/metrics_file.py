"""Reading ``metrics.json``."""

import json
from pathlib import Path

from merflow.errors import MerflowError


def read_metrics(path: Path, corpus: str) -> dict:
    """Return one corpus's part of ``metrics.json``; raises :class:`MerflowError`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise MerflowError(f"{path} is no JSON ({error}): rebuild it") from error
    if corpus not in document:
        raise MerflowError(f"{path} has no metrics of corpus {corpus!r}: rebuild it")
    return document[corpus]
