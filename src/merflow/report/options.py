"""Options that several commands of the noun ``report`` share."""

from pathlib import Path

import click

from merflow.options import PATH
from merflow.report.naming import SETTINGS as NAMES

MADE = click.Path(exists=True, path_type=Path)
SCORING = ("corpus", "classes", *NAMES, "tests", "fold_count", "decimals", "bootstrap")
"""Settings that every command which scores predictions takes."""

MANIFEST = click.option("--manifest", type=MADE, required=True, help="manifest.csv.")
FOLDS = click.option("--folds", type=MADE, required=True, help="folds.csv.")
QUARANTINES = click.option(
    "--quarantine", "quarantines", type=MADE, multiple=True, help="A quarantine csv; repeatable."
)
SCORES = click.option("--scores", "scores_file", type=MADE, required=True, help="scores.json.")
OUT_CSV = click.option("--out-csv", type=PATH, required=True, help="The numbers, tidy.")
OUT_SVG = click.option("--out-svg", type=PATH, required=True, help="The figure.")
OUT_PNG = click.option("--out-png", type=PATH, required=True, help="The figure.")
OUT_MD = click.option("--out-md", type=PATH, required=True, help="The table to read.")
