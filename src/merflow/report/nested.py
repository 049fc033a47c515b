"""Mappings in mappings, as the report's JSON files hold them."""

from collections.abc import Sequence
from typing import Any


def nest(found: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    """Put a value at the end of a path of keys, making the mappings on the way."""
    for key in keys[:-1]:
        found = found.setdefault(key, {})
    found[keys[-1]] = value
