"""How many speakers a corpus names: whether clips can be divided by them.

It is called while the workflow is read, so it imports nothing outside the standard library.
"""

from pathlib import Path

from merflow.corpus.label import TRAIN
from merflow.corpus.label_file import read_rows
from merflow.corpus.listed import ListedClips
from merflow.corpus.split_files import LABELS

MEASURED, UNNAMED, FEW, NOISY = "measured", "unnamed", "few", "noisy"
"""What can be said of a leak, see :func:`merflow.layout.leak.leak_of`."""


def count_speakers(clips: ListedClips) -> int | None:
    """Return how many speakers the train clips have; None unless each of them names its own.

    Only clips count whose file lies in the corpus folder and that are not known to be defective:
    the others will be in quarantine.

    Args:
        clips: The corpus, of any adapter.

    Raises:
        MerflowError: A list of clips cannot be read.
    """
    corpus = clips.corpus
    if corpus["adapter"] == "demo":
        # Every speaker has a clip before any has a second.
        return int(min(corpus["demo"]["speakers"], corpus["demo"]["clips"]["train"]))
    if corpus["adapter"] == "labels":
        speakers = _of_labels(Path(corpus["labels"][TRAIN]))
    else:
        rows = [clips.rows[clip] for clip in clips.there]
        speakers = {row.speaker for row in rows if row.split == TRAIN and not row.defect}
    return len(speakers) if speakers and "" not in speakers else None


def _of_labels(file: Path) -> set[str]:
    """Return the speakers of the train clips, empty where none is named."""
    rows = read_rows(file, ("name",), LABELS.format(split=TRAIN))
    return {row.get("speaker", "") for _, row in rows}
