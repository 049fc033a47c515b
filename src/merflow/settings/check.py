"""Checking ``params.yaml`` before any job starts, with one sentence for what is wrong."""

import math
from collections.abc import Iterator
from typing import Any

import jsonschema

from merflow.errors import MerflowError
from merflow.settings.adapters import check_adapter
from merflow.settings.noise import check_noise
from merflow.settings.precomputed import check_clips, check_copies
from merflow.settings.relations import (
    check_com,
    check_encoders,
    check_names,
    check_ranges,
    check_report,
    check_robustness,
    check_systems,
)
from merflow.settings.sentences import FILE, sentences, where_of
from merflow.settings.sources import check_sources

RELATIONS = (
    check_names,
    check_encoders,
    check_clips,
    check_systems,
    check_copies,
    check_adapter,
    check_robustness,
    check_sources,
    check_noise,
    check_ranges,
    check_report,
    check_com,
)


def check(config: dict[str, Any], schema: dict[str, Any]) -> None:
    """Check the whole of ``params.yaml``: its form by the schema, then what the parts say together.

    Source: ours. Raises :class:`MerflowError` that names the key, its value and what is allowed.
    """
    for told in problems(config, schema):
        raise MerflowError(told)


def problems(config: Any, schema: dict[str, Any]) -> Iterator[str]:
    """Yield all that :func:`check` can tell, one sentence each; nothing where all is well.

    What the parts say together is looked at only where the form is right, and each relation
    tells the first that it meets.
    """
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(config),
        key=lambda error: (len(error.absolute_path), [str(part) for part in error.absolute_path]),
    )
    told = list(dict.fromkeys(one for error in errors for one in sentences(error)))
    if not told:
        told = [
            f"{FILE}: {where_of(where)} is {value}; allowed: a finite number"
            for where, value in _numbers(config, ())
            if not math.isfinite(value)
        ]
    yield from told
    found = len(told)
    for relation in () if told else RELATIONS:
        try:
            relation(config)
        except MerflowError as error:
            found += 1
            yield str(error)
        except Exception:
            if not found:  # a relation may rest on one before it, which has been told
                raise


def misformed(config: Any, schema: dict[str, Any]) -> set[str]:
    """Return the sections whose form the schema refuses; all of them if there are none."""
    if not isinstance(config, dict):
        return set(schema["required"])
    missing = set(schema["required"]) - set(config)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(config)
    return missing | {str(error.absolute_path[0]) for error in errors if error.absolute_path}


def _numbers(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], float]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield from _numbers(value, (*path, key))
        elif isinstance(value, float):
            yield (*path, key), value
