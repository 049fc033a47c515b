"""Options of the form ``NAME=path``."""

from collections.abc import Sequence
from pathlib import Path

from merflow.errors import MerflowError


def parse_pairs(texts: Sequence[str], option: str) -> dict[str, Path]:
    """Split ``NAME=path`` options; raises :class:`MerflowError` for a malformed or missing one."""
    found = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise MerflowError(f"{option} {text!r} is malformed: write NAME=path")
        if name in found:
            raise MerflowError(f"{option} names {name!r} twice: give it once")
        if not Path(path).exists():
            raise MerflowError(f"{option} {name}: there is nothing at {path}: make it first")
        found[name] = Path(path)
    return found
