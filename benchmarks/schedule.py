"""Score against cost of larger batches: out-of-fold Com (honest) and CPU-seconds.

    python benchmarks/schedule.py [--quick] [--seeds 3] [--demo results]

Batches of 32 (the challenge's), 64 and 128, the learning rate as it is and multiplied with the
batch, on two systems and one layer of the made-up table (``training_table.py``), and on the demo's
systems if the folder given as --demo holds the demo's corpus and features. Patience 10 everywhere.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from training_ours import (
    SETTINGS,
    SYSTEMS,
    com,
    cpu_seconds,
    model_epochs,
    probe_task,
    settings,
    system_task,
    train,
)
from training_table import CLASSES, FOLDS, Table, small

from merflow.encoders.registry import parse_feature
from merflow.training.cache import read_rows
from merflow.training.data import Dataset, join
from merflow.training.labels import read_labels
from merflow.training.runs import Task

BATCHES = (32, 64, 128)
NAMES = ("HL(18)", "hl-baseline", "all_s1-baseline", "all_s3-jdev")
Read = Callable[[Sequence[str]], Dataset]


def schedules() -> list[tuple[int, float]]:
    """Return batch and learning rate of each schedule; the challenge's first."""
    rate = float(SETTINGS["learning_rate"])
    found = [(batch, rate) for batch in BATCHES]
    return found + [(batch, rate * batch / 32) for batch in BATCHES if batch > 32]


def demo(folder: Path) -> Read | None:
    """Return what reads features of the demo's clips, or None where the folder has none."""
    corpora = sorted(folder.glob("corpus/demo-*/manifest.csv"))
    shards = {
        name: sorted(folder.glob(f"features/{name}-*/clean/demo-*/*.safetensors"))
        for name in ("HL", "MR", "RF")
    }
    if len(corpora) != 1 or not all(shards.values()):
        return None
    (manifest,) = corpora
    (folds,) = manifest.parent.glob("folds-*.csv")
    labels = read_labels(manifest, folds, CLASSES, True, ["test1", "test2"], FOLDS)

    def read(features: Sequence[str]) -> Dataset:
        pairs = {name: parse_feature(name) for name in features}
        return join(labels, read_rows(shards, pairs, "--demo"))

    return read


def tasks_of(read: Read, names: Sequence[str]) -> list[Task]:
    """Return the tasks of layers and systems."""
    how, found = settings(), []
    for name in names:
        if name in SYSTEMS:
            found.append(system_task(name, read(SYSTEMS[name].features), how))
        else:
            found.append(probe_task(read([name]), how))
    return found


def compare(title: str, read: Read, given: argparse.Namespace) -> None:
    """Train with every schedule and print scores and costs."""
    tasks = tasks_of(read, NAMES[:2] if given.quick else NAMES)
    seeds = list(range(given.seeds))
    print(f"{title}: {', '.join(task.name for task in tasks)}; {FOLDS} folds x {len(seeds)} seeds")
    print("  batch      rate   epochs   CPU-s   x 32's   honest Com, then less batch 32's")
    first: tuple[float, dict[str, float]] | None = None
    for batch, rate in schedules():
        how = settings(batch=batch, learning_rate=rate, seeds=seeds, epochs=given.epochs)
        start = cpu_seconds()
        found = train([replace(task, candidates=[how]) for task in tasks], "cpu", None)
        spent, reached = cpu_seconds() - start, com(found, "honest")
        first = first or (spent, reached)
        epochs = model_epochs(found) / (len(tasks) * len(seeds) * FOLDS)
        told = "  ".join(
            f"{value:.4f} {value - first[1][name]:+.4f}" for name, value in reached.items()
        )
        mean = np.mean([value - first[1][name] for name, value in reached.items()])
        print(
            f"  {batch:5} {rate:9.4f} {epochs:8.1f} {spent:7.1f} {spent / first[0]:8.2f}   "
            f"{told}  mean {mean:+.4f}",
            flush=True,
        )


def main() -> None:
    """Compare schedules on the made-up table and on the demo."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="400 clips, two models")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--demo", type=Path, default=Path("results"))
    given = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    table = small() if given.quick else Table()
    compare(f"made-up table, {dict(table.sizes)['train']} training clips", table.dataset, given)
    read = demo(given.demo)
    if read is None:
        print(f"the demo: {given.demo} has not its corpus and features, or those of several")
    else:
        compare("the demo", read, given)


if __name__ == "__main__":
    main()
