"""Mappings in mappings, as the report's JSON files hold them."""

from collections.abc import Mapping, Sequence
from typing import Any


def nest(found: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    """Put a value at the end of a path of keys, making the mappings on the way."""
    for key in keys[:-1]:
        found = found.setdefault(key, {})
    found[keys[-1]] = value


def found_at(node: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return the mapping at the end of a path of keys; an empty one where the path breaks off."""
    for key in keys:
        node = node.get(key, {})
    return node
