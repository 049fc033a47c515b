"""Training declared systems and writing their run folders."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from merflow.errors import MerflowError
from merflow.fusion.system import SystemSpec
from merflow.options import named
from merflow.progress import Progress
from merflow.training.cache import read_rows
from merflow.training.data import Dataset, Rows, join
from merflow.training.labels import read_labels
from merflow.training.runs import RunTables, link_weights, train_all
from merflow.training.spec import Spec
from merflow.training.store import TrainingStore, recipe_of
from merflow.training.threads import use_declared_threads
from merflow.training.trainer import Trajectories

AUGMENTATIONS = ("clean", "noise")


def train_systems(
    runs: Mapping[str, Spec],
    manifest: Path,
    folds: Path,
    features: Sequence[str],
    noise_features: Sequence[str],
    store: Path,
    out: Path,
) -> None:
    """Train several systems on every fold and seed, and write their run folders.

    Args:
        runs: Settings of each system by the name of its run folder.
        manifest: The corpus manifest.
        folds: The recorded folds.
        features: ``ENCODER=SHARD`` of clean clips.
        noise_features: ``ENCODER=SHARD`` of corrupted copies.
        store: Where finished seeds are kept.
        out: The run folders' parent. Each gets ``predictions-organiser.parquet``,
            ``predictions-honest.parquet``, ``curves.csv`` and for each seed
            ``weights-seed<s>.safetensors`` (the honest reading's epochs).

    Raises:
        MerflowError: Settings or inputs do not fit together.
    """
    use_declared_threads()
    systems = {name: SystemSpec.from_spec(spec) for name, spec in runs.items()}
    seeds = sum(len(system.training.seeds) for system in systems.values())
    progress = Progress(f"training {len(systems)} systems", seeds, "seeds")
    for name, system in systems.items():
        spec = runs[name]
        classes, valence = spec["classes"], bool(spec["valence"])
        labels = read_labels(manifest, folds, classes, valence, spec["tests"], spec["fold_count"])
        clean = read_rows(named(features, "--features"), system.features, "--features")
        data = join(labels, clean, _noise(spec, system, noise_features))
        print(f"system {spec['name']}, augmentation {spec['augmentation']}")
        print("\n".join(data.notes()), flush=True)
        tables = RunTables()
        parts = train_all(
            data,
            partial(system.build, data.dims),
            system.training,
            classes,
            valence,
            TrainingStore(store, recipe_of(spec, data, "merflow.fusion")),
            progress,
            partial(weights_of, data, spec["name"]),
        )
        for part in parts:
            tables.add(part)
        link_weights(parts, system.training.seeds, out / name)
        tables.write(out / name, classes, valence)


def _noise(spec: Spec, system: SystemSpec, options: Sequence[str]) -> dict[str, Rows] | None:
    """Read the corrupted copies, which are given if and only if they are asked for."""
    if spec["augmentation"] not in AUGMENTATIONS:
        raise MerflowError(
            f"the setting 'augmentation' is {spec['augmentation']!r}: set it to one of "
            f"{', '.join(AUGMENTATIONS)}"
        )
    if spec["augmentation"] == "clean":
        if options:
            raise MerflowError(
                "--noise-features are given, but the setting 'augmentation' is 'clean': drop the "
                "option or set it to 'noise'"
            )
        return None
    return read_rows(named(options, "--noise-features"), system.features, "--noise-features")


def weights_of(
    data: Dataset, name: str, run: Trajectories
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return what is needed to predict: parameters and standardisation of each fold.

    Tensors are called ``fold<f>/<parameter>`` and ``fold<f>/standardise/<feature>/{mean,std}``.
    """
    tensors: dict[str, Tensor] = {}
    ends = np.cumsum(data.dims)[:-1]
    for partition, state in zip(run.partitions, run.weights, strict=True):
        prefix = f"fold{partition.fold}"
        tensors |= {f"{prefix}/{key}": value for key, value in state.items()}
        for kind in ("mean", "std"):
            parts = np.split(getattr(partition.standardiser, kind), ends)
            for feature, part in zip(data.features, parts, strict=True):
                name_of = f"{prefix}/standardise/{feature}/{kind}"
                tensors[name_of] = torch.from_numpy(part.copy())
    about = {"name": name, "features": list(data.features), "seed": run.seed}
    return tensors, {"system": json.dumps(about)}
