"""Training the probes of one encoder, one a layer, and writing their run folder."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from merflow.probes.data import read_probed
from merflow.probes.network import probe
from merflow.progress import Progress
from merflow.storage.digest import settings_digest
from merflow.threads import fix_torch_threads
from merflow.training.data import Dataset
from merflow.training.engine.plan import Engine
from merflow.training.losses import Loss, SumLoss
from merflow.training.network import AlignedNetwork, Build
from merflow.training.run_tables import RunTables
from merflow.training.runs import Task, train_tasks
from merflow.training.spec import Spec, Training, require
from merflow.training.store import recipe_of


def train_probes(
    spec: Spec,
    manifest: Path,
    folds: Path,
    features: Sequence[str],
    engine: Engine,
    store: Path,
    out: Path,
) -> None:
    """Train one model for each layer, on clean training clips alone, and write the run folder.

    Args:
        spec: Settings of the probes.
        manifest: The corpus manifest.
        folds: The recorded folds.
        features: ``ENCODER=SHARD`` of clean clips.
        engine: Device and size of stacks.
        store: Where finished seeds are kept.
        out: Gets ``predictions-organiser.parquet`` and ``predictions-honest.parquet`` (out-of-fold
            rows, with a first column ``layer``) and ``curves.csv``.

    Raises:
        MerflowError: Settings or inputs do not fit together, or a model diverged.
    """
    fix_torch_threads()
    classes, valence = tuple(spec["classes"]), bool(spec["valence"])
    candidates = Training.candidates(spec)
    layers = read_probed(spec, manifest, folds, features)
    tasks = [
        Task(
            name=f"{spec['encoder']}({layer})",
            data=data,
            candidates=candidates,
            build=partial(_form, data.dims[0], len(classes), valence),
            form=settings_digest(["probe", len(classes), valence]),
            recipe=partial(_recipe, spec, layer, data),
            classes=classes,
            valence=valence,
            com=bool(require(spec, "com")),
            section="probes",
        )
        for layer, data in layers.items()
    ]
    seeds = len(tasks) * sum(len(how.seeds) for how in candidates)
    progress = Progress(f"probes of {spec['encoder']}", seeds, "models")
    tables = RunTables()
    for layer, trained in zip(layers, train_tasks(tasks, store, engine, progress), strict=True):
        for seed in trained:
            tables.add(seed, layer)
    tables.write(out, classes, valence)


def _form(dim: int, classes: int, valence: bool, how: Training) -> Build:
    def build(models: int) -> tuple[AlignedNetwork, Loss]:
        return probe(models, dim, how.width, classes, valence), SumLoss()

    return build


def _recipe(spec: Spec, layer: str, data: Dataset, how: Training) -> str:
    return recipe_of({**spec, "layers": [layer]}, how, data, "merflow.probes")
