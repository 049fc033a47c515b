"""Folders and files that the settings name."""

from collections.abc import Iterator

from merflow.corpus.adapters.registry import ADAPTERS
from merflow.corpus.finding import Finding
from merflow.doctor.case import Case

NEEDS = ("corpus", "faces", "noise", "features", "fusion")
"""Sections of ``params.yaml`` that must have the right form for this one."""


def look(case: Case) -> Iterator[Finding]:
    """Yield each that is not there, with how to get it: without it no job starts."""
    for one in case.absent:
        yield Finding("error", f"{one.key} {one.what}", one.todo)
    if not case.absent:
        yield Finding("fine", "all that params.yaml names is there")


def has_told_of_lists(case: Case) -> bool:
    """Return whether this section says that what lists the clips is not there."""
    if case.wrong.intersection(NEEDS):
        return False
    corpus = case.config["corpus"]
    lists = ["corpus.root"] if corpus["adapter"] in ADAPTERS else ["corpus.csv"]
    if corpus["adapter"] == "labels":
        lists = [f"corpus.labels.{split}" for split in corpus["labels"]]
    return any(one.key in lists for one in case.absent)
