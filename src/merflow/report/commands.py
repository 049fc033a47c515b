"""Commands of the noun ``report``."""

import sys
from pathlib import Path
from typing import Any

import click

from merflow.options import PATH, SPEC
from merflow.report.naming import SETTINGS as NAMES

MADE = click.Path(exists=True, path_type=Path)
SCORING = ("corpus", "classes", *NAMES, "tests", "fold_count", "decimals", "bootstrap")
TABLES = {
    "table1": "Write the paper's Table 1: our scores, on MER 2023 beside the paper's.",
    "differences": "Write the paired differences, with intervals, tests and what the run can show.",
    "augmentation": "Write the ablation: trained on clean clips alone, and with noisy copies.",
    "jdev": "Write the paper's eighteen JDEV comparisons, redone with tests.",
    "loss-decoder": "Write the 2 x 2 of losses and decoders, with the effect of each alone.",
    "challenge": "Write our scores beside those of the challenge's own baseline.",
}
"""Verbs of :mod:`merflow.report.tables`, and what they do."""

manifest_option = click.option("--manifest", type=MADE, required=True, help="manifest.csv.")
folds_option = click.option("--folds", type=MADE, required=True, help="folds.csv.")
quarantine_option = click.option(
    "--quarantine", "quarantines", type=MADE, multiple=True, help="A quarantine csv; repeatable."
)
scores_option = click.option(
    "--scores", "scores_file", type=MADE, required=True, help="scores.json."
)
csv_option = click.option("--out-csv", type=PATH, required=True, help="The numbers, tidy.")
svg_option = click.option("--out-svg", type=PATH, required=True, help="The figure.")
png_option = click.option("--out-png", type=PATH, required=True, help="The figure.")
md_option = click.option("--out-md", type=PATH, required=True, help="The table to read.")


@click.group(name="report")
def group() -> None:
    """Compute metrics, tables, figures and submissions."""


@group.command()
@SPEC
@manifest_option
@folds_option
@quarantine_option
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
    @scores_option
    @csv_option
    @md_option
    def command(spec: dict[str, Any], scores_file: Path, out_csv: Path, out_md: Path) -> None:
        from merflow.report.tables import write

        write(name, spec, scores_file, out_csv, out_md)


for _name, _does in TABLES.items():
    _table_command(_name, _does)


@group.command()
@SPEC
@scores_option
@manifest_option
@folds_option
@click.option("--speaker-folds", type=MADE, required=True, help="folds.csv by speaker.")
@click.option(
    "--predictions",
    multiple=True,
    required=True,
    help="SYSTEM|AUGMENTATION|READING=predictions in the folds of --folds; repeatable.",
)
@click.option(
    "--held-out",
    multiple=True,
    required=True,
    help="The same of --speaker-folds; repeatable.",
)
@csv_option
@md_option
def speakers(
    spec: dict[str, Any],
    scores_file: Path,
    manifest: Path,
    folds: Path,
    speaker_folds: Path,
    predictions: tuple[str, ...],
    held_out: tuple[str, ...],
    out_csv: Path,
    out_md: Path,
) -> None:
    """Compare random folds with folds by speaker: what the random ones leak."""
    from merflow.report.outputs import write_table
    from merflow.report.pairs import parse_pairs
    from merflow.report.scores_file import read_scores
    from merflow.report.speakers import compare, read_both
    from merflow.report.speakers_page import page
    from merflow.storage.atomic import write_text
    from merflow.training.spec import require_all

    require_all(spec, *SCORING, "rows", "systems")
    both = read_both(spec, manifest, folds, speaker_folds)
    sides = (predictions, "--predictions"), (held_out, "--held-out")
    found = compare(spec, both, *(parse_pairs(*side) for side in sides))
    write_table(found, out_csv, spec.get("note"))
    write_text(out_md, page(spec, read_scores(scores_file, spec["corpus"]), both, found))


@group.command()
@SPEC
@manifest_option
@folds_option
@click.option(
    "--probe",
    "probes",
    multiple=True,
    required=True,
    help="ENCODER|READING=predictions parquet with a column layer; repeatable.",
)
@svg_option
@png_option
@csv_option
def figure4(
    spec: dict[str, Any],
    manifest: Path,
    folds: Path,
    probes: tuple[str, ...],
    out_svg: Path,
    out_png: Path,
    out_csv: Path,
) -> None:
    """Draw the paper's Figure 4: probes over the relative depth of their layer."""
    from merflow.report import figure4 as figure
    from merflow.report.labels import scored_splits
    from merflow.report.layers import curve
    from merflow.report.outputs import write_table
    from merflow.report.pairs import parse_pairs
    from merflow.training.spec import require_all

    require_all(spec, *SCORING, "depths", "kind")
    files = parse_pairs(probes, "--probe")
    values = curve(spec, scored_splits(spec, manifest, folds), list(files.items()))
    write_table(values, out_csv, spec.get("note"))
    figure.save(figure.draw(values, spec), out_svg, out_png)


@group.command()
@SPEC
@manifest_option
@folds_option
@click.option(
    "--predictions",
    multiple=True,
    required=True,
    help="SYSTEM|AUGMENTATION|SNR=path of a predictions parquet, SNR in dB or clean; repeatable.",
)
@csv_option
@md_option
@svg_option
@png_option
def robustness(
    spec: dict[str, Any],
    manifest: Path,
    folds: Path,
    predictions: tuple[str, ...],
    out_csv: Path,
    out_md: Path,
    out_svg: Path,
    out_png: Path,
) -> None:
    """Write scores of a test split at fixed SNRs, after both trainings: csv, page, curves."""
    from merflow.report.pairs import parse_pairs
    from merflow.report.robustness_files import write
    from merflow.training.spec import require_all

    require_all(spec, *SCORING, "rows", "definitions", "robustness", "preset")
    files = parse_pairs(predictions, "--predictions")
    write(spec, (manifest, folds), files, (out_csv, out_md, out_svg, out_png))


@group.command()
@SPEC
@manifest_option
@quarantine_option
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
        print(
            f"{filled} of {len(table)} clips of {split} have no prediction (quarantined) and get "
            "the most frequent class and mean valence of train",
            file=sys.stderr,
        )
    write_csv(table, out)


@group.command()
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


@group.command()
@SPEC
@manifest_option
@quarantine_option
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
