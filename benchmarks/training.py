"""What training costs: ours, and plain trainers that train one model at a time, in one run.

    python benchmarks/training.py [--part figure4 linear table1] [--quick] [--seeds N]
        [--equal-epochs N]

On a made-up table of MER2023's size (``training_table.py``): Figure 4 is 36 layers x 5 folds,
Table 1 is 10 systems x 5 folds x 3 seeds. Figures are CPU-seconds of one thread, child processes
counted.

* organisers': as the challenge's scripts train, 100 epochs, the selection fold and both tests
  scored after each.
* fair: the same with patience 10, tests scored once.
* ours, equal work: 100 epochs, none ends early.
* ours, same score: patience 10, the whole grid; linear (measured after Figure 4): closed form.

What is scaled: the plain sides are trained in full for 3 layers and one system, one fold each;
other widths and systems are timed for three epochs, and medians are multiplied by epochs (fair: its
mean number), layers, folds and seeds. Ours at equal work is timed for --equal-epochs with one seed,
all layers and systems, and multiplied. Ours with patience is not scaled.

The same score: out-of-fold Com, ours with patience against ours after 100 epochs (same draws) for
those 3 layers and that system in all folds, and against the organisers' on the one fold.
"""

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from plain_training import Model, Plain, run
from scipy.stats import spearmanr
from training_ours import (
    SYSTEMS,
    WIDTH,
    Reached,
    com,
    cpu_seconds,
    model_epochs,
    models,
    probe_task,
    settings,
    system_task,
    train,
    train_linear,
)
from training_table import FOLDS, WIDTHS, Table, small

from merflow.training.data import Dataset
from merflow.training.readings import READINGS
from merflow.training.runs import Task

PARTS = ["figure4", "linear", "table1"]
FULL_LAYERS = ("HL(18)", "RF(pooling)", "MR(block1)")
FULL_SYSTEM = "all_s3-jdev"
TIMED_EPOCHS = 3
TOLERANCE = 0.005
ASKED = {
    "figure4": {"equal": 5.0, "score": 60.0},
    "linear": {"score": 200.0},
    "table1": {"equal": 4.0, "score": 30.0},
}


@dataclass(frozen=True)
class Grid:
    """What is trained.

    Attributes:
        name: One of the parts.
        full: Names whose plain training is run in full.
        forms: A name for each form (width, system) that is timed, and how many items are like it.
        tasks: Ours, with patience.
        plain: Makes the dataset and the plain model of a name.
    """

    name: str
    full: Sequence[str]
    forms: Mapping[str, int]
    tasks: Sequence[Task]
    plain: Callable[[str], tuple[Dataset, Callable[[], Model]]]

    @property
    def copies(self) -> int:
        """Models of each item: folds by seeds."""
        return models(self.tasks) // len(self.tasks)


@dataclass(frozen=True)
class PlainSide:
    """What a plain side spends on the grid, and what it reached where it was run in full.

    Attributes:
        seconds: CPU-seconds for the whole grid, scaled.
        com: Com on fold 0 at the best epoch, by name.
        epochs: Mean epochs of a training.
    """

    seconds: float
    com: dict[str, float]
    epochs: float


def epochs_of(quick: bool) -> int:
    """Return the challenge's number of epochs, or few for a quick look."""
    return 4 if quick else 100


def figure4(table: Table, quick: bool, seeds: int) -> Grid:
    """Return the grid of Figure 4."""
    layers = list(WIDTHS)[::6] if quick else list(WIDTHS)
    layers = list(dict.fromkeys([*layers, *FULL_LAYERS]))
    data = {layer: table.dataset([layer]) for layer in layers}
    forms: dict[int, str] = {WIDTHS[layer]: layer for layer in FULL_LAYERS}
    for layer in layers:
        forms.setdefault(WIDTHS[layer], layer)
    alike = {name: sum(WIDTHS[layer] == width for layer in layers) for width, name in forms.items()}

    def plain(name: str) -> tuple[Dataset, Callable[[], Model]]:
        return data[name], lambda: Model({name: WIDTHS[name]}, WIDTH)

    how = settings(epochs=epochs_of(quick), seeds=list(range(seeds)))
    tasks = [probe_task(data[layer], how) for layer in layers]
    return Grid("figure4", FULL_LAYERS, alike, tasks, plain)


