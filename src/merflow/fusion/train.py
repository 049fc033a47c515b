"""Training one declared system and writing its run folder."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from merflow.errors import MerflowError
from merflow.fusion.system import SystemSpec
from merflow.options import named
from merflow.storage.atomic import replacing
from merflow.training.cache import read_rows
from merflow.training.data import Dataset, Rows, join
from merflow.training.labels import read_labels
from merflow.training.runs import train_all
from merflow.training.spec import Spec
from merflow.training.threads import use_declared_threads
from merflow.training.trainer import Trajectories

AUGMENTATIONS = ("clean", "noise")


def train_system(
    spec: Spec,
    manifest: Path,
    folds: Path,
    features: Sequence[str],
    noise_features: Sequence[str],
    out: Path,
) -> None:
    """Train a system on every fold and seed, and write its run folder.

    Args:
        spec: Settings of the system.
        manifest: The corpus manifest.
        folds: The recorded folds.
        features: ``ENCODER=SHARD`` of clean clips.
        noise_features: ``ENCODER=SHARD`` of corrupted copies.
        out: Gets ``predictions-organiser.parquet``, ``predictions-honest.parquet``,
            ``curves.csv`` and ``weights.safetensors`` (the honest reading's epochs).

    Raises:
        MerflowError: Settings or inputs do not fit together.
    """
    use_declared_threads()
    system = SystemSpec.from_spec(spec)
    classes, valence = spec["classes"], bool(spec["valence"])
    labels = read_labels(manifest, folds, classes, valence, spec["tests"], spec["fold_count"])
    clean = read_rows(named(features, "--features"), system.features, "--features")
    data = join(labels, clean, _noise(spec, system, noise_features))
    print(f"system {spec['name']}, augmentation {spec['augmentation']}")
    print("\n".join(data.notes()), flush=True)
    tables, runs = train_all(
        data, lambda: system.build(data.dims), system.training, classes, valence
    )
    write_weights(out / "weights.safetensors", data, runs, spec["name"])
    tables.write(out, classes, valence)


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


def write_weights(path: Path, data: Dataset, runs: Sequence[Trajectories], name: str) -> None:
    """Write what is needed to predict: parameters and standardisation of each seed and fold.

    Tensors are called ``seed<s>/fold<f>/<parameter>`` and
    ``seed<s>/fold<f>/standardise/<feature>/{mean,std}``.
    """
    tensors: dict[str, Tensor] = {}
    for run in runs:
        for partition, state in zip(run.partitions, run.weights, strict=True):
            prefix = f"seed{run.seed}/fold{partition.fold}"
            tensors |= {f"{prefix}/{key}": value for key, value in state.items()}
            ends = np.cumsum(data.dims)[:-1]
            for kind in ("mean", "std"):
                parts = np.split(getattr(partition.standardiser, kind), ends)
                for feature, part in zip(data.features, parts, strict=True):
                    tensors[f"{prefix}/standardise/{feature}/{kind}"] = torch.from_numpy(
                        part.copy()
                    )
    # One key alone: the order of several is not fixed.
    about = {"system": json.dumps({"name": name, "features": list(data.features)})}
    with replacing(path) as temporary:
        save_file(dict(sorted(tensors.items())), temporary, metadata=about)
