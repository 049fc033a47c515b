"""Commands of ``report`` that score predictions of their own: by speakers, layers or noise."""

from pathlib import Path
from typing import Any

import click

from merflow.options import SPEC
from merflow.report.options import (
    FOLDS,
    MADE,
    MANIFEST,
    OUT_CSV,
    OUT_MD,
    OUT_PNG,
    OUT_SVG,
    SCORES,
    SCORING,
)


@click.command()
@SPEC
@SCORES
@MANIFEST
@FOLDS
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
@OUT_CSV
@OUT_MD
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
    import pandas as pd

    from merflow.report.outputs import write_table
    from merflow.report.pairs import parse_pairs
    from merflow.report.scores_file import read_scores
    from merflow.report.speakers import COLUMNS, compare, read_both, run_folders, speakers_left
    from merflow.report.speakers_page import page, page_of_few
    from merflow.storage.atomic import write_text
    from merflow.training.labels import is_divided
    from merflow.training.spec import require_all

    require_all(spec, *SCORING, "rows", "systems")
    document = read_scores(scores_file, spec["corpus"])
    if not is_divided(speaker_folds):
        write_table(pd.DataFrame(columns=COLUMNS), out_csv, spec.get("note"))
        write_text(out_md, page_of_few(spec, document, speakers_left(manifest)))
        return
    both = read_both(spec, manifest, folds, speaker_folds)
    random = parse_pairs(predictions, "--predictions")
    by_speaker = parse_pairs(held_out, "--held-out")
    found = compare(spec, both, random, by_speaker)
    write_table(found, out_csv, spec.get("note"))
    trained = run_folders(random, by_speaker)
    write_text(out_md, page(spec, document, both, found, trained))


@click.command()
@SPEC
@MANIFEST
@FOLDS
@click.option(
    "--probe",
    "probes",
    multiple=True,
    required=True,
    help="ENCODER|READING=predictions parquet with a column layer; repeatable.",
)
@OUT_SVG
@OUT_PNG
@OUT_CSV
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


@click.command()
@SPEC
@MANIFEST
@FOLDS
@click.option(
    "--predictions",
    multiple=True,
    required=True,
    help="SYSTEM|AUGMENTATION|SNR=path of a predictions parquet, SNR in dB or clean; repeatable.",
)
@OUT_CSV
@OUT_MD
@OUT_SVG
@OUT_PNG
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


COMMANDS = (speakers, figure4, robustness)
