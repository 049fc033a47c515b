"""How much there is to do: rows, seconds, numbers and bytes, as they follow from the settings."""

import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from merflow.doctor.case import Case
from merflow.encoders.registry import PRECOMPUTED, kind_of, parse_feature
from merflow.encoders.sources import hub_model
from merflow.encoders.stock.checkpoints import public_of
from merflow.encoders.stock.sizes import speech_size
from merflow.layout.runs import Run
from merflow.storage.npy import load_array

CROP = 112 * 112 * 3  # bytes
# Layer -> length of its vector, and parameters, at full size; a test counts them again.
FACE_NETWORKS = {
    "resnet50_ferplus": (
        {
            **{"1": 256, "2": 512, "3": 1024, "4": 2048},
            **{"pooling": 2048, "conv5_3_3x3_relu": 512},
        },
        23_524_424,
    ),
    "manet": (
        {
            **{"stem": 64, "layer1": 64, "layer2": 128, "block1": 512, "block2": 1024},
            **{"block1_local": 256, "block1_global": 256},
            **{"block2_local": 512, "block2_global": 512},
        },
        50_547_214,
    ),
}
FULL_WIDTH = 64
UNTRAINED = {"mfcc": {"mfcc": 80, "prosody": 33}, "hog": {"hog": 2592}}
UNTRAINED["egemaps"] = {"functionals": 88}
LARGE = (1024, 315_435_136)  # of a large speech network, where nothing is known of this one


@dataclass(frozen=True)
class Encoding:
    """What one encoder has to do and leaves behind.

    Attributes:
        name: As in HL(18).
        rows: Clips and copies, each of which gives a vector of every layer.
        seconds: Of all these clips.
        numbers: In the vectors of all layers of a row.
        parameters: Of the network; 0 without one.
        left: The share of it that no run before has done.
    """

    name: str
    rows: int
    seconds: float
    numbers: int
    parameters: int
    left: float

    @property
    def bytes(self) -> float:
        """Return the float32 bytes of all rows."""
        return 4.0 * self.rows * self.numbers


def encodings(case: Case) -> list[Encoding]:
    """Return what each encoder has to do; raises as :attr:`Case.lengths`."""
    return [_encoding(case, name) for name in case.config["features"]["encoders"]]


def _encoding(case: Case, name: str) -> Encoding:
    spec, layout = case.config["features"]["encoders"][name], case.layout
    conditions = [kind for own, kind in layout.conditions(augmentations(case)) if own == name]
    rows = sum(rows_of(case, condition) for condition in conditions)
    shards = [path for kind in conditions for path in layout.feature_shards(name, kind)]
    weights = layout.weights(name)
    dims, parameters = size_of(spec, None if weights is None else Path(weights))
    return Encoding(
        name,
        rows,
        rows * case.lengths.mean_s,
        sum(dims.values()),
        parameters,
        missing_share(shards),
    )


def augmentations(case: Case) -> list[str]:
    """Return ``clean``, and ``noise`` if any run wants it."""
    return sorted({"clean", *(run.augmentation for run in case.layout.runs.values())})


def rows_of(case: Case, kind: str) -> int:
    """Return the clips (``clean``), the corrupted copies of training clips (``noise``), or those
    of a test split at fixed SNRs."""
    if kind == "clean":
        return sum(case.counts.values())
    if kind == "noise":
        return int(case.counts["train"] * case.config["noise"]["copies"])
    told = case.config["report"]["robustness"]
    return int(case.counts[told["split"]] * len(told["snr"]))


