"""How many speakers a corpus names: whether clips can be divided by them.

It is called while the workflow is read, so it imports nothing outside the standard library.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from merflow.corpus.adapters.registry import ADAPTERS, read_corpus
from merflow.corpus.label import TRAIN
from merflow.corpus.label_file import read_rows

MEASURED, UNNAMED, FEW, NOISY = "measured", "unnamed", "few", "noisy"
"""What can be said of a leak, see :func:`merflow.layout.leak.leak_of`."""


def count_speakers(corpus: Mapping[str, Any]) -> int | None:
    """Return how many speakers the train clips have; None unless each of them names its own.

    Only clips count whose file is there and not known to be defective: the others will be in
    quarantine.

    Args:
        corpus: The section of ``params.yaml``.

    Raises:
        MerflowError: A list of clips cannot be read.
    """
    if corpus["adapter"] == "demo":
        # Every speaker has a clip before any has a second.
        return int(min(corpus["demo"]["speakers"], corpus["demo"]["clips"]["train"]))
    speakers = set(_of_labels(corpus) if corpus["adapter"] == "labels" else _of_clips(corpus))
    return len(speakers) if speakers and "" not in speakers else None


def _of_clips(corpus: Mapping[str, Any]) -> Iterator[str]:
    """Yield the speaker of each train clip that is there, empty where none is named."""
    root = Path(corpus["root"])
    if corpus["adapter"] in ADAPTERS:
        for label in read_corpus(corpus):
            if label.split == TRAIN and not label.defect and _is_there(root, label.path):
                yield label.speaker
        return
    for _, row in read_rows(Path(corpus["csv"])):
        if row.get("split", TRAIN) == TRAIN and _is_there(root, row["path"]):
            yield row.get("speaker", "")


def _of_labels(corpus: Mapping[str, Any]) -> Iterator[str]:
    """Yield the speaker of each train clip, empty where none is named."""
    file = Path(corpus["labels"][TRAIN])
    for _, row in read_rows(file, ("name",), f"corpus.labels.{TRAIN}"):
        yield row.get("speaker", "")


def _is_there(root: Path, path: str) -> bool:
    """Return whether a clip's file exists."""
    try:
        return (root / path).is_file()
    except (OSError, ValueError):  # too long, forbidden, NUL
        return False
