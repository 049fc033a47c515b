"""``merflow ensemble``: fuse the predictions of several systems."""

from pathlib import Path
from typing import Any

import click

from merflow.options import FILE, SPEC

KEYS = ("step", "classes", "valence", "com", "fold_count")


@click.group(name="ensemble")
def group() -> None:
    """Fuse the predictions of several systems."""


@group.command()
@SPEC
@click.option("--manifest", required=True, type=FILE, help="The corpus manifest.")
@click.option("--folds", required=True, type=FILE, help="The recorded folds.")
@click.option("--member", "members", multiple=True, type=FILE, help="Predictions; repeatable.")
@click.option("--out", required=True, type=FILE, help="Fused with the weights found.")
@click.option("--equal", required=True, type=FILE, help="Fused with equal weights.")
@click.option("--weights", required=True, type=FILE, help="The weights found, JSON.")
def fuse(
    spec: dict[str, Any],
    manifest: Path,
    folds: Path,
    members: tuple[Path, ...],
    out: Path,
    equal: Path,
    weights: Path,
) -> None:
    """Fuse member predictions by eqs. 10 and 11 with weights found on out-of-fold rows."""
    from merflow.ensemble.fuse import fuse_members
    from merflow.training.spec import require_all

    fuse_members(require_all(spec, *KEYS), manifest, folds, members, out, equal, weights)
