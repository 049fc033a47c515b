"""Checking ``params.yaml`` before any job starts, with one sentence for what is wrong."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema

from merflow.errors import MerflowError
from merflow.settings.adapters import check_adapter
from merflow.settings.noise import check_noise
from merflow.settings.precomputed import check_clips, check_copies, check_labels
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

Relation = Callable[[dict[str, Any]], Iterator[str]]

RELATIONS: tuple[tuple[Relation, tuple[str, ...]], ...] = (
    # The corpus first: what the others tell may follow from it.
    (check_adapter, ("corpus",)),
    (check_labels, ("corpus",)),
    (check_names, ("fusion", "ensemble")),
    (check_encoders, ("features", "probes")),
    (check_clips, ("corpus", "features")),
    (check_systems, ("features", "fusion", "ensemble")),
    (check_copies, ("features", "fusion")),
    (check_robustness, ("corpus", "features", "fusion", "report")),
    (check_sources, ("corpus", "faces", "noise", "fusion", "report")),
    (check_noise, ("noise",)),
    (check_ranges, ("corpus", "probes", "fusion")),
    (check_report, ("corpus", "fusion", "ensemble", "report")),
    (check_com, ("corpus",)),
)
"""Each with the sections that it reads."""


def check(config: dict[str, Any], schema: dict[str, Any]) -> None:
    """Check the whole of ``params.yaml``: its form by the schema, then what the parts say together.

    Source: ours. Raises :class:`MerflowError` that names the key, its value and what is allowed.
    """
    for told in problems(config, schema):
        raise MerflowError(told)


def problems(config: Any, schema: dict[str, Any]) -> Iterator[str]:
    """Yield all that :func:`check` can tell, one sentence each; nothing where all is well.

    What the parts say together is looked at only where their sections have the right form.
    """
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(config),
        key=lambda error: (len(error.absolute_path), [str(part) for part in error.absolute_path]),
    )
    told = list(dict.fromkeys(one for error in errors for one in sentences(error)))
    told += [
        f"{FILE}: {where_of(where)} is {value}; allowed: a finite number"
        for where, value in _infinite(config)
        if where not in {tuple(error.absolute_path) for error in errors}  # infinity is too large
    ]
    yield from told
    wrong, found = misformed(config, schema), len(told)
    for relation, sections in RELATIONS:
        if wrong.intersection(sections):
            continue
        try:
            for one in relation(config):
                found += 1
                yield one
        except MerflowError as error:
            found += 1
            yield str(error)
        except Exception:
            if not found:  # a relation may rest on one before it, which has been told
                raise


def misformed(config: Any, schema: dict[str, Any]) -> set[str]:
    """Return the sections whose form is wrong; all of them if there are none.

    That is what the schema refuses, and numbers that are not finite.
    """
    if not isinstance(config, dict):
        return set(schema["required"])
    missing = set(schema["required"]) - set(config)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(config)
    refused = {str(error.absolute_path[0]) for error in errors if error.absolute_path}
    return missing | refused | {str(where[0]) for where, _ in _infinite(config)}


def _infinite(config: Any) -> list[tuple[tuple[Any, ...], float]]:
    numbers = _numbers(config, ()) if isinstance(config, dict) else ()
    return [(where, value) for where, value in numbers if not math.isfinite(value)]


def _numbers(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], float]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield from _numbers(value, (*path, key))
        elif isinstance(value, float):
            yield (*path, key), value
