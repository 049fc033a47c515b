"""What decoding has shown of a clip's content, kept from run to run."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from merflow.errors import MerflowError

Facts = dict[str, str]
"""``duration`` of a usable clip in seconds, or ``reason`` and ``detail``; the others empty."""


class FactsCodec:
    """A ShardStore codec: JSON ``{"items": {key: facts}, "recipe": ...}``."""

    suffix = ".json"

    def write(self, path: Path, items: Mapping[str, Facts], recipe: str) -> None:
        """Write the facts; the same facts and recipe give the same bytes."""
        text = json.dumps({"recipe": recipe, "items": items}, sort_keys=True, indent=0)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")

    def keys(self, path: Path) -> tuple[str, list[str]]:
        """Return (recipe, keys); raises MerflowError if damaged."""
        content = _content(path)
        return content["recipe"], list(content["items"])

    def read(self, path: Path, keys: Sequence[str]) -> dict[str, Facts]:
        """Return the facts of the named items; raises MerflowError if the file is damaged."""
        items = _content(path)["items"]
        return {key: items[key] for key in keys}


def _content(path: Path) -> dict[str, Any]:
    """Return a whole file; FileNotFoundError passes."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.keys() >= {"recipe", "items"}:
            return content
    except (ValueError, AttributeError):
        pass
    raise MerflowError(f"{path} is damaged; delete it and run the same command again")
