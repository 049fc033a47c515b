"""What a failed check of the schema says to the user."""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping
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
ENTRIES = {
    "object": "mappings",
    "array": "lists",
    "string": "texts",
    "integer": "whole numbers",
    "number": "numbers",
}
"""What a list is of, by its entries' type."""
LONGEST = 60
"""Characters of a value that are shown; a whole section is no help."""


def where_of(path: Iterable[Any]) -> str:
    """Return a path into the settings as written in the sentences, ``fusion.systems[0].name``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"


def shown(value: Any) -> str:
    """Return a value as it is shown in a sentence, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."


def _kinds(schema: Mapping[str, Any]) -> str:
    """Return in words what types a schema allows, ``a list of whole numbers or null``."""
    kind = schema.get("type", ())
    kinds = [kind] if isinstance(kind, str) else kind
    entries = schema.get("items", {}).get("type")
    of = f" of {ENTRIES[entries]}" if entries in ENTRIES else ""
    told = [TYPES[name] + (of if name == "array" else "") for name in kinds]
    return " or ".join(told) or "a value"


def _allowed(error: jsonschema.ValidationError) -> str:
    """Return in words what a failed schema keyword allows."""
    rule, value = error.validator, error.validator_value
    if rule == "type":
        return _kinds(error.schema)
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
    where = where_of([*error.absolute_path, unknown])
    told = f"{FILE}: unknown key {where} (value {shown(error.instance[unknown])})"
    meant = {old: new for new, old in _misspelt(error.schema, error.instance).items()}.get(unknown)
    if meant is not None:
        return f"{told}, while {meant} is missing; rename it if you mean {meant}"
    close = difflib.get_close_matches(str(unknown), known, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"{told}{hint}; allowed here: {', '.join(known)}"


def _missing_keys(error: jsonschema.ValidationError) -> list[str]:
    told = _misspelt(error.schema, error.instance)
    missing = [key for key in error.validator_value if key not in error.instance]
    return [_missing_key(error, key) for key in missing if key not in told]


def _missing_key(error: jsonschema.ValidationError, missing: str) -> str:
    where = where_of([*error.absolute_path, missing])
    wanted = error.schema.get("properties", {}).get(missing, {})
    return f"{FILE}: key {where} is missing; give it {_kinds(wanted)}"


def _misspelt(schema: Mapping[str, Any], given: Mapping[Any, Any]) -> dict[str, Any]:
    """Return missing key -> the unknown key that stands for it, where each is close to no other.

    One sentence tells both, that of the unknown key.
    """
    known = schema.get("properties", {})
    if schema.get("additionalProperties") is not False:
        return {}  # nothing is unknown, so that nobody would tell of the missing key
    missing = [key for key in schema.get("required", ()) if key not in given]
    close = {
        unknown: difflib.get_close_matches(str(unknown), missing, n=2)
        for unknown in given
        if unknown not in known
    }
    claims = Counter(key for keys in close.values() for key in keys)
    return {
        keys[0]: unknown
        for unknown, keys in close.items()
        if len(keys) == 1 and claims[keys[0]] == 1
    }


def sentences(error: jsonschema.ValidationError) -> list[str]:
    """Return a sentence for each thing that is wrong: key, value and what is allowed.

    Source: ours. Several where keys are unknown or missing, of which there may be many.
    """
    if error.validator == "additionalProperties":
        return _unknown_keys(error)
    if error.validator == "required":
        return _missing_keys(error)
    where = where_of(error.absolute_path)
    return [f"{FILE}: {where} is {shown(error.instance)}; allowed: {_allowed(error)}"]