def size_of(spec: Mapping[str, Any], weights: Path | None) -> tuple[dict[str, int], int]:
    """Return the length of each layer's vector, and the parameters.

    Args:
        spec: The encoder's settings.
        weights: Where its checkpoint lies; a speech network's own settings are read if there.
    """
    if spec["architecture"] == PRECOMPUTED:
        return {layer: _length(Path(folder)) for layer, folder in spec["folders"].items()}, 0
    kind, twice = kind_of(spec), 2 if spec.get("statistics") == "mean_std" else 1
    if not kind.trained:
        return UNTRAINED[kind.name], 0
    demo = spec["demo"]["width"] if spec["weights"] == "demo" else None
    if kind.name in FACE_NETWORKS:
        dims, parameters = FACE_NETWORKS[kind.name]
        share = 1.0 if demo is None else demo / FULL_WIDTH
        scaled = {layer: round(twice * dim * share) for layer, dim in dims.items()}
        return scaled, round(parameters * share**2)
    if demo is None:
        hidden, parameters = _speech(kind.name, str(spec["weights"]), weights)
    else:
        hidden = demo
        parameters = round(LARGE[1] * (demo / LARGE[0]) ** 2)
    return {layer: twice * hidden for layer in kind.layers(spec)}, parameters


def _speech(architecture: str, named: str, folder: Path | None) -> tuple[int, int]:
    """Return width and parameters of a speech network by its own settings, or by what is public."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        config = json.loads((folder or Path()).joinpath("config.json").read_text(encoding="utf-8"))
        return int(config["hidden_size"]), speech_size(architecture, config).parameters
    public = public_of(architecture, (hub_model(named) or (None,))[0])
    if public is None or public.config is None:
        return LARGE
    return int(public.config["hidden_size"]), speech_size(architecture, public.config).parameters


def _length(folder: Path) -> int:
    """Return the length of the vectors in a folder of features; 0 if it cannot be told."""
    first = next(folder.glob("*.npy"), None) if folder.is_dir() else None
    with suppress(OSError, ValueError, IndexError):
        if first is not None:
            return int(load_array(first, mapped=True).shape[-1])
    return 0


def missing_share(paths: Iterable[str]) -> float:
    """Return the share of some outputs that is not there yet."""
    there = [Path(path).exists() for path in paths]
    return there.count(False) / len(there) if there else 0.0


def crops_left(case: Case) -> float:
    """Return the share of the crops that no run before has made."""
    layout = case.layout
    if not layout.needs_faces:
        return 0.0
    return missing_share(f"{layout.faces}/crops-{shard}.safetensors" for shard in layout.shards())


def faces_seen(case: Case) -> float:
    """Return the pictures of all clips that are looked at, as if each had a face.

    Pictures that somebody else has cut out are taken to be one a frame.
    """
    faces = case.config["faces"]
    return case.lengths.frames(None if faces["backend"] == "precropped" else faces["fps"])


def trained_runs(case: Case) -> dict[str, Run]:
    """Return every run that is trained, those in folds by speaker among them, by its folder."""
    layouts = case.layout.trained.values()
    return {name: run for layout in layouts for name, run in layout.runs.items()}


def training_rows(case: Case, run: Run) -> int:
    """Return the rows that a run trains on, its corrupted copies among them."""
    copies = rows_of(case, "noise") if run.augmentation == "noise" else 0
    return case.counts["train"] + copies


def run_numbers(case: Case, run: Run) -> int:
    """Return the numbers in the features of a row, which is what its alignments take in."""
    total = 0
    for feature in run.system["features"]:
        name, layer = parse_feature(feature)
        weights = case.layout.weights(name)
        spec = case.config["features"]["encoders"][name]
        total += size_of(spec, None if weights is None else Path(weights))[0].get(layer, 0)
    return total


def choices(training: Mapping[str, Any]) -> int:
    """Return how many combinations the lists among the settings give, all of which are trained."""
    lists = [training[key] for key in ("learning_rate", "width", "dropout")]
    return math.prod(len(value) if isinstance(value, list) else 1 for value in lists)


def widest(training: Mapping[str, Any]) -> int:
    """Return the greatest width among the choices."""
    width = training["width"]
    return int(max(width) if isinstance(width, list) else width)
