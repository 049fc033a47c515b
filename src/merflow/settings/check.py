"""Checking ``params.yaml`` before any job starts, with one sentence for what is wrong."""

import math
from collections.abc import Iterator
from typing import Any

import jsonschema

from merflow.errors import MerflowError
from merflow.settings.precomputed import check_clips, check_copies
from merflow.settings.relations import (
    check_encoders,
    check_names,
    check_ranges,
    check_report,
    check_sources,
    check_systems,
)
from merflow.settings.sentences import FILE, sentence, where_of


def check(config: dict[str, Any], schema: dict[str, Any]) -> None:
    """Check the whole of ``params.yaml``: its form by the schema, then what the parts say together.

    Source: ours. Raises :class:`MerflowError` that names the key, its value and what is allowed.
    """
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(config),
        key=lambda error: (len(error.absolute_path), [str(part) for part in error.absolute_path]),
    )
    if errors:
        raise MerflowError(sentence(errors[0]))
    for where, value in _numbers(config, ()):
        if not math.isfinite(value):
            raise MerflowError(f"{FILE}: {where_of(where)} is {value}; allowed: a finite number")
    check_names(config)
    check_encoders(config)
    check_clips(config)
    check_systems(config)
    check_copies(config)
    check_sources(config)
    check_ranges(config)
    check_report(config)


def _numbers(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], float]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield from _numbers(value, (*path, key))
        elif isinstance(value, float):
            yield (*path, key), value
