"""What the present settings use of what lies under ``results/``."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from merflow.cache.sizes import files_below, inode
from merflow.layout import READINGS, Layout
from merflow.layout.data import RESULTS
from merflow.storage.digest import digest8

NOUNS = ("corpus", "faces", "features", "noise", "runs")
# Small, and known by no setting: what decoding told of each clip, times, the record of the run.
ALWAYS = ("corpus/store", "runs/benchmarks", "runs/run.json")
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
            yield from self.store.glob(f"*-{digest8(path.as_posix())}*")


def stored(layout: Layout) -> list[Stored]:
    """Return the stores of crops and features with the present outputs."""
    found = [Stored(Path(RESULTS, "faces/store"), tuple(_crops(layout)))]
    for name in layout.config["features"]["encoders"]:
        shards = tuple(path for encoder, path in _features(layout) if encoder == name)
        found.append(Stored(Path(layout.feature_store(name)), shards))
    return found


def present_runs(layout: Layout) -> list[Path]:
    """Return the run folders of the present settings."""
    names = [f"{RESULTS}/runs/{name}" for name in (*layout.runs, *layout.ensembles)]
    return [Path(p) for p in (*names, *map(layout.probe, layout.config["probes"]["encoders"]))]


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
    if layout.needs_faces:
        kinds = [f"{kind}-{s}" for kind in ("crops", "tracks") for s in layout.shards()]
        stems = {*kinds, "quality", "quarantine"}
        places |= {path for path in Path(layout.faces).glob("[!.]*") if path.stem in stems}
    places |= {path for _, path in _features(layout)}
    for name in layout.config["features"]["encoders"]:
        if layout.demo_made(name):
            weights = Path(layout.demo_weights(name))
            places |= {weights, weights.with_name(f"{weights.name}.pretraining")}
    places |= {path for store in stored(layout) for path in store.used()}
    places |= {*present_runs(layout), *_seeds(layout), *_named(layout.config)}
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
    """
    store = Path(RESULTS, "runs/store")
    if trainings_unfinished(layout):
        yield store
        return
    linked = {inode(path) for folder in present_runs(layout) for path in files_below(folder)}
    for seed in store.glob("*/seed-*"):
        weights = seed / WEIGHTS
        if not weights.exists() or inode(weights) in linked:
            yield seed


def _named(settings: Any) -> Iterator[Path]:
    """Yield the places under ``results/`` that the settings themselves name."""
    results = Path(RESULTS).resolve()
    for text in _texts(settings):
        path = Path(text).resolve() if "\0" not in text else results
        if path != results and path.is_relative_to(results):
            yield Path(RESULTS, path.relative_to(results))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        children: Iterable[Any] = node.values() if isinstance(node, dict) else node
        for child in children:
            yield from _texts(child)
