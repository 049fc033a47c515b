"""Commands of the noun ``report``: scores, and the tables that are made of them."""

from pathlib import Path
from typing import Any

import click

from merflow.options import PATH, SPEC
from merflow.report import comparing, recording
from merflow.report.options import (
    FOLDS,
    MADE,
    MANIFEST,
    OUT_CSV,
    OUT_MD,
    QUARANTINES,
    SCORES,
    SCORING,
)

TABLES = {
    "table1": "Write the paper's Table 1: our scores, on MER 2023 beside the paper's.",
    "differences": "Write the paired differences, with intervals, tests and what the run can show.",
    "augmentation": "Write the ablation: trained on clean clips alone, and with noisy copies.",
    "jdev": "Write the paper's eighteen JDEV comparisons, redone with tests.",
    "loss-decoder": "Write the 2 x 2 of losses and decoders, with the effect of each alone.",
    "challenge": "Write our scores beside those of the challenge's own baseline.",
}
"""Verbs of :mod:`merflow.report.tables`, and what they do."""


@click.group(name="report")
def group() -> None:
    """Compute metrics, tables, figures and submissions."""


@group.command()
@SPEC
@MANIFEST
@FOLDS
@QUARANTINES
@click.option(
    "--predictions",
    multiple=True,
    required=True,
    help="SYSTEM|AUGMENTATION|READING=path of a predictions parquet; repeatable.",
)
@click.option("--out", type=PATH, required=True, help="Unrounded scores, by seed and fold.")
@click.option("--out-json", type=PATH, required=True, help="metrics.json: Table 1's scores.")
@click.option("--out-scores", type=PATH, required=True, help="scores.json: the tables' source.")
def metrics(
    spec: dict[str, Any],
    manifest: Path,
    folds: Path,
    quarantines: tuple[Path, ...],
    predictions: tuple[str, ...],
    out: Path,
    out_json: Path,
    out_scores: Path,
) -> None:
    """Score every system on every labelled split, with intervals and paired differences."""
    from merflow.report import clips, document
    from merflow.report.headline import headline
    from merflow.report.labels import scored_splits
    from merflow.report.outputs import write_csv, write_json
    from merflow.report.pairs import parse_pairs
    from merflow.training.spec import require_all

    require_all(spec, *SCORING, "rows", "definitions")
    files = parse_pairs(predictions, "--predictions")
    frame = clips.read_manifest(manifest)
    counts = clips.clip_counts(frame, clips.read_quarantine(quarantines, frame))
    labels = scored_splits(spec, manifest, folds)
    found, table = document.build(spec, labels, counts, files)
    write_csv(table, out)
    write_json(found, out_scores)
    write_json(headline(spec, found), out_json)


@group.command()
@click.option("--predictions", type=MADE, required=True, help="A predictions parquet.")
@click.option("--params", type=PATH, default="params.yaml", show_default=True, help="Settings.")
@click.option("--manifest", type=MADE, help="manifest.csv; default: that of the settings.")
@click.option("--folds", type=MADE, help="folds.csv; default: that of the settings.")
@click.option("--out", type=PATH, help="csv of the unrounded scores, by seed and fold.")
def score(
    predictions: Path, params: Path, manifest: Path | None, folds: Path | None, out: Path | None
) -> None:
    """Recompute every score of one predictions file, as the tables have it.

    Of the settings corpus.adapter, .classes, .valence, .com, .tests, .folds.count and
    report.bootstrap count; where results lie is taken relative to their folder.
    """
    from merflow.layout import Layout, read_settings
    from merflow.report import recompute
    from merflow.report.outputs import write_csv
    from merflow.use import SCHEMA, find_project

    config = read_settings(params, find_project(Path.cwd()) / SCHEMA)
    spec = recompute.settings_of(config, Layout(config).valence_name)
    labels = recompute.labels_at(spec, *_label_files(params, manifest, folds))
    found = recompute.recompute(spec, labels, predictions)
    if out is not None:
        write_csv(recompute.as_frame(found), out)
    click.echo(recompute.page(found, spec["decimals"]), nl=False)


def _label_files(params: Path, manifest: Path | None, folds: Path | None) -> tuple[Path, Path]:
    """Return manifest and folds: those that are named, else those of the settings' layout."""
    from contextlib import chdir

    from merflow.layout import read_layout

    if manifest is not None and folds is not None:
        return manifest, folds
    with chdir(params.absolute().parent):
        layout = read_layout(Path(params.name))
        known = Path(layout.manifest).absolute(), Path(layout.folds).absolute()
    return manifest or known[0], folds or known[1]


def _table_command(name: str, does: str) -> None:
    """Add the command that makes one table from ``scores.json``."""

    @group.command(name, help=does)
    @SPEC
    @SCORES
    @OUT_CSV
    @OUT_MD
    def command(spec: dict[str, Any], scores_file: Path, out_csv: Path, out_md: Path) -> None:
        from merflow.report.tables import write

        write(name, spec, scores_file, out_csv, out_md)


for _name, _does in TABLES.items():
    _table_command(_name, _does)
for _command in (*comparing.COMMANDS, *recording.COMMANDS):
    group.add_command(_command)
