"""Commands of ``report`` that hand in or record: submissions, a run, a corpus."""

import sys
from pathlib import Path
from typing import Any

import click

from merflow.options import PATH, SPEC
from merflow.report.options import MADE, MANIFEST, QUARANTINES


@click.command()
@SPEC
@MANIFEST
@QUARANTINES
@click.option("--predictions", type=MADE, required=True, help="A predictions parquet.")
@click.option("--split", required=True, help="Which test split.")
@click.option("--out", type=PATH, required=True, help="The challenge's csv.")
def submission(
    spec: dict[str, Any],
    manifest: Path,
    quarantines: tuple[Path, ...],
    predictions: Path,
    split: str,
    out: Path,
) -> None:
    """Write the challenge's csv: one row for each clip of a test split."""
    from merflow.report import clips
    from merflow.report.outputs import write_csv
    from merflow.report.submission import build
    from merflow.training.predictions import read_predictions
    from merflow.training.spec import require_all

    require_all(spec, "classes", "valence", "emotion_only")
    frame = clips.read_manifest(manifest)
    predicted = read_predictions(predictions, spec["classes"], spec["valence"])
    quarantine = clips.read_quarantine(quarantines, frame)
    table, filled = build(spec, frame, quarantine, predicted, split)
    if filled:
        given = "class and mean valence" if "valence" in table else "class"
        print(
            f"{filled} of {len(table)} clips of {split} have no prediction (quarantined) and get "
            f"the most frequent {given} of train",
            file=sys.stderr,
        )
    write_csv(table, out)


@click.command()
@SPEC
@click.option(
    "--benchmark-dir", type=PATH, required=True, help="Snakemake's benchmark files, by rule."
)
@click.option("--weights", multiple=True, help="NAME=file or folder of a checkpoint; repeatable.")
@click.option("--out", type=PATH, required=True, help="run.json.")
def run(
    spec: dict[str, Any],
    benchmark_dir: Path,
    weights: tuple[str, ...],
    out: Path,
) -> None:
    """Record versions, machine, commit, weights and the time of each rule."""
    from merflow.report.outputs import write_json
    from merflow.report.pairs import parse_pairs
    from merflow.report.provenance import run_record
    from merflow.training.spec import require_all

    require_all(spec, "corpus", "seeds")
    write_json(run_record(spec, benchmark_dir, parse_pairs(weights, "--weights")), out)


@click.command()
@SPEC
@MANIFEST
@QUARANTINES
@click.option("--out", type=PATH, required=True, help="A committed manifest.")
def manifest(
    spec: dict[str, Any],
    manifest: Path,
    quarantines: tuple[Path, ...],
    out: Path,
) -> None:
    """Record versions, counts and digests of a corpus; no clip, time, host or path."""
    from merflow.report import clips
    from merflow.report.outputs import write_json
    from merflow.report.provenance import corpus_record
    from merflow.training.spec import require_all

    require_all(spec, "corpus", "digests")
    frame = clips.read_manifest(manifest)
    quarantine = clips.read_quarantine(quarantines, frame)
    write_json(corpus_record(spec, manifest, frame, quarantine), out)


COMMANDS = (submission, run, manifest)
