"""What the present settings use of what lies under ``results/``."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from merflow.cache.sizes import Inode, files_below, inode
from merflow.layout import READINGS, Layout
from merflow.layout.data import RESULTS
from merflow.storage.shards import kept_as

NOUNS = ("corpus", "faces", "features", "noise", "runs")
# Small, and known by no setting: what decoding told of each clip, digests of noise recordings,
# times, the record of the run.
ALWAYS = ("corpus/store", "noise/known.json", "runs/benchmarks", "runs/run.json")
WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class Stored:
    """Outputs whose items a store keeps.

    Attributes:
        store: The folder.
        outputs: Of the present settings.
    """

    store: Path
    outputs: tuple[Path, ...]

    def unfinished(self) -> bool:
        """Return whether an output is still to be made; the store may spare its computation."""
        return not all(path.exists() for path in self.outputs)

    def used(self) -> Iterator[Path]:
        """Yield the store's files that belong to the outputs; all of it if one is missing."""
        if self.unfinished():
            yield self.store
            return
        for path in self.outputs:
            for kind in ("shard", "part"):
                yield from self.store.glob(f"{kept_as(path, kind)}*")


def stored(layout: Layout) -> list[Stored]:
    """Return the stores of crops and features with the present outputs."""
    found = [Stored(Path(RESULTS, "faces/store"), tuple(_crops(layout)))]
    for name in layout.config["features"]["encoders"]:
        shards = tuple(path for encoder, path in _features(layout) if encoder == name)
        found.append(Stored(Path(layout.feature_store(name)), shards))
    return found


def present_runs(layout: Layout) -> list[Path]:
    """Return the run folders of the present settings."""
    names = [f"{RESULTS}/runs/{name}" for name in (*_trained(layout), *layout.ensembles)]
    return [Path(p) for p in (*names, *map(layout.probe, layout.config["probes"]["encoders"]))]


def _trained(layout: Layout) -> list[str]:
    """Return the names of the runs that are trained, in folds by speaker too."""
    return [name for of in layout.trained.values() for name in of.runs]


def noisy_tests(layout: Layout) -> list[Path]:
    """Return draws and predictions of a test split at fixed SNRs, if there is one."""
    return [Path(layout.levels_manifest), Path(layout.levels)] if layout.robustness else []


def trainings_unfinished(layout: Layout) -> bool:
    """Return whether a run of the present settings is still to be trained."""
    return not all(
        Path(folder, f"predictions-{reading}.parquet").exists()
        for folder in present_runs(layout)
        for reading in READINGS
    )


def used(layout: Layout) -> set[Path]:
    """Return the files and whole folders that the present settings use, relative to the project."""
    places = {Path(RESULTS, name) for name in ALWAYS}
    places.add(Path(layout.corpus))
    if any(run.augmentation == "noise" for run in layout.runs.values()):
        places.add(Path(layout.noise_manifest))
    places |= set(noisy_tests(layout))
    if layout.needs_faces:
        kinds = [f"{kind}-{s}" for kind in ("crops", "tracks", "facts") for s in layout.shards()]
        stems = {*kinds, "quality", "quarantine"}
        places |= {path for path in Path(layout.faces).glob("[!.]*") if path.stem in stems}
    places |= {path for _, path in _features(layout)}
    for name in layout.config["features"]["encoders"]:
        if layout.demo_made(name):
            weights = Path(layout.demo_weights(name))
            places |= {weights, weights.with_name(f"{weights.name}.pretraining")}
    places |= {path for store in stored(layout) for path in store.used()}
    places |= {*present_runs(layout), *_seeds(layout), *named(layout)}
    return places


def _crops(layout: Layout) -> Iterator[Path]:
    if layout.needs_faces:
        for shard in layout.shards():
            yield Path(layout.faces, f"crops-{shard}.safetensors")


def _features(layout: Layout) -> Iterator[tuple[str, Path]]:
    """Yield (encoder, feature shard)."""
    augmentations = sorted({run.augmentation for run in layout.runs.values()})
    for name, augmentation in layout.conditions(augmentations):
        for path in layout.feature_shards(name, augmentation):
            yield name, Path(path)


def _seeds(layout: Layout) -> Iterator[Path]:
    """Yield the finished seeds whose weights a present run folder links.

    Those without weights, of probes, are kept: no link tells whose they are, and they are small.
    The store is kept whole where the links do not tell: results are still to be made, a run lacks
    its weights, or has copies because the file system has no hard links.
    """
    store = Path(RESULTS, "runs/store")
    linked = {folder: _inodes(folder, "weights-seed*") for folder in present_runs(layout)}
    every = {one for inodes in linked.values() for one in inodes}
    trained = (linked[Path(RESULTS, "runs", name)] for name in _trained(layout))
    if (
        trainings_unfinished(layout)
        or not all(trained)
        or not every <= _inodes(store, f"*/seed-*/{WEIGHTS}")
    ):
        yield store
        return
    for seed in store.glob("*/seed-*"):
        if not (seed / WEIGHTS).exists() or _inodes(seed, WEIGHTS) <= every:
            yield seed


def _inodes(folder: Path, pattern: str) -> set[Inode]:
    """Return what the hard links of each file have in common; the folder may be a link."""
    found = (files_below(path, follow=True) for path in folder.glob(pattern))
    return {inode(status) for files in found for _, status in files}


def named(layout: Layout) -> set[Path]:
    """Return the places under ``results/`` that the settings themselves name."""
    results, found = Path(RESULTS).resolve(), set()
    for text in _texts(layout.config):
        path = Path(text).resolve() if "\0" not in text else results
        if path != results and path.is_relative_to(results):
            found.add(Path(RESULTS, path.relative_to(results)))
    return found


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        children: Iterable[Any] = node.values() if isinstance(node, dict) else node
        for child in children:
            yield from _texts(child)
