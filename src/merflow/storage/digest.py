"""Digests of files, of declared settings and of the package's own code."""

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any


def file_sha256(path: str | Path) -> str:
    """Return the hex sha256 of a file's content."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def settings_digest(settings: Any) -> str:
    """Return the hex sha256 of JSON-like settings; the order of keys does not matter."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def digest8(settings: Any) -> str:
    """Return the first eight hex digits of :func:`settings_digest`, as used in paths."""
    return settings_digest(settings)[:8]


def package_files(*names: str) -> list[Path]:
    """Return the sorted Python files of packages or modules, named as in an import.

    Only the package's own file system location is looked up; nothing is imported but parents.
    """
    files: list[Path] = []
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(name)
        origin = Path(spec.origin)
        files += sorted(origin.parent.rglob("*.py")) if origin.stem == "__init__" else [origin]
    return files


def code_digest(*names: str) -> str:
    """Return the sha256 over the files of :func:`package_files`.

    Kept results are reused only while the code that made them is the same.
    """
    total = hashlib.sha256()
    for path in package_files(*names):
        total.update(f"{path.parent.name}/{path.name}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()
