"""Our side of the benchmarks of training: what is trained, and the calls into the engine.

Only :func:`train` and :func:`train_linear` call the engine.
"""

import io
import resource
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from plain_training import Model
from training_table import CLASSES, FOLDS

from merflow.fusion.system import SystemSpec
from merflow.fusion.train import weights_of
from merflow.probes.linear import linear_probe
from merflow.probes.network import probe
from merflow.progress import Progress
from merflow.storage.digest import settings_digest
from merflow.training.data import Dataset
from merflow.training.engine.plan import Engine
from merflow.training.losses import SumLoss
from merflow.training.network import Build
from merflow.training.readings import READINGS, keep
from merflow.training.runs import Task, train_tasks
from merflow.training.scores import score
from merflow.training.spec import Training

WIDTH = 128
HL, MR, RF = ("HL(18)", "HL(19)", "HL(20)"), "MR(block2)", "RF(pooling)"
SETTINGS = {
    "width": WIDTH,
    "dropout": 0.3,
    "epochs": 100,
    "patience": 10,
    "batch": 32,
    "learning_rate": 1e-3,
    "weight_decay": 1e-5,
    "selection": "folds",
    "precision": "float32",
    "seeds": [0],
}


@dataclass(frozen=True)
class System:
    """A column of Table 1: strategy and decoder of some features."""

    features: tuple[str, ...]
    strategy: int
    joint: bool

    def plain(self, data: Dataset) -> Model:
        """Return the plain model."""
        dims = dict(zip(data.features, data.dims, strict=True))
        return Model(dims, WIDTH, self.strategy, self.joint)

    def spec(self, name: str, how: Training) -> dict[str, Any]:
        """Return its settings as ``merflow fusion train`` takes them."""
        return {
            "name": name,
            "features": list(self.features),
            "modalities": {"HL": "audio", "MR": "visual", "RF": "visual"},
            "strategy": self.strategy,
            "decoder": "jdev" if self.joint else "baseline",
            "loss": "paper" if self.joint else "sum",
            "classes": list(CLASSES),
            "valence": True,
            "com": True,
            "afg": {"scores": "vector", "shared": False},
            "jdev": {"delta_init": 1.0, "branch_input": "probabilities"},
            "training": how.settings() | {"seeds": list(how.seeds)},
        }


ALL = (*HL, MR, RF)
_COLUMNS = {"mr_rf": ((MR, RF), 1), "hl": (HL, 1), **{f"all_s{s}": (ALL, s) for s in (1, 2, 3)}}
SYSTEMS = {
    f"{name}-{'jdev' if joint else 'baseline'}": System(features, strategy, joint)
    for name, (features, strategy) in _COLUMNS.items()
    for joint in (False, True)
}
"""The ten systems of Table 1."""


@dataclass(frozen=True)
class Reached:
    """What one layer or system reached with one seed.

    Attributes:
        name: Of the layer or system.
        seed: Training seed.
        epochs: How many its models trained.
        com: For each of the readings Com on each held-out fold.
    """

    name: str
    seed: int
    epochs: int
    com: dict[str, np.ndarray]


def settings(**changed: object) -> Training:
    """Return the settings of the benchmark, some of them changed."""
    return Training.from_spec({"training": SETTINGS | changed})


def probe_task(data: Dataset, how: Training) -> Task:
    """Return one layer of Figure 4 as ``merflow probes train`` would train it."""
    (name,), (dim,) = data.features, data.dims

    def form(chosen: Training) -> Build:
        return lambda models: (probe(models, dim, chosen.width, len(CLASSES), True), SumLoss())

    return _task(name, data, how, form, ["probe"])


def system_task(name: str, data: Dataset, how: Training) -> Task:
    """Return one system of Table 1 as ``merflow fusion train`` would train it."""
    spec = SYSTEMS[name].spec(name, how)
    system = SystemSpec.from_spec(spec)

    def form(chosen: Training) -> Build:
        return partial(system.build, data.dims, chosen)

    told = [system.settings[key] for key in ("features", "strategy", "decoder", "loss")]
    return replace(_task(name, data, how, form, told), weights=partial(weights_of, data))


def _task(
    name: str, data: Dataset, how: Training, form: Callable[[Training], Build], told: list[Any]
) -> Task:
    def recipe(chosen: Training) -> str:
        return settings_digest([name, chosen.settings(), data.digest])

    told_digest = settings_digest(told)
    return Task(name, data, [how], form, told_digest, recipe, CLASSES, True, True, "fusion")


def train(tasks: Sequence[Task], device: str, stack: int | None) -> list[Reached]:
    """Train every task in every fold and seed as the graph does it, files and all."""
    silent = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(silent):
        progress = Progress("benchmark", len(tasks), "seeds")
        trained = train_tasks(tasks, Path(folder), Engine(device, stack), progress)
        return [
            _reached(task.name, seed.seed, seed.curves(), task.candidates[0].patience)
            for task, seeds in zip(tasks, trained, strict=True)
            for seed in seeds
        ]


def _reached(name: str, seed: int, curves: pd.DataFrame, patience: int | None) -> Reached:
    """Return what the learning curves say."""
    criterion = curves.pivot_table(index="fold", columns="epoch", values="com").to_numpy()
    folds, epochs = criterion.shape
    kept = {reading: keep(reading, criterion, None, patience) for reading in READINGS}
    reached = {reading: criterion[range(folds), epoch] for reading, epoch in kept.items()}
    return Reached(name, seed, epochs, reached)


def train_linear(data: Sequence[Dataset]) -> list[Reached]:
    """Fit the closed-form probes of every layer, all folds and penalties."""
    found = []
    for one in data:
        fitted = linear_probe(one, CLASSES, True, 0)
        said = {reading: fitted.predictions(reading) for reading in READINGS}
        (name,) = one.features
        found.append(Reached(name, 0, 0, {r: _by_fold(one, said[r]) for r in READINGS}))
    return found


def _by_fold(data: Dataset, said: pd.DataFrame) -> np.ndarray:
    """Return Com of each fold's out-of-fold predictions."""
    rows = {clip: row for row, clip in enumerate(data.labels.clips)}
    found = []
    for _, own in said.groupby("fold"):
        chosen = [rows[clip] for clip in own["clip"]]
        probabilities = own[[f"p_{name}" for name in CLASSES]].to_numpy()
        emotion, valence = data.labels.emotion[chosen], data.labels.valence[chosen]
        found.append(score(emotion, probabilities, valence, own["valence"], CLASSES).com)
    return np.array(found)


def com(found: Sequence[Reached], reading: str) -> dict[str, float]:
    """Return out-of-fold Com by name: mean over folds, then seeds."""
    by_name: dict[str, list[float]] = {}
    for one in found:
        by_name.setdefault(one.name, []).append(float(one.com[reading].mean()))
    return {name: float(np.mean(values)) for name, values in by_name.items()}


def model_epochs(found: Sequence[Reached]) -> int:
    """Return how many epochs all models trained together."""
    return sum(one.epochs * FOLDS for one in found)


def models(tasks: Sequence[Task]) -> int:
    """Return how many models the tasks are."""
    return sum(len(how.seeds) * FOLDS for task in tasks for how in task.candidates)


def cpu_seconds() -> float:
    """Return the CPU-seconds of this process and of the ended processes that it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
