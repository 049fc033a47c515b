"""What decoding has shown of a clip's content, kept from run to run."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from merflow.storage.tensors import DamageError, VersionError

FORMAT = "1"
FILE = "file of decoding facts"
Facts = dict[str, str]
"""``duration`` of a usable clip in seconds, or ``reason`` and ``detail``; the others empty."""


class FactsCodec:
    """A ShardStore codec: JSON ``{"format", "items": {key: facts}, "recipe", "sha256"}``."""

    suffix = ".json"

    def write(self, path: Path, items: Mapping[str, Facts], recipe: str) -> None:
        """Write the facts; the same facts and recipe give the same bytes."""
        content = {"format": FORMAT, "recipe": recipe, "items": items}
        marked = content | {"sha256": _digest(content)}
        text = json.dumps(marked, sort_keys=True, indent=0)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")

    def keys(self, path: Path) -> tuple[str, list[str]]:
        """Return (recipe, keys); raises DamageError, VersionError."""
        content = _content(path)
        return content["recipe"], list(content["items"])

    def read(self, path: Path, keys: Sequence[str]) -> dict[str, Facts]:
        """Return the facts of the named items; raises DamageError, VersionError."""
        items = _content(path)["items"]
        return {key: items[key] for key in keys}


def _content(path: Path) -> dict[str, Any]:
    """Return a whole file that was proved; FileNotFoundError passes."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise DamageError(path, FILE) from None
    if not isinstance(content, dict):
        raise DamageError(path, FILE)
    if not content.keys() & {"format", "sha256"}:
        raise VersionError(path, FILE)
    if content.pop("sha256", "") != _digest(content):
        raise DamageError(path, FILE)
    if content["format"] != FORMAT:
        raise VersionError(path, FILE)
    return content


def _digest(content: Mapping[str, Any]) -> str:
    """Return the sha256 of all that is said, in whatever order it stands."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
