"""What a failed check of the schema says to the user."""

import difflib
from collections.abc import Iterable
from typing import Any

import jsonschema

FILE = "params.yaml"
TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number (write 1.0e-4, not 1e-4)",
    "boolean": "true or false",
    "null": "null",
}


def where_of(path: Iterable[Any]) -> str:
    """Return a path into the settings as written in the sentences, ``fusion.systems[0].name``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"


def _allowed(error: jsonschema.ValidationError) -> str:
    """Return in words what a failed schema keyword allows."""
    rule, value = error.validator, error.validator_value
    if rule == "type":
        return " or ".join(TYPES[name] for name in ([value] if isinstance(value, str) else value))
    if rule == "enum":
        return "one of " + ", ".join(str(choice) for choice in value)
    bounds = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "more than",
        "exclusiveMaximum": "less than",
        "minItems": "at least this many entries:",
        "maxItems": "at most this many entries:",
        "multipleOf": "a multiple of",
        "minLength": "at least this many characters:",
    }
    if rule in bounds:
        return f"{bounds[rule]} {value}"
    if rule == "uniqueItems":
        return "entries that differ from each other"
    if rule == "pattern":
        return error.schema.get("description", f"text that matches {value}")
    return error.message


def _unknown_keys(error: jsonschema.ValidationError) -> list[str]:
    known = sorted(error.schema.get("properties", {}))
    return [
        _unknown_key(error, unknown, known)
        for unknown in sorted(set(error.instance) - set(known), key=str)
    ]


def _unknown_key(error: jsonschema.ValidationError, unknown: Any, known: list[str]) -> str:
    close = difflib.get_close_matches(str(unknown), known, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    where = where_of([*error.absolute_path, unknown])
    value = error.instance[unknown]
    return f"{FILE}: unknown key {where} (value {value!r}){hint}; allowed here: {', '.join(known)}"


def _missing_keys(error: jsonschema.ValidationError) -> list[str]:
    return [_missing_key(error, key) for key in error.validator_value if key not in error.instance]


def _missing_key(error: jsonschema.ValidationError, missing: str) -> str:
    where = where_of([*error.absolute_path, missing])
    wanted = error.schema.get("properties", {}).get(missing, {})
    kind = wanted.get("type", "a value")
    kinds = [kind] if isinstance(kind, str) else kind
    return f"{FILE}: key {where} is missing; give it {' or '.join(TYPES.get(k, k) for k in kinds)}"


def sentences(error: jsonschema.ValidationError) -> list[str]:
    """Return a sentence for each thing that is wrong: key, value and what is allowed.

    Source: ours. Several where keys are unknown or missing, of which there may be many.
    """
    if error.validator == "additionalProperties":
        return _unknown_keys(error)
    if error.validator == "required":
        return _missing_keys(error)
    where = where_of(error.absolute_path)
    return [f"{FILE}: {where} is {error.instance!r}; allowed: {_allowed(error)}"]
