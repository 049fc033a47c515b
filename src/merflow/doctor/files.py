"""Folders and files that the settings name."""

from collections.abc import Iterator

from merflow.corpus.adapters.registry import ADAPTERS
from merflow.corpus.finding import Finding
from merflow.doctor.case import Case
from merflow.doctor.words import listed
from merflow.settings.files import NAMED


def look(case: Case) -> Iterator[Finding]:
    """Yield each that is not there, with how to get it: without it no job starts."""
    for one in case.absent:
        yield Finding("error", f"{one.key} {one.what}", one.todo)
    unread = sorted(case.wrong.intersection(part for parts, _ in NAMED for part in parts))
    if unread:
        yield Finding(
            "warning",
            f"what depends on {listed(unread)} is not looked at, as that cannot be read as "
            "settings",
            "mend what is told above, and call this again",
        )
    elif not case.absent:
        yield Finding("fine", "all that params.yaml names is there")


def has_told_of_lists(case: Case) -> bool:
    """Return whether this section says that what lists the clips is not there."""
    if "corpus" in case.wrong:
        return False
    corpus = case.config["corpus"]
    lists = ["corpus.root"] if corpus["adapter"] in ADAPTERS else ["corpus.csv"]
    if corpus["adapter"] == "labels":
        lists = [f"corpus.labels.{split}" for split in corpus.get("labels", {})]
    return any(one.key in lists for one in case.absent)
