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
from merflow.storage.digest import settings_digest
from merflow.threads import fix_torch_threads
from merflow.training.cache import read_rows
from merflow.training.data import Dataset, Rows, join
from merflow.training.engine.plan import Engine
from merflow.training.engine.stack import Trajectories
from merflow.training.labels import read_labels
from merflow.training.network import Build
from merflow.training.run_tables import RunTables
from merflow.training.runs import Task, train_tasks
from merflow.training.spec import Spec, Training
from merflow.training.store import recipe_of

AUGMENTATIONS = ("clean", "noise")


def train_systems(
    runs: Mapping[str, Spec],
    manifest: Path,
    folds: Path,
    features: Sequence[str],
    noise_features: Sequence[str],
    engine: Engine,
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
        engine: Device and size of stacks.
        store: Where finished seeds are kept.
        out: The run folders' parent. Each gets ``predictions-organiser.parquet``,
            ``predictions-honest.parquet``, ``curves.csv`` and for each seed
            ``weights-seed<s>.safetensors`` (the honest reading's epochs).

    Raises:
        MerflowError: Settings or inputs do not fit together, or a model diverged.
    """
    fix_torch_threads()
    systems = {name: SystemSpec.from_spec(spec) for name, spec in runs.items()}
    reader = Reader(manifest, folds, features, noise_features)
    tasks = []
    for name, system in systems.items():
        spec = runs[name]
        data = reader.dataset(spec, system)
        print(f"system {spec['name']}, augmentation {spec['augmentation']}")
        print("\n".join(data.notes()), flush=True)
        tasks.append(
            Task(
                name=f"{spec['name']}, {spec['augmentation']}",
                data=data,
                candidates=system.candidates,
                build=partial(_form, system, data),
                form=settings_digest({**spec, "name": None, "training": None}),
                recipe=partial(_recipe, spec, data),
                classes=tuple(spec["classes"]),
                valence=bool(spec["valence"]),
                com=bool(spec["com"]),
                section="fusion",
                weights=partial(weights_of, data),
            )
        )
    seeds = sum(len(how.seeds) for task in tasks for how in task.candidates)
    progress = Progress(f"training {len(systems)} systems", seeds, "seeds")
    trained = train_tasks(tasks, store, engine, progress)
    for name, task, seeds_of in zip(runs, tasks, trained, strict=True):
        tables = RunTables()
        for seed in seeds_of:
            tables.add(seed)
            seed.write_weights(out / name / f"weights-seed{seed.seed}.safetensors")
        tables.write(out / name, task.classes, task.valence)


class Reader:
    """Reads labels and features once for all systems of a job."""

    def __init__(
        self, manifest: Path, folds: Path, features: Sequence[str], noise_features: Sequence[str]
    ):
        """Take in where they lie; nothing is read yet."""
        self.manifest, self.folds = manifest, folds
        self.clean, self.noise = (
            _Rows(features, "--features"),
            _Rows(noise_features, "--noise-features"),
        )
        self._read: dict[str, Dataset] = {}

    def dataset(self, spec: Spec, system: SystemSpec) -> Dataset:
        """Return what a system trains on; the same object for systems that share it."""
        keys = ("features", "augmentation", "classes", "valence", "tests", "fold_count")
        name = settings_digest({key: spec[key] for key in keys})
        if name not in self._read:
            labels = read_labels(
                self.manifest,
                self.folds,
                spec["classes"],
                bool(spec["valence"]),
                spec["tests"],
                spec["fold_count"],
            )
            noise = self._noise(spec, system)
            self._read[name] = join(labels, self.clean.of(system.features), noise)
        return self._read[name]

    def _noise(self, spec: Spec, system: SystemSpec) -> dict[str, Rows] | None:
        """Return the corrupted copies, which are given if and only if they are asked for."""
        if spec["augmentation"] not in AUGMENTATIONS:
            raise MerflowError(
                f"the setting 'augmentation' is {spec['augmentation']!r}: set it to one of "
                f"{', '.join(AUGMENTATIONS)}"
            )
        if spec["augmentation"] == "noise":
            return self.noise.of(system.features)
        if self.noise.shards:
            raise MerflowError(
                "--noise-features are given, but the setting 'augmentation' is 'clean': drop the "
                "option or set it to 'noise'"
            )
        return None


class _Rows:
    """Rows of features as they are asked for, each layer read once."""

    def __init__(self, shards: Sequence[str], option: str):
        self.shards, self.option = named(shards, option), option
        self._read: dict[tuple[str, str], Rows] = {}

    def of(self, features: Mapping[str, tuple[str, str]]) -> dict[str, Rows]:
        new = {name: pair for name, pair in features.items() if pair not in self._read}
        read = read_rows(self.shards, new, self.option)
        self._read |= {new[name]: rows for name, rows in read.items()}
        return {name: self._read[pair] for name, pair in features.items()}


def _form(system: SystemSpec, data: Dataset, how: Training) -> Build:
    return partial(system.build, data.dims, how)


def _recipe(spec: Spec, data: Dataset, how: Training) -> str:
    return recipe_of(spec, how, data, "merflow.fusion")


def weights_of(data: Dataset, run: Trajectories) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return what is needed to predict: parameters and standardisation of each fold.

    Tensors are called ``fold<f>/<parameter>`` and ``fold<f>/standardise/<feature>/{mean,std}``.
    What the system is called is not told: systems that are alike share their finished seeds.
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
    about = {"features": list(data.features), "seed": run.seed}
    return tensors, {"system": json.dumps(about)}
