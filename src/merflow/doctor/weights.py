"""The encoders' checkpoints: there, whole, the pinned ones, of the right network."""

import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from merflow.corpus.adapters.looks import is_pointer
from merflow.corpus.finding import Finding, few, of_error
from merflow.doctor.case import Case
from merflow.doctor.checkpoint import tensor_names
from merflow.encoders.registry import DEFAULTS, PRECOMPUTED, Kind, kind_of
from merflow.encoders.sources import how_to_get, recognise, weights_path
from merflow.encoders.stock.place import absent, weight_file
from merflow.errors import MerflowError
from merflow.features.organisers import SUFFIX
from merflow.storage.digest import file_sha256

# Architecture -> model_type in the config.json of transformers, where the two differ.
MODEL_TYPES = {"data2vec_audio": "data2vec-audio"}


def look(case: Case) -> Iterator[Finding]:
    """Yield what is to be said of each encoder; a file that is pinned or not is read once."""
    for name, spec in case.config["features"]["encoders"].items():
        try:
            yield from _encoder(case, name, spec)
        except MerflowError as error:
            told = of_error(error)
            yield Finding(told.level, f"{name}: {told.what}", told.todo)


def _encoder(case: Case, name: str, spec: Mapping[str, Any]) -> Iterator[Finding]:
    if spec["architecture"] == PRECOMPUTED:
        yield from _precomputed(case, name, spec)
        return
    kind = kind_of(spec)
    if not kind.trained:
        yield _untrained(name, kind)
    elif spec["weights"] == "demo":
        yield _demo(case, name)
    else:
        path = weights_path(spec["weights"])
        if path.exists():
            yield from _checkpoint(name, spec, kind, path)
        # else it is told among the files


def _untrained(name: str, kind: Kind) -> Finding:
    if kind.name == "egemaps" and importlib.util.find_spec("opensmile") is None:
        return Finding(
            "error",
            f"{name}: egemaps needs openSMILE, which is not installed",
            'run `pip install -e ".[egemaps]"` after reading its licence (docs/encoders.md), or '
            "take mfcc",
        )
    return Finding("fine", f"{name}: {kind.name}, which has no weights")


def _demo(case: Case, name: str) -> Finding:
    if case.generated:
        return Finding("fine", f"{name}: demo weights, taught in the run")
    return Finding(
        "warning",
        f"{name}: demo weights have seen drawn faces and synthetic speech alone: on real clips "
        "they show that the chain runs, and little else",
        "name a public checkpoint; `merflow encoders` lists them",
    )


def _checkpoint(name: str, spec: Mapping[str, Any], kind: Kind, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with a checkpoint that is there, or that nothing is."""
    lacking = absent(kind.module, path)
    if lacking:
        yield Finding(
            "error",
            f"{name}: {path} lacks {', '.join(lacking)}",
            f"{how_to_get(kind.name, spec['weights'])}; "
            f"`merflow encoders fetch {name}` gets what can be got",
        )
        return
    file = weight_file(kind.module, path)
    if is_pointer(file):
        yield Finding(
            "error",
            f"{name}: {file} is a pointer of Git LFS, not the weights",
            f"run `git lfs pull` in its repository, or `merflow encoders fetch {name}`",
        )
        return
    found = list(_speech(name, spec, kind, path)) if kind.module == "speech" else []
    found += [*_network(name, spec, kind, file), *_digest(name, spec, file)]
    yield from found or [Finding("fine", f"{name}: {kind.name}, {file}, as pinned")]


def _speech(name: str, spec: Mapping[str, Any], kind: Kind, folder: Path) -> Iterator[Finding]:
    """Yield where the model's own settings disagree with ours."""
    file = folder / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        model, layers = config["model_type"], int(config.get("num_hidden_layers", 12))
    except (ValueError, TypeError, KeyError) as error:
        yield Finding("error", f"{name}: {file} cannot be read ({error!r})", "get it again")
        return
    wanted, count = MODEL_TYPES.get(kind.name, kind.name), spec.get("layers", DEFAULTS["layers"])
    if model != wanted:
        yield Finding(
            "error",
            f"{name}: {folder} holds a model of type {model}, not {wanted}",
            f"correct the encoder's architecture, or {how_to_get(kind.name, spec['weights'])}",
        )
    elif layers != count:
        yield Finding(
            "error",
            f"{name}: the model in {folder} has {layers} layers, not {count}",
            f"set features.encoders.{name}.layers to {layers}, or name another model",
        )


def _network(name: str, spec: Mapping[str, Any], kind: Kind, file: Path) -> Iterator[Finding]:
    """Yield that the names in the file are those of another network."""
    names = tensor_names(file)
    other = recognise(names)
    # Bare encoders of several speech networks share their names; config.json tells them apart.
    alike = kind.module == "speech" and other is not None and _speaks(other)
    if other == kind.name or alike:
        return
    if other is None:
        yield Finding(
            "warning",
            f"{name}: the names in {file} are of no network that is known",
            f"try it with `merflow encoders check {name}`, or "
            f"{how_to_get(kind.name, spec['weights'])}",
        )
    else:
        yield Finding(
            "error",
            f"{name}: {file} is a checkpoint of {other}, not of {kind.name}",
            f"{how_to_get(kind.name, spec['weights'])}, or correct the encoder's architecture",
        )


def _speaks(architecture: str) -> bool:
    try:
        return kind_of({"architecture": architecture}).module == "speech"
    except MerflowError:  # recognised, but none of ours
        return False


def _digest(name: str, spec: Mapping[str, Any], file: Path) -> Iterator[Finding]:
    digest, declared = file_sha256(file), spec.get("sha256")
    if declared is None:
        yield Finding(
            "warning",
            f"{name}: {file} is not pinned: another file in its place would go unnoticed",
            f'if you trust where it came from, set features.encoders.{name}.sha256 to "{digest}"',
        )
    elif declared != digest:
        yield Finding(
            "error",
            f"{name}: {file} has sha256 {digest}, but params.yaml declares {declared}",
            "get the declared file, or pin the new digest if you mean this one",
        )


def _precomputed(case: Case, name: str, spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield which folders of features lack clips."""
    try:
        clips = [label.clip for label in case.labels]
    except MerflowError:
        return  # told among the labels
    for folder in (Path(folder) for folder in spec["folders"].values()):
        if not folder.is_dir():
            continue  # told among the files
        there = set(os.listdir(folder))
        missing = [clip for clip in clips if f"{clip}{SUFFIX}" not in there]
        if missing:
            # Where there are clips, one that turns out unusable needs no features.
            yield Finding(
                "warning" if case.with_clips else "error",
                f"{name}: {folder} lacks the features of {len(missing):,} of {len(clips):,} clips "
                f"({few(missing)})",
                "complete the folder; a clip without a face has a vector of zeros there",
            )
        else:
            yield Finding("fine", f"{name}: {folder} has features of all {len(clips):,} clips")
