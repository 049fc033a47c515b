"""``merflow fusion``: train one system."""

from pathlib import Path
from typing import Any

import click

from merflow.options import FILE, FOLDER, SPEC

KEYS = (
    *("name", "features", "modalities", "strategy", "decoder", "loss", "augmentation", "classes"),
    *("valence", "tests", "fold_count", "training", "afg"),
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
@click.option("--out", required=True, type=FOLDER)
def train(
    spec: dict[str, Any],
    manifest: Path,
    folds: Path,
    features: tuple[str, ...],
    noise_features: tuple[str, ...],
    out: Path,
) -> None:
    """Train one system on every fold and seed; write predictions, curves and weights."""
    from merflow.fusion.train import train_system
    from merflow.training.spec import require_all

    train_system(require_all(spec, *KEYS), manifest, folds, features, noise_features, out)
