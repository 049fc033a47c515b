"""``merflow fusion``: train one system."""

from pathlib import Path

import click

KEYS = (
    *("name", "features", "modalities", "strategy", "decoder", "loss", "augmentation", "classes"),
    *("valence", "tests", "fold_count", "training", "afg"),
)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(name="fusion")
def group() -> None:
    """Train fusion systems."""


@group.command()
@click.option("--spec", required=True, help="The system's settings, JSON.")
@click.option("--manifest", required=True, type=FILE, help="The corpus manifest.")
@click.option("--folds", required=True, type=FILE, help="The recorded folds.")
@click.option("--features", multiple=True, help="ENCODER=SHARD of clean clips; repeatable.")
@click.option("--noise-features", multiple=True, help="ENCODER=SHARD of copies; repeatable.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
def train(
    spec: str,
    manifest: Path,
    folds: Path,
    features: tuple[str, ...],
    noise_features: tuple[str, ...],
    out: Path,
) -> None:
    """Train one system on every fold and seed; write predictions, curves and weights."""
    from merflow.fusion.train import train_system
    from merflow.training.spec import parse_spec

    train_system(parse_spec(spec, *KEYS), manifest, folds, features, noise_features, out)