def table1(table: Table, quick: bool, seeds: int) -> Grid:
    """Return the grid of Table 1."""
    names = ["mr_rf-baseline", FULL_SYSTEM] if quick else list(SYSTEMS)
    groups = {SYSTEMS[name].features for name in names}
    data = {features: table.dataset(features) for features in groups}

    def plain(name: str) -> tuple[Dataset, Callable[[], Model]]:
        own = data[SYSTEMS[name].features]
        return own, lambda: SYSTEMS[name].plain(own)

    how = settings(epochs=epochs_of(quick), seeds=list(range(seeds)))
    tasks = [system_task(name, data[SYSTEMS[name].features], how) for name in names]
    return Grid("table1", (FULL_SYSTEM,), dict.fromkeys(names, 1), tasks, plain)


def plain_side(grid: Grid, epochs: int, patience: int | None) -> PlainSide:
    """Train in full what the grid names, time the rest, and print both."""
    print(f"{grid.name}, plain, {'organisers' if patience is None else 'fair'}, fold 0 held out")
    found: dict[str, Plain] = {}
    for name in sorted(grid.forms, key=lambda name: name not in grid.full):
        data, build = grid.plain(name)
        whole = name in grid.full
        one = found[name] = run(data, 0, build, epochs if whole else TIMED_EPOCHS, patience)
        count = len(one.com)
        parts = ", ".join(f"{part} {1e3 * s:.1f}" for part, s in one.each.items())
        told = ""
        if whole:
            told = f"; F1 {one.weighted_f1[one.best]:.3f}, Com {one.com[one.best]:.3f}"
            told += f" after {one.best + 1}"
        each = 1e3 * sum(one.each.values())
        print(f"  {name:18} {count:3} epochs, {each:6.1f} ms each ({parts}){told}", flush=True)
    mean = float(np.mean([len(found[name].com) for name in grid.full]))
    total = sum(count * found[name].scaled(mean) for name, count in grid.forms.items())
    reached = {name: max(found[name].com) for name in grid.full}
    return PlainSide(total * grid.copies, reached, mean)


def spent_on(work: Callable[[], list[Reached]]) -> tuple[float, list[Reached]]:
    """Return CPU-seconds and what was reached; print the time that passed."""
    start, began = cpu_seconds(), time.perf_counter()
    found = work()
    print(f"  ({time.perf_counter() - began:.1f} s passed)", flush=True)
    return cpu_seconds() - start, found


def compare(grid: Grid, given: argparse.Namespace) -> tuple[PlainSide, list[Reached]]:
    """Measure all sides of a grid and print them; return the organisers' and ours with patience."""
    epochs, count = epochs_of(given.quick), models(grid.tasks)
    theirs = plain_side(grid, epochs, None)
    fair = plain_side(grid, epochs, 10)
    print(f"{grid.name}: {len(grid.tasks)} items x {grid.copies} = {count} models")
    line("plain, organisers': scaled", theirs.seconds, epochs * count)
    line(f"plain, fair ({fair.epochs:.0f} epochs): scaled", fair.seconds, fair.epochs * count)
    if given.plain_only:
        return theirs, []
    scale = epochs / given.equal_epochs * grid.copies / FOLDS
    short, _ = ours_side(grid.tasks, given, epochs=given.equal_epochs, patience=None)
    equal = short * scale
    line(f"ours, equal work: {short:.1f} x {scale:.3g}", equal, epochs * count)
    ours, found = ours_side(grid.tasks, given)
    line("ours, patience 10", ours, model_epochs(found))
    whole = [task for task in grid.tasks if task.name in grid.full]
    _, after_all = ours_side(whole, given, epochs=epochs, patience=None)
    asked(grid.name, "equal", "equal work", theirs.seconds / equal)
    asked(grid.name, "score", "to the same score", theirs.seconds / ours)
    print(f"  against the fair side, same score: {fair.seconds / ours:.1f} x")
    same_score(found, after_all, theirs)
    return theirs, found


