"""Checking ``params.yaml`` before any job starts, with one sentence for what is wrong."""

import csv
import difflib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema

from merflow.encoders.registry import KINDS, parse_feature
from merflow.encoders.sources import HOW_TO_GET
from merflow.errors import MerflowError

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


def _where(path: Any) -> str:
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
        "minLength": "at least this many characters:",
    }
    if rule in bounds:
        return f"{bounds[rule]} {value}"
    if rule == "uniqueItems":
        return "entries that differ from each other"
    if rule == "pattern":
        return error.schema.get("description", f"text that matches {value}")
    return error.message


def _unknown_key(error: jsonschema.ValidationError) -> str:
    known = sorted(error.schema.get("properties", {}))
    unknown = sorted(set(error.instance) - set(known), key=str)[0]
    close = difflib.get_close_matches(str(unknown), known, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    where = _where([*error.absolute_path, unknown])
    value = error.instance[unknown]
    return f"{FILE}: unknown key {where} (value {value!r}){hint}; allowed here: {', '.join(known)}"


def _missing_key(error: jsonschema.ValidationError) -> str:
    missing = next(key for key in error.validator_value if key not in error.instance)
    where = _where([*error.absolute_path, missing])
    wanted = error.schema.get("properties", {}).get(missing, {})
    kind = wanted.get("type", "a value")
    kinds = [kind] if isinstance(kind, str) else kind
    return f"{FILE}: key {where} is missing; give it {' or '.join(TYPES.get(k, k) for k in kinds)}"


def _sentence(error: jsonschema.ValidationError) -> str:
    if error.validator == "additionalProperties":
        return _unknown_key(error)
    if error.validator == "required":
        return _missing_key(error)
    where = _where(error.absolute_path)
    return f"{FILE}: {where} is {error.instance!r}; allowed: {_allowed(error)}"


def check(config: dict[str, Any], schema: dict[str, Any]) -> None:
    """Check the whole of ``params.yaml``: its form by the schema, then what the parts say together.

    Source: ours. Raises :class:`MerflowError` that names the key, its value and what is allowed.
    """
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(config),
        key=lambda error: (len(error.absolute_path), [str(part) for part in error.absolute_path]),
    )
    if errors:
        raise MerflowError(_sentence(errors[0]))
    for where, value in _numbers(config, ()):
        if not math.isfinite(value):
            raise MerflowError(f"{FILE}: {_where(where)} is {value}; allowed: a finite number")
    _check_names(config)
    _check_encoders(config)
    _check_systems(config)
    _check_report(config)


def _numbers(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], float]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield from _numbers(value, (*path, key))
        elif isinstance(value, float):
            yield (*path, key), value


def _check_names(config: dict[str, Any]) -> None:
    named = [
        *((f"fusion.systems[{i}]", s["name"]) for i, s in enumerate(config["fusion"]["systems"])),
        *(
            (f"ensemble.systems[{i}]", s["name"])
            for i, s in enumerate(config["ensemble"]["systems"])
        ),
    ]
    seen: dict[str, str] = {}
    for where, name in named:
        if name in seen:
            raise MerflowError(
                f"{FILE}: {where}.name is {name!r}, which {seen[name]} is called already; "
                "allowed: a name of its own"
            )
        seen[name] = where


def _check_encoders(config: dict[str, Any]) -> None:
    corpus, encoders = config["corpus"], config["features"]["encoders"]
    if corpus["adapter"] == "table":
        for key in ("root", "csv"):
            if not corpus[key]:
                raise MerflowError(
                    f"{FILE}: corpus.{key} is {corpus[key]!r}; allowed with adapter table: a path"
                )
    elif len(corpus["classes"]) != 6:
        raise MerflowError(
            f"{FILE}: corpus.classes is {corpus['classes']!r}; allowed with adapter demo: "
            "the six classes of presets/demo.yaml"
        )
    if config["noise"]["source"] == "folder" and not config["noise"]["root"]:
        raise MerflowError(f"{FILE}: noise.root is null; allowed with source folder: a path")
    if config["noise"]["source"] == "demo" and corpus["adapter"] != "demo":
        raise MerflowError(
            f"{FILE}: noise.source is 'demo'; allowed with corpus.adapter {corpus['adapter']}: "
            "folder, with noise.root naming MUSAN or any folder of wav or flac"
        )
    if config["faces"]["backend"] == "yunet" and not config["faces"]["yunet"]["path"]:
        raise MerflowError(
            f"{FILE}: faces.yunet.path is null; allowed with backend yunet: the path of the onnx "
            "file face_detection_yunet of the OpenCV Zoo"
        )
    for name in config["probes"]["encoders"]:
        if name not in encoders:
            raise MerflowError(
                f"{FILE}: probes.encoders names {name!r}; allowed: {', '.join(encoders)}"
            )


