"""The list of encoders: those of ``params.yaml``, and the public checkpoints that are known."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from merflow.encoders.registry import KINDS, Kind, Spec, kind_of, layers_of
from merflow.encoders.sources import FOLDER, hub_model
from merflow.encoders.stock.checkpoints import ADDRESSES, HUB, PUBLIC, Public, public_of
from merflow.encoders.stock.place import absent, weight_file
from merflow.encoders.stock.sizes import Size, face_size, speech_size, untrained_size

WIDTH = 100
UNKNOWN = "unknown until fetched"
OWN = "merflow's own (MIT)"
UNTRAINED_LICENCES = {
    "egemaps": "audEERING's, of the package opensmile: private use, teaching and research"
}
PUBLIC_WIDTH = 64  # stem channels of the public face networks

Rows = list[tuple[str, str]]


def declared_entry(name: str, spec: Spec, path: Path | None, digest: str | None) -> str:
    """Return the paragraph of an encoder of ``params.yaml``.

    Args:
        name: Its name, as in HL(18).
        spec: Its settings.
        path: Where its checkpoint has to lie; None without weights.
        digest: The sha256 of the file that is there, if it was asked for.
    """
    kind = kind_of(spec)
    if path is None or not kind.trained:
        return _untrained_entry(name, spec)
    demo, weights = spec["weights"] == "demo", str(spec["weights"])
    repository = (hub_model(weights) or (None,))[0]
    known = None if demo else public_of(kind.name, repository)
    size, note = _declared_size(kind, spec, path, known)
    lacking = absent(kind.module, path)
    rows = [
        *_size_rows(size, note, _doubled(spec)),
        ("licence", _licence(demo, known)),
        ("from", "taught by the graph" if demo else _from(kind, repository, name)),
        ("weights", _state(path, lacking)),
        ("sha256", _pinned(spec.get("sha256"), digest, bool(lacking), demo)),
    ]
    return paragraph(name, kind.name, rows)


def public_entry(public: Public, project: Path) -> str:
    """Return the paragraph of a public checkpoint, with how ``params.yaml`` names it."""
    kind = KINDS[public.architecture]
    if public.config is not None:
        size = speech_size(kind.name, public.config)
        pattern, weights = f"{str(public.repository).replace('/', '--')}@*", _hub_weights(public)
        there = sorted(path for path in (project / FOLDER).glob(pattern))
    else:
        size, weights = face_size(kind.name, PUBLIC_WIDTH), str(FOLDER / str(public.file))
        there = [path for path in [project / weights] if path.is_file()]
    rows = [
        *_size_rows(size, "", False),
        ("licence", public.licence),
        ("from", _from(kind, public.repository, None)),
        ("set", f"architecture: {kind.name}, weights: {_yaml(weights)}"),
        ("weights", "; ".join(_state(p, absent(kind.module, p)) for p in there) or "not there"),
    ]
    return paragraph(public.name, kind.name, rows)


def untrained_entries() -> list[str]:
    """Return the paragraphs of the encoders without weights."""
    return [
        _untrained_entry(kind.name, {"architecture": kind.name})
        for kind in KINDS.values()
        if not kind.trained
    ]


def public_entries(project: Path) -> list[str]:
    """Return the paragraphs of all public checkpoints."""
    return [public_entry(public, project) for public in PUBLIC]


def paragraph(name: str, architecture: str, rows: Rows) -> str:
    """Return lines of at most ``WIDTH`` columns; longer words (paths) stay whole."""
    title = name if name == architecture else f"{name}: {architecture}"
    lines = [title]
    for label, text in rows:
        lead = f"  {label:<11} "
        lines += textwrap.wrap(
            text,
            WIDTH,
            initial_indent=lead,
            subsequent_indent=" " * len(lead),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def layers_text(dims: Mapping[str, int]) -> str:
    """Return the layers with their dimensions, runs of equal ones together."""
    names, parts, start = list(dims), [], 0
    for end in range(1, len(names) + 1):
        if end < len(names) and dims[names[end]] == dims[names[start]]:
            continue
        run = names[start:end]
        numbered = len(run) > 2 and all(name.isdigit() for name in run)
        said = f"{run[0]}..{run[-1]}" if numbered else ", ".join(run)
        each = " each" if len(run) > 1 else ""
        parts.append(f"{said} ({dims[run[0]]}{each})")
        start = end
    return ", ".join(parts)


def _untrained_entry(name: str, spec: Spec) -> str:
    kind = kind_of(spec)
    if not kind.module:
        folders = [str(folder) for folder in spec.get("folders", {}).values()]
        rows = [
            ("layers", f"{', '.join(layers_of(spec))} (dimensions as in the files)"),
            ("weights", f"none: read from {', '.join(folders)}"),
        ]
        return paragraph(name, str(spec["architecture"]), rows)
    try:
        size, note = untrained_size(spec), ""
    except Exception as error:  # whatever keeps it from working here is what the list has to say
        size, note = None, f"{', '.join(layers_of(spec))}; cannot be used here: {error}"
    rows = [
        *_size_rows(size, note, False)[:1],
        ("licence", UNTRAINED_LICENCES.get(kind.name, OWN)),
        ("weights", "none: computed from the signal"),
    ]
    return paragraph(name, kind.name, rows)


def _declared_size(
    kind: Kind, spec: Spec, path: Path, known: Public | None
) -> tuple[Size | None, str]:
    """Return the size, or None and why it is not known."""
    if kind.module != "speech":
        demo = spec["weights"] == "demo"
        return face_size(kind.name, spec["demo"]["width"] if demo else PUBLIC_WIDTH), ""
    file = path / "config.json"
    if file.is_file():
        try:
            return speech_size(kind.name, json.loads(file.read_text(encoding="utf-8"))), ""
        except (ValueError, TypeError, KeyError) as error:
            return None, f"unknown, as {file} cannot be read ({error})"
    if known is not None and known.config is not None:
        return speech_size(kind.name, known.config), ""
    note = "unknown until the graph has made it" if spec["weights"] == "demo" else UNKNOWN
    return None, f"{layers_of(spec)[0]}..{layers_of(spec)[-1]}; dimensions {note}"


def _size_rows(size: Size | None, note: str, doubled: bool) -> Rows:
    if size is None:
        return [("layers", note), ("parameters", "unknown")]
    dims = {layer: dim * (2 if doubled else 1) for layer, dim in size.dims.items()}
    said = f"{layers_text(dims)}{', mean and deviation' if doubled else ''}"
    return [("layers", said), ("parameters", f"{size.parameters:,}")]


def _doubled(spec: Spec) -> bool:
    return bool(spec.get("statistics", "mean") == "mean_std")


def _licence(demo: bool, known: Public | None) -> str:
    if demo:
        return OWN
    return known.licence if known else "see where it comes from"


def _from(kind: Kind, repository: str | None, name: str | None) -> str:
    call = f"merflow encoders fetch{f' {name}' if name else ''}"
    if repository is not None:
        return f"https://{HUB}/{repository} (`{call}`)"
    if kind.name in ADDRESSES:
        return f"{ADDRESSES[kind.name]} (`{call}`)"
    if kind.name == "manet":
        return "https://github.com/zengqunzhao/MA-Net, by hand: its file lies on a cloud drive"
    return "a folder of your own"


def _state(path: Path, lacking: Sequence[str]) -> str:
    if not lacking:
        return f"found: {path}"
    if not path.exists():
        return f"not found: {path}"
    return f"not whole: {path} lacks {', '.join(lacking)}"


def _pinned(declared: Any, digest: str | None, lacking: bool, demo: bool) -> str:
    if declared is None and digest is None:
        return "not pinned" + (", made here" if demo else "")
    if digest is None:
        return f"pinned {declared}" + ("" if lacking else ", not compared (--sha256)")
    if declared is None:
        return f"not pinned, found {digest}"
    if declared == digest:
        return f"pinned {declared}, and the file has it"
    return f"pinned {declared}, BUT the file has {digest}"


def _hub_weights(public: Public) -> str:
    return f"{public.repository}@main"


def _yaml(text: str) -> str:
    return f'"{text}"' if set(text) & set("[]{}: ") else text


def file_to_digest(spec: Spec, path: Path | None) -> Path | None:
    """Return the weight file of an encoder of ``params.yaml`` if it is there."""
    module = kind_of(spec).module
    if path is None or absent(module, path):
        return None
    return weight_file(module, path)
