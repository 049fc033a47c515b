"""From datasets to finished seeds: what is not kept is trained, stack by stack."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from merflow.errors import MerflowError
from merflow.progress import Progress
from merflow.storage.digest import settings_digest
from merflow.training.chosen import Chosen, choose_parts
from merflow.training.data import Dataset
from merflow.training.engine.checkpoint import Checkpoint
from merflow.training.engine.plan import Engine
from merflow.training.engine.stack import Diverged, Form, Stack, Trajectories
from merflow.training.engine.tables import Source, Tables
from merflow.training.engine.watch import CrossValidation
from merflow.training.network import Build
from merflow.training.predictions import predictions_of
from merflow.training.readings import HONEST, ORGANISER, READINGS
from merflow.training.spec import Training
from merflow.training.store import Part, Trained, TrainingStore

# Tensors of a finished seed and what to say of them in the file.
Weights = Callable[[Trajectories], tuple[dict[str, Tensor], dict[str, str]]]


@dataclass(frozen=True)
class Task:
    """One system, or the probe of one layer, to be trained on every seed.

    Attributes:
        name: What to call it in the log and in errors.
        data: Clips, labels and features; one object for all tasks that share it.
        candidates: The settings to choose from; one where nothing is left open.
        build: Makes the untrained stacks of given settings.
        form: Digest of what makes two tasks' networks and losses the same but for their numbers.
        recipe: Digest of what decides the training with given settings.
        classes: Names of the classes.
        valence: Whether there is a valence head.
        com: Whether epochs and settings are chosen by Com; else by weighted F1.
        section: Of ``params.yaml`` with its settings, for errors.
        weights: What to keep of the models; None keeps nothing.
    """

    name: str
    data: Dataset
    candidates: Sequence[Training]
    build: Callable[[Training], Build]
    form: str
    recipe: Callable[[Training], str]
    classes: tuple[str, ...]
    valence: bool
    com: bool
    section: str
    weights: Weights | None = None


@dataclass(frozen=True)
class _Cell:
    """One task with one choice of settings and one seed: a cross-validation."""

    task: Task
    how: Training
    seed: int
    store: TrainingStore
    source: Source

    @property
    def form(self) -> str:
        """What tells its stack from others."""
        return settings_digest([self.task.form, self.task.data.dims, self.how.settings()])

    def member(self) -> CrossValidation:
        """Return it as the engine takes it."""
        name = f"{self.task.name}, recipe {self.store.recipe}"
        return CrossValidation(name, self.source, self.seed, self.task.classes, self.task.com)


def train_tasks(
    tasks: Sequence[Task], folder: Path, engine: Engine, progress: Progress
) -> list[list[Chosen]]:
    """Train every seed of every task that is not kept; return each task's seeds in order.

    Args:
        tasks: What to train.
        folder: Where finished seeds are kept.
        engine: Device and size of stacks.
        progress: Counts the seeds of all tasks and choices.

    Raises:
        MerflowError: A model diverged; the others are trained and kept all the same.
    """
    cells = _cells(tasks, folder)
    parts: dict[tuple[str, int], Part] = {}
    lost: dict[tuple[str, int], tuple[_Cell, Diverged]] = {}
    for cell in cells:
        kept = cell.store.find(cell.seed)
        if kept is not None:
            print(f"{cell.task.name}, seed {cell.seed}: kept from before", flush=True)
            parts[cell.store.recipe, cell.seed] = kept
            progress.add()
    alike = Counter((cell.store.recipe, cell.seed) for cell in cells)
    tables: list[Tables] = []
    for stack in _stacks(cells, engine):
        missing = [cell for cell in stack if (cell.store.recipe, cell.seed) not in parts]
        checkpoint = Checkpoint(folder / "unfinished" / f"{_identity(stack)}.safetensors")
        if not missing:
            checkpoint.remove()
            continue
        progress.begin(len(missing))
        for cell, result in _train(missing, engine, tables, checkpoint):
            if isinstance(result, Diverged):
                lost[cell.store.recipe, cell.seed] = cell, result
                print(_told(cell, result), flush=True)
            else:
                part = cell.store.put(cell.seed, _finished(cell, result))
                parts[cell.store.recipe, cell.seed] = part
            progress.add(alike[cell.store.recipe, cell.seed])
    return _collect(tasks, cells, parts, lost)


def _cells(tasks: Sequence[Task], folder: Path) -> list[_Cell]:
    sources: dict[tuple[int, str], Source] = {}
    cells = []
    for task in tasks:
        for how in task.candidates:
            source = sources.setdefault(
                (id(task.data), how.selection), Source(task.data, how.selection)
            )
            store = TrainingStore(folder, task.recipe(how))
            cells += [_Cell(task, how, seed, store, source) for seed in how.seeds]
    return cells


def _stacks(cells: Sequence[_Cell], engine: Engine) -> Iterator[list[_Cell]]:
    """Give the cells that train together: equal ones in form, as they are listed."""
    forms: dict[str, dict[tuple[str, int], _Cell]] = {}
    for cell in cells:
        # Two systems that are the same but for their names are trained once.
        forms.setdefault(cell.form, {}).setdefault((cell.store.recipe, cell.seed), cell)
    for alike in forms.values():
        own = list(alike.values())
        size = engine.members(own[0].task.data.dims, own[0].how.width, own[0].source.folds)
        for start in range(0, len(own), size):
            yield own[start : start + size]


def _identity(stack: Sequence[_Cell]) -> str:
    return settings_digest([[cell.store.recipe, cell.seed] for cell in stack])[:32]


def _train(
    cells: Sequence[_Cell], engine: Engine, tables: list[Tables], checkpoint: Checkpoint
) -> Iterator[tuple[_Cell, Trajectories | Diverged]]:
    """Train one stack; ``tables`` holds those of the stack before, which may serve again."""
    first = cells[0]
    sources = list({id(cell.source): cell.source for cell in cells}.values())
    precision = first.how.precision
    if not tables or not tables[0].serves(sources, precision):
        tables.clear()
        tables.append(Tables(sources, engine.place(), precision))
    form = Form(first.task.build(first.how), first.how)
    members = [cell.member() for cell in cells]
    of_member = {id(member): cell for member, cell in zip(members, cells, strict=True)}
    try:
        for member, result in Stack(form, members, tables[0], checkpoint).run():
            yield of_member[id(member)], result
    except torch.cuda.OutOfMemoryError as error:
        raise MerflowError(
            f"the GPU has no room for {len(members) * first.source.folds} models at once: set "
            "probes.stack and fusion.stack to fewer"
        ) from error


def _finished(cell: _Cell, run: Trajectories) -> Trained:
    """Take both readings of a cross-validation."""
    task = cell.task
    told = ", ".join(
        f"{run.kept[ORGANISER][f] + 1}/{run.kept[HONEST][f] + 1}"
        for f in range(len(run.partitions))
    )
    print(
        f"{task.name}, seed {cell.seed}: {run.criterion.shape[1]} epochs; kept by fold, "
        f"organiser/honest: {told}",
        flush=True,
    )
    predictions = {
        reading: predictions_of(task.data, run, reading, task.classes, task.valence)
        for reading in READINGS
    }
    curves = pd.DataFrame(run.curves).sort_values(["seed", "fold", "epoch"], ignore_index=True)
    tensors, about = task.weights(run) if task.weights else ({}, {})
    return Trained(predictions, curves, tensors, about)


def _collect(
    tasks: Sequence[Task],
    cells: Sequence[_Cell],
    parts: dict[tuple[str, int], Part],
    lost: dict[tuple[str, int], tuple[_Cell, Diverged]],
) -> list[list[Chosen]]:
    found, failed = [], []
    for task in tasks:
        own = [cell for cell in cells if cell.task is task]
        seeds = dict.fromkeys(cell.seed for cell in own)
        chosen = []
        for seed in seeds:
            there = [
                (cell.how, parts[cell.store.recipe, seed])
                for cell in own
                if cell.seed == seed and (cell.store.recipe, seed) in parts
            ]
            if there:
                chosen.append(choose_parts(seed, there, len(task.candidates) > 1))
            else:
                failed += [
                    _told(cell, lost[cell.store.recipe, seed][1])
                    for cell in own
                    if cell.seed == seed
                ]
        found.append(chosen)
    if failed:
        raise MerflowError(
            f"{'; '.join(failed)}: lower {tasks[0].section}.training.learning_rate, or list a "
            "lower one beside it; what else there is to train is trained and kept"
        )
    return found


def _told(cell: _Cell, lost: Diverged) -> str:
    finite = math.isfinite(lost.loss)
    what = "a prediction is not finite" if finite else f"its loss became {lost.loss}"
    return (
        f"the model of {cell.task.name}, seed {cell.seed}, fold {lost.fold} (the first) diverged "
        f"in epoch {lost.epoch} at the learning rate {cell.how.learning_rate} ({what})"
    )
