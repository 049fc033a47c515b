"""What is right or wrong with the clips and labels of a corpus, as ``merflow doctor`` prints it.

It is called before any job, so it imports nothing outside the standard library.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from merflow.corpus.label_file import listed_clips, read_rows
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
        At least one finding, in an order that follows from the files alone. Bad input is a finding
        too, never an error.
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


def _demo(corpus: Mapping[str, Any]) -> list[Finding]:
    count = sum(corpus["demo"]["clips"].values())
    return [Finding("fine", f"{count} demo clips are generated in the run")]


def _table(corpus: Mapping[str, Any]) -> list[Finding]:
    csv, root = Path(corpus["csv"]), Path(corpus["root"])
    rows, there = sum(1 for _ in read_rows(csv)), len(listed_clips(csv, root))
    if there == rows:
        return [Finding("fine", f"{rows} clips are listed in {csv} and lie in {root}")]
    return [
        Finding(
            "warning" if there else "error",
            f"of {rows} clips that {csv} lists, {there} are files of their own names in {root}",
            "correct corpus.root or the paths; the others are quarantined",
        )
    ]


def _labels(corpus: Mapping[str, Any]) -> list[Finding]:
    names = clip_names({split: Path(file) for split, file in corpus["labels"].items()})
    return [Finding("fine", f"{len(names)} clips are listed by their labels; none is decoded")]
