"""``merflow probes``: train one model for each layer of an encoder."""

from pathlib import Path
from typing import Any

import click

from merflow.options import DEVICE, FILE, FOLDER, SPEC, STACK

KEYS = ("encoder", "layers", "classes", "valence", "fold_count", "training")


@click.group(name="probes")
def group() -> None:
    """Train one unimodal model per layer (Figure 4)."""


@group.command()
@SPEC
@click.option("--manifest", required=True, type=FILE, help="The corpus manifest.")
@click.option("--folds", required=True, type=FILE, help="The recorded folds.")
@click.option("--features", multiple=True, help="ENCODER=SHARD of clean clips; repeatable.")
@DEVICE
@STACK
@click.option("--store", required=True, type=FOLDER, help="Where finished seeds are kept.")
@click.option("--out", required=True, type=FOLDER)
def train(
    spec: dict[str, Any],
    manifest: Path,
    folds: Path,
    features: tuple[str, ...],
    device: str,
    stack: int | None,
    store: Path,
    out: Path,
) -> None:
    """Train a probe of every layer; write out-of-fold predictions and curves."""
    from merflow.probes.train import train_probes
    from merflow.training.engine.plan import Engine
    from merflow.training.spec import require_all

    engine = Engine(device, stack)
    train_probes(require_all(spec, *KEYS), manifest, folds, features, engine, store, out)
