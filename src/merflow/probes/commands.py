"""``merflow probes``: train one model for each layer of an encoder."""

from pathlib import Path

import click

KEYS = ("encoder", "layers", "classes", "valence", "tests", "fold_count", "training")
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(name="probes")
def group() -> None:
    """Train one unimodal model per layer (Figure 4)."""


@group.command()
@click.option("--spec", required=True, help="The probes' settings, JSON.")
@click.option("--manifest", required=True, type=FILE, help="The corpus manifest.")
@click.option("--folds", required=True, type=FILE, help="The recorded folds.")
@click.option("--features", multiple=True, help="ENCODER=SHARD of clean clips; repeatable.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
def train(spec: str, manifest: Path, folds: Path, features: tuple[str, ...], out: Path) -> None:
    """Train a probe of every layer; write out-of-fold predictions and curves."""
    from merflow.probes.train import train_probes
    from merflow.training.spec import parse_spec

    train_probes(parse_spec(spec, *KEYS), manifest, folds, features, out)
