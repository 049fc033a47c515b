"""The tables that are made from ``scores.json`` alone: what each needs, its csv and its page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.report import (
    augmentation,
    challenge_table,
    differences_page,
    differences_table,
    jdev_table,
    loss_decoder,
    loss_decoder_table,
    table1,
    table1_page,
)
from merflow.report.naming import SETTINGS as NAMES
from merflow.report.outputs import write_csv, write_table
from merflow.report.scores_file import read_scores
from merflow.storage.atomic import write_text
from merflow.training.spec import require_all


@dataclass(frozen=True)
class Table:
    """How one table is made.

    Attributes:
        settings: What it takes beside ``corpus``, ``rows``, ``decimals`` and what
            :meth:`merflow.report.naming.Naming.of` takes.
        entries: From settings and scores.
        as_frame: The csv, from the entries.
        page: The Markdown page, from settings, scores and entries.
        noted: Whether the csv repeats the note in each row, beside the page.
    """

    settings: tuple[str, ...]
    entries: Callable[[Mapping[str, Any], Mapping[str, Any]], list[Any]]
    as_frame: Callable[[Any], pd.DataFrame]
    page: Callable[[Mapping[str, Any], Mapping[str, Any], Any], str]
    noted: bool = True


TABLES = {
    "table1": Table(("systems", "training"), table1.cells, table1.as_frame, table1_page.page),
    # Of hundreds of rows the note would be a third.
    "differences": Table(
        ("systems",),
        differences_table.differences,
        differences_table.as_frame,
        differences_page.page,
        noted=False,
    ),
    "augmentation": Table(
        ("systems",), augmentation.rows, augmentation.as_frame, augmentation.page
    ),
    "jdev": Table(
        ("systems", "definitions"), jdev_table.comparisons, jdev_table.as_frame, jdev_table.page
    ),
    "loss-decoder": Table(
        ("definitions",),
        loss_decoder.entries,
        loss_decoder_table.as_frame,
        loss_decoder_table.page,
    ),
    "challenge": Table(
        ("definitions", "mer2023", "training"),
        challenge_table.beside,
        challenge_table.as_frame,
        challenge_table.page,
    ),
}


def write(name: str, spec: Mapping[str, Any], scores: Path, out_csv: Path, out_md: Path) -> None:
    """Write csv and page of one of :data:`TABLES`.

    Raises:
        MerflowError: A setting is missing, or the scores are those of another corpus.
    """
    made = TABLES[name]
    require_all(spec, "corpus", "rows", "decimals", *NAMES, *made.settings)
    document = read_scores(scores, spec["corpus"])
    found = made.entries(spec, document)
    frame = made.as_frame(found)
    if made.noted:
        write_table(frame, out_csv, spec.get("note"))
    else:
        write_csv(frame, out_csv)
    write_text(out_md, made.page(spec, document, found))
