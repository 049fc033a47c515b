"""A corpus of mutants: its folder, its label file, and what must be found in it."""

import csv
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from merflow.corpus.demo.generate import generate_clips
from mutants.damaged import damaged
from mutants.forms import MP4, Scene, scene_of, write
from mutants.good import clip, copies, sound_clips
from mutants.hopeless import hopeless
from mutants.mutant import Mutant, numbered

SEED = 2023
BESIDE = "beside.mp4"
DEMO = {
    "seed": SEED,
    "clips": {"train": 1, "test1": 0, "test2": 0},
    "speakers": 1,
    "label_noise": 0.0,
    "duration_s": 0.8,
    "fps": 10.0,
    "width": 160,
    "height": 112,
}


def draw_scene(folder: Path) -> Scene:
    """Return a drawn speaker of 0.8 s."""
    generate_clips(DEMO, 0, 1, folder / "clips", folder / "labels.csv")
    return scene_of(next((folder / "clips").rglob("*.mp4")))


def make_corpus(scene: Scene, folder: Path, every: int = 1) -> dict[str, Mutant]:
    """Write ``<folder>/root``, a good clip beside it and ``<folder>/labels.csv``.

    Args:
        scene: From :func:`draw_scene`.
        folder: Where to.
        every: Only every so many mutants that are good, and that are damaged.

    Returns:
        Clip -> its mutant.
    """
    root = folder / "root"
    root.mkdir(parents=True)
    write(folder / BESIDE, scene, MP4)
    chosen: dict[str, Mutant] = {}
    for number, mutant in enumerate(_mutants(scene, folder, every)):
        if mutant.make is not None:
            mutant.make(root / mutant.path)
        chosen[f"m{number:03d}"] = mutant
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["clip", "path", "emotion", "defect"])
        rows.writerows((clip, one.path, "happy", one.defect) for clip, one in chosen.items())
    return chosen


def _mutants(scene: Scene, folder: Path, every: int) -> Iterator[Mutant]:
    draw = np.random.default_rng(SEED)
    content = (folder / BESIDE).read_bytes()
    good = list(numbered(sound_clips(scene, draw), "good"))[::every]
    yield from good
    whole = dataclasses.replace(clip(scene, MP4), make=None)
    yield from copies(content, whole)
    sources = {mutant.path: (folder / "root" / mutant.path).read_bytes() for mutant in good[:33]}
    yield from list(numbered(damaged(sources, draw), "damaged"))[::every]
    yield from hopeless(scene, content, BESIDE)
