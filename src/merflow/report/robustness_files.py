"""The four files of the robustness table: csv, page, and the curves twice."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from merflow.report.figure4 import save
from merflow.report.labels import scored_splits
from merflow.report.outputs import write_table
from merflow.report.robustness import as_frame, levels
from merflow.report.robustness_figure import draw
from merflow.report.robustness_page import page
from merflow.storage.atomic import write_text


def write(
    spec: Mapping[str, Any],
    corpus: tuple[Path, Path],
    files: Mapping[str, Path],
    out: tuple[Path, Path, Path, Path],
) -> None:
    """Score what was predicted at fixed SNRs, and write all that tells it.

    Args:
        spec: See :func:`merflow.report.robustness.levels` and
            :func:`merflow.report.robustness_page.page`.
        corpus: ``manifest.csv`` and ``folds.csv``.
        files: Predictions by label.
        out: csv, Markdown page, svg and png.
    """
    csv, md, svg, png = out
    found, document = levels(spec, scored_splits(spec, *corpus), files)
    write_table(as_frame(found), csv, spec.get("note"))
    write_text(md, page(spec, document, found))
    save(draw(found, spec), svg, png)
