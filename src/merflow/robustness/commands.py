"""``merflow robustness``: predict a test split at fixed SNRs with the weights that were kept."""

from pathlib import Path
from typing import Any

import click

from merflow.options import FILE, FOLDER, SPEC


@click.group(name="robustness")
def group() -> None:
    """Predict a test split at fixed signal-to-noise ratios."""


@group.command()
@SPEC
@click.option("--manifest", required=True, type=FILE, help="The corpus manifest.")
@click.option("--folds", required=True, type=FILE, help="The recorded folds.")
@click.option("--features", multiple=True, help="ENCODER=SHARD of clean clips; repeatable.")
@click.option("--noise-features", multiple=True, help="ENCODER=SHARD of noisy clips; repeatable.")
@click.option("--draws", required=True, type=FILE, help="Noise manifest of the noisy clips.")
@click.option("--runs", required=True, type=FOLDER, help="Parent of the run folders.")
@click.option("--out", required=True, type=FOLDER, help="Folder of the predictions.")
def predict(
    spec: dict[str, Any],
    manifest: Path,
    folds: Path,
    features: tuple[str, ...],
    noise_features: tuple[str, ...],
    draws: Path,
    runs: Path,
    out: Path,
) -> None:
    """Predict a split at each SNR with the weights that trainings kept.

    --spec: split, snr; systems, the settings of each by its run folder; ensembles, the run folders
    of their members by their own; labels, the stem of the files of each folder.
    """
    from merflow.robustness.predict import predict_levels
    from merflow.training.spec import require_all

    require_all(spec, "split", "snr", "systems", "ensembles", "labels")
    predict_levels(spec, manifest, folds, features, noise_features, draws, runs, out)
