"""``merflow fusion``: train systems."""

from pathlib import Path
from typing import Any

import click

from merflow.options import DEVICE, FILE, FOLDER, SPEC, STACK

KEYS = (
    *("name", "features", "modalities", "strategy", "decoder", "loss", "augmentation", "classes"),
    *("valence", "com", "tests", "fold_count", "training", "afg"),
)


@click.group(name="fusion")
def group() -> None:
    """Train fusion systems."""


@group.command()
@SPEC
@click.option("--manifest", required=True, type=FILE, help="The corpus manifest.")
@click.option("--folds", required=True, type=FILE, help="The recorded folds.")
@click.option("--features", multiple=True, help="ENCODER=SHARD of clean clips; repeatable.")
@click.option("--noise-features", multiple=True, help="ENCODER=SHARD of copies; repeatable.")
@DEVICE
@STACK
@click.option("--store", required=True, type=FOLDER, help="Where finished seeds are kept.")
@click.option("--out", required=True, type=FOLDER, help="Parent of the run folders.")
@click.option(
    "--leave-untrained", is_flag=True, help="Where --folds has no rows, leave every table empty."
)
def train(
    spec: dict[str, Any],
    manifest: Path,
    folds: Path,
    features: tuple[str, ...],
    noise_features: tuple[str, ...],
    device: str,
    stack: int | None,
    store: Path,
    out: Path,
    leave_untrained: bool,
) -> None:
    """Train systems on every fold and seed; write predictions, curves and weights.

    --spec maps the name of each run folder to the settings of its system.
    """
    from merflow.fusion import untrained
    from merflow.fusion.train import train_systems
    from merflow.training.engine.plan import Engine
    from merflow.training.labels import is_divided
    from merflow.training.spec import require_all

    runs = {name: require_all(settings, *KEYS) for name, settings in spec.items()}
    if leave_untrained and not is_divided(folds):
        untrained.leave_untrained(runs, out)
        return
    engine = Engine(device, stack)
    train_systems(runs, manifest, folds, features, noise_features, engine, store, out)
