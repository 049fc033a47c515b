"""The list of clips that the graph makes of a corpus in a layout of its own."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

from merflow.corpus.label import Label
from merflow.errors import MerflowError
from merflow.storage.atomic import write_text


def label_table(labels: Sequence[Label]) -> str:
    """Return labels as the csv that :func:`merflow.corpus.labels.read_labels` reads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Label))
    writer.writerows(map(astuple, labels))
    return text.getvalue()


def table_digest(labels: Sequence[Label]) -> str:
    """Return the hex sha256 of that csv, by which the graph names what is made of the corpus."""
    return hashlib.sha256(label_table(labels).encode()).hexdigest()


def write_table(labels: Sequence[Label], digest: str, out: Path) -> None:
    """Write that csv.

    Raises:
        MerflowError: Its sha256 is not ``digest``: the corpus changed since the run was planned.
    """
    if table_digest(labels) != digest:
        raise MerflowError(
            "the corpus in corpus.root changed while the run was under way; run the same command "
            "again"
        )
    write_text(out, label_table(labels))
    print(f"{len(labels)} clips listed")
