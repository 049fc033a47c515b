"""What is right or wrong with the clips and labels of a corpus, as ``merflow doctor`` prints it.

It is called before any job, so it imports nothing outside the standard library.
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from merflow.corpus.label import TRAIN
from merflow.corpus.label_file import clip_name, files_inside, read_rows
from merflow.corpus.split_files import clip_names
from merflow.errors import MerflowError


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: ``error`` stops a run or spoils it, ``warning`` should be looked at, ``fine`` is as
            it should be.
        what: One sentence, without its full stop.
        todo: What to do about it; empty where all is fine.
    """

    level: Literal["error", "warning", "fine"]
    what: str
    todo: str = ""


def inspect(config: Mapping[str, Any]) -> list[Finding]:
    """Look at the labels and clips that ``corpus`` names, without decoding any clip.

    Args:
        config: Settings that :func:`merflow.settings.check` accepts; what they name may be missing.

    Returns:
        Findings in an order that follows from the files alone; none where the lists have no row,
        which is for their reader to tell. Bad input is a finding too, never an error.
    """
    # The adapters, which make findings, import this module.
    from merflow.corpus.adapters.registry import inspect_corpus

    corpus = config["corpus"]
    listed = {"demo": _demo, "table": _table, "labels": _labels}
    looked = listed.get(corpus["adapter"], inspect_corpus)
    try:
        return looked(corpus)
    except MerflowError as error:
        return [of_error(error)]


def of_error(error: MerflowError) -> Finding:
    """Return the finding of bad input, whose sentence ends with what to do."""
    what, _, todo = str(error).rpartition("; ")
    return Finding("error", what, todo) if what else Finding("error", todo, "correct it")


def few(names: Sequence[object]) -> str:
    """Return the first three of some names, and how many there are beside.

    Names that hold a comma are quoted.
    """
    shown = ", ".join(f'"{name}"' if "," in str(name) else str(name) for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _demo(corpus: Mapping[str, Any]) -> list[Finding]:
    count = sum(corpus["demo"]["clips"].values())
    return [Finding("fine", f"{count} demo clips are generated in the run")]


def _table(corpus: Mapping[str, Any]) -> list[Finding]:
    """Look which listed clips are there, lead out of the corpus, or are listed twice."""
    csv, root = Path(corpus["csv"]), Path(corpus["root"])
    named = [(clip_name(csv, line, row), row) for line, row in read_rows(csv)]
    rows = dict(named)
    there = files_inside(root, {clip: row["path"] for clip, row in rows.items()})
    found = []
    counts = Counter(clip for clip, _ in named)
    doubled = [clip for clip, count in counts.items() if count > 1]
    if doubled:
        found.append(
            Finding(
                "error",
                f"{csv} has several rows of {len(doubled)} clips ({few(doubled)})",
                "keep one row of each, or tell them apart by a column clip",
            )
        )
    others = [row["path"] for clip, row in rows.items() if clip not in there]
    outside = [path for path in others if os.path.isfile(root / path)]
    missing = [path for path in others if path not in set(outside)]
    listed = f"of {len(rows)} clips that {csv} lists"
    if missing:
        found.append(
            Finding(
                "warning" if there else "error",
                f"{listed}, {len(missing)} are not in {root} ({few(missing)})",
                "correct corpus.root or the paths; what is not there is quarantined as missing",
            )
        )
        found += _other_form(csv, root, missing)
    if outside:
        found.append(
            Finding(
                "warning" if there else "error",
                f"{listed}, {len(outside)} lie outside of {root}, by their paths or by links that "
                f"lead out ({few(outside)})",
                "put the files themselves there; as they are, they are quarantined as outside_root",
            )
        )
    if there:
        found += _empty_splits(root, rows, there)
    if rows and not found:
        found.append(Finding("fine", f"{len(rows)} clips are listed in {csv} and lie in {root}"))
    return found


def _other_form(csv: Path, root: Path, missing: Sequence[str]) -> Iterator[Finding]:
    """Yield which missing files are there under a name of another Unicode form.

    An accented letter is one character in form NFC, a letter and its accent in NFD, as some
    systems and archives write it; both look the same.
    """
    for form in ("NFC", "NFD"):
        written = {path: unicodedata.normalize(form, path) for path in missing}
        others = [
            path
            for path, other in written.items()
            if other != path and os.path.isfile(root / other)
        ]
        if others:
            yield Finding(
                "warning",
                f"{len(others)} of these are in {root} under names that differ in their Unicode "
                f"form alone, {form} there ({few(others)})",
                f"write the paths of {csv} in {form}, or rename the files as they stand in it",
            )


def _empty_splits(
    root: Path, rows: Mapping[str, Mapping[str, str]], there: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield the splits of which no clip is there, while others have theirs."""
    counts = Counter(row.get("split", TRAIN) for row in rows.values())
    kept = {rows[clip].get("split", TRAIN) for clip in there}
    for split, count in counts.items():
        if split not in kept:
            yield Finding(
                "error",
                f"{split}: none of its {count} clips is in {root}",
                "get them" + ("" if split == TRAIN else ", or take it out of corpus.tests"),
            )


def _labels(corpus: Mapping[str, Any]) -> list[Finding]:
    names = clip_names({split: Path(file) for split, file in corpus["labels"].items()})
    said = f"{len(names)} clips are listed by their labels; none is decoded"
    return [Finding("fine", said)] if names else []
