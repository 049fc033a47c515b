"""``merflow probes``: one model for each layer of an encoder."""

from pathlib import Path
from typing import Any

import click

from merflow.options import DEVICE, FILE, FOLDER, SPEC, STACK

KEYS = ("encoder", "layers", "classes", "valence", "fold_count", "kind", "training")
KINDS = {"mlp": "mlp", "linear": "linear"}


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
    """Train or solve a probe of every layer; write out-of-fold predictions and curves."""
    from merflow.training.spec import choose, require_all

    if choose(require_all(spec, *KEYS), "kind", KINDS) == "linear":
        from merflow.probes.solve import solve_probes

        solve_probes(spec, manifest, folds, features, out)
        return
    from merflow.probes.train import train_probes
    from merflow.training.engine.plan import Engine

    train_probes(spec, manifest, folds, features, Engine(device, stack), store, out)
