"""Reading ``scores.json``, from which the tables are made."""

import json
from pathlib import Path
from typing import Any

from merflow.errors import MerflowError


def read_scores(path: Path, corpus: str) -> dict[str, Any]:
    """Return the scores of a corpus; raises :class:`MerflowError`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise MerflowError(f"{path} is no JSON ({error}): rebuild it") from error
    if not isinstance(document, dict) or document.get("corpus") != corpus:
        raise MerflowError(f"{path} does not hold the scores of corpus {corpus!r}: rebuild it")
    return document
