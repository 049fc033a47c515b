"""Folders and files that the settings name."""

from collections.abc import Iterator

from merflow.corpus.finding import Finding
from merflow.doctor.case import Case


def look(case: Case) -> Iterator[Finding]:
    """Yield each that is not there, with how to get it: without it no job starts."""
    for one in case.absent:
        yield Finding("error", f"{one.key} {one.what}", one.todo)
    if not case.absent:
        yield Finding("fine", "all that params.yaml names is there")
