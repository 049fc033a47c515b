"""Solving the linear probes of one encoder, one a layer, and writing their run folder."""

from collections.abc import Sequence
from pathlib import Path

from merflow.probes.data import read_probed
from merflow.probes.linear import linear_probe
from merflow.progress import Progress
from merflow.training.run_tables import RunTables
from merflow.training.spec import Spec


def solve_probes(
    spec: Spec, manifest: Path, folds: Path, features: Sequence[str], out: Path
) -> None:
    """Solve one linear probe for each layer and write the run folder; nothing is kept elsewhere.

    Args:
        spec: Settings of the probes; of ``training`` the first seed alone, which is only a name.
        manifest: The corpus manifest.
        folds: The recorded folds.
        features: ``ENCODER=SHARD`` of clean clips.
        out: Gets the files that :func:`merflow.probes.train.train_probes` writes; ``curves.csv``
            has penalties for epochs.

    Raises:
        MerflowError: Settings or inputs do not fit together.
    """
    classes, valence, seed = spec["classes"], bool(spec["valence"]), spec["training"]["seeds"][0]
    layers = read_probed(spec, manifest, folds, features)
    progress = Progress(f"probes of {spec['encoder']}", len(layers), "models")
    tables = RunTables()
    for layer, data in layers.items():
        progress.begin()
        tables.add(linear_probe(data, classes, valence, seed), layer)
        progress.add()
    tables.write(out, classes, valence)