def ours_side(
    tasks: Sequence[Task], given: argparse.Namespace, **settings_of: object
) -> tuple[float, list[Reached]]:
    """Train tasks, with one seed and other settings if there are any; return what it cost."""
    if settings_of:
        tasks = [replace(task, candidates=[settings(**settings_of)]) for task in tasks]
    return spent_on(lambda: train(tasks, given.device, given.stack))


def line(side: str, seconds: float, trained: float) -> None:
    """Print what the whole grid costs a side, in all and for each of its model-epochs."""
    each = 1e3 * seconds / trained
    print(f"  {side:36} {seconds:9.1f} CPU-s  {each:7.2f} ms a model-epoch", flush=True)


def asked(part: str, kind: str, words: str, seen: float) -> None:
    """Print a line of the table: what is asked, what is seen."""
    print(f"  {words:36} asked >= {ASKED[part][kind]:.0f} x, seen {seen:.1f} x")


def same_score(found: Sequence[Reached], after_all: Sequence[Reached], theirs: PlainSide) -> None:
    """Print differences in out-of-fold Com."""
    seeds = {one.seed for one in after_all}
    names = {one.name for one in after_all}
    alike = [one for one in found if one.name in names and one.seed in seeds]
    for reading in READINGS:
        pairs = zip(com(alike, reading).values(), com(after_all, reading).values(), strict=True)
        gaps = [with_patience - without for with_patience, without in pairs]
        worst = max(map(abs, gaps))
        print(
            f"  Com ({reading}), patience 10 less all epochs, {len(gaps)} in all folds: mean "
            f"{np.mean(gaps):+.4f}, largest {worst:.4f}; asked <= {TOLERANCE}: "
            f"{'yes' if worst <= TOLERANCE else 'NO'}"
        )
    gaps = [float(one.com["organiser"][0]) - theirs.com[one.name] for one in alike]
    print(
        f"  Com (organiser), ours less plain, fold 0, {len(gaps)} of other initial weights: mean "
        f"{np.mean(gaps):+.4f}, spread {np.std(gaps):.4f}"
    )


def linear(grid: Grid, theirs: PlainSide, mlp: Sequence[Reached]) -> None:
    """Measure the closed-form probes of all layers and print how they rank them."""
    ours, found = spent_on(lambda: train_linear([task.data for task in grid.tasks]))
    print(f"linear: {len(found)} layers x {FOLDS} folds, {ours:.1f} CPU-s")
    asked("linear", "score", "against the organisers' MLP", theirs.seconds / ours)
    for reading in READINGS:
        one, other = com(found, reading), com(mlp, reading)
        ranked = spearmanr([one[name] for name in other], list(other.values()))
        print(f"  ranking against the MLP's ({reading}): asked > .95, seen {ranked.statistic:.3f}")


def main() -> None:
    """Measure the chosen parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--quick", action="store_true", help="400 clips, few items and epochs")
    parser.add_argument("--equal-epochs", type=int, default=30, help="timed of ours, equal work")
    parser.add_argument("--seeds", type=int, help="default: 1 for Figure 4, 3 for Table 1")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--stack", type=int, help="models side by side; default by device")
    parser.add_argument("--plain-only", action="store_true", help="leave our side out")
    given = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    table = small() if given.quick else Table()
    sizes = ", ".join(f"{name} {count}" for name, count in table.sizes)
    print(f"made-up table: {sizes} clips; width {WIDTH}, {torch.get_num_threads()} thread(s)")
    # What PyTorch sets up once is in no figure.
    run(small().dataset(["MR(stem)"]), 0, lambda: Model({"MR(stem)": 64}, WIDTH), 1)
    if "table1" in given.part:
        compare(table1(table, given.quick, given.seeds or (1 if given.quick else 3)), given)
    if {"figure4", "linear"} & set(given.part):
        grid = figure4(table, given.quick, given.seeds or 1)
        theirs, mlp = compare(grid, given)
        if "linear" in given.part and not given.plain_only:
            linear(grid, theirs, mlp)


if __name__ == "__main__":
    main()