def _check_systems(config: dict[str, Any]) -> None:
    encoders = config["features"]["encoders"]
    for i, system in enumerate(config["fusion"]["systems"]):
        where, modalities = f"fusion.systems[{i}] ({system['name']})", set()
        for feature in system["features"]:
            encoder, layer = parse_feature(feature)
            if encoder not in encoders:
                raise MerflowError(
                    f"{FILE}: {where}.features names {feature!r}; allowed encoders: "
                    f"{', '.join(encoders)}"
                )
            kind = KINDS[encoders[encoder]["architecture"]]
            layers = kind.layers(encoders[encoder])
            if layer not in layers:
                raise MerflowError(
                    f"{FILE}: {where}.features names {feature!r}; allowed layers of {encoder}: "
                    f"{', '.join(layers)}"
                )
            modalities.add(kind.modality)
        if system["strategy"] != 1 and len(modalities) < 2:
            raise MerflowError(
                f"{FILE}: {where}.strategy is {system['strategy']}; allowed with features of one "
                "modality: 1"
            )
    by_name = {system["name"]: system for system in config["fusion"]["systems"]}
    for i, ensemble in enumerate(config["ensemble"]["systems"]):
        for member in ensemble["members"]:
            if member not in by_name:
                raise MerflowError(
                    f"{FILE}: ensemble.systems[{i}].members names {member!r}; allowed: "
                    f"{', '.join(by_name)}"
                )


def _check_report(config: dict[str, Any]) -> None:
    splits = ["train", *config["corpus"]["tests"]]
    for i, row in enumerate(config["report"]["rows"]):
        if row["split"] not in splits:
            raise MerflowError(
                f"{FILE}: report.rows[{i}].split is {row['split']!r}; allowed: {', '.join(splits)}"
            )
    names = [s["name"] for key in ("fusion", "ensemble") for s in config[key]["systems"]]
    chosen = config["report"]["submission"]
    if chosen is not None and chosen not in names:
        raise MerflowError(
            f"{FILE}: report.submission is {chosen!r}; allowed: {', '.join(names)}, or null"
        )


def check_files(config: dict[str, Any]) -> None:
    """Check that the folders and files that ``params.yaml`` names exist, relative to the run.

    Raises :class:`MerflowError` that says what is missing, where it was looked for and how to
    get it.
    """
    corpus, noise, faces = config["corpus"], config["noise"], config["faces"]
    wanted = []
    if corpus["adapter"] == "table":
        wanted += [
            ("corpus.root", corpus["root"], "set it to the folder that holds your clips"),
            ("corpus.csv", corpus["csv"], "write a csv with the columns path and emotion"),
        ]
    if noise["source"] == "folder":
        wanted.append(
            ("noise.root", noise["root"], "get MUSAN from openslr.org/17 or name a folder of wav")
        )
    if faces["backend"] == "yunet":
        wanted.append(
            ("faces.yunet.path", faces["yunet"]["path"], "get it from the OpenCV Zoo, models/")
        )
    wanted += [
        (f"features.encoders.{name}.weights", spec["weights"], HOW_TO_GET[spec["architecture"]])
        for name, spec in config["features"]["encoders"].items()
        if spec["weights"] != "demo"
    ]
    for key, path, advice in wanted:
        if not Path(path).exists():
            raise MerflowError(
                f"{FILE}: {key} is {str(path)!r}, but there is nothing at {Path(path).absolute()}; "
                f"{advice}"
            )


def listed_clips(csv_path: str, root: str) -> list[str]:
    """Return the existing clips that a ``table`` csv names, as paths for the graph to watch.

    Clips that are missing or lie outside ``root`` are left to the check of the corpus, which
    quarantines them.
    """
    with Path(csv_path).open(encoding="utf-8-sig", newline="") as stream:
        names = [row.get("path") or "" for row in csv.DictReader(stream)]
    base = Path(root).resolve()
    paths = ((Path(root) / name, (base / name).resolve()) for name in names if name)
    return sorted({str(p) for p, real in paths if real.is_relative_to(base) and real.is_file()})
