"""How many speakers a corpus names: whether clips can be divided by them.

It is called while the workflow is read, so it imports nothing outside the standard library.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from merflow.corpus.adapters.registry import ADAPTERS, read_corpus
from merflow.corpus.label import TRAIN
from merflow.corpus.label_file import clip_name, files_inside, read_rows
from merflow.corpus.split_files import LABELS

MEASURED, UNNAMED, FEW, NOISY = "measured", "unnamed", "few", "noisy"
"""What can be said of a leak, see :func:`merflow.layout.leak.leak_of`."""


def count_speakers(corpus: Mapping[str, Any]) -> int | None:
    """Return how many speakers the train clips have; None unless each of them names its own.

    Only clips count whose file lies in the corpus folder and that are not known to be defective:
    the others will be in quarantine.

    Args:
        corpus: The section of ``params.yaml``.

    Raises:
        MerflowError: A list of clips cannot be read.
    """
    if corpus["adapter"] == "demo":
        # Every speaker has a clip before any has a second.
        return int(min(corpus["demo"]["speakers"], corpus["demo"]["clips"]["train"]))
    speakers = _of_labels(corpus) if corpus["adapter"] == "labels" else _of_clips(corpus)
    return len(speakers) if speakers and "" not in speakers else None


def _of_clips(corpus: Mapping[str, Any]) -> set[str]:
    """Return the speakers of the train clips that are there, empty where none is named."""
    # Clip -> path and speaker.
    train: dict[str, tuple[str, str]] = {}
    if corpus["adapter"] in ADAPTERS:
        for label in read_corpus(corpus):
            if label.split == TRAIN and not label.defect:
                train[label.clip] = label.path, label.speaker
    else:
        csv = Path(corpus["csv"])
        for line, row in read_rows(csv):
            if row.get("split", TRAIN) == TRAIN and not row.get("defect"):
                train[clip_name(csv, line, row)] = row["path"], row.get("speaker", "")
    there = files_inside(Path(corpus["root"]), {clip: path for clip, (path, _) in train.items()})
    return {train[clip][1] for clip in there}


def _of_labels(corpus: Mapping[str, Any]) -> set[str]:
    """Return the speakers of the train clips, empty where none is named."""
    rows = read_rows(Path(corpus["labels"][TRAIN]), ("name",), LABELS.format(split=TRAIN))
    return {row.get("speaker", "") for _, row in rows}
