"""The user's clips as a csv or the corpus's own layout lists them, read once however many ask.

It is used while the workflow is read, so it imports nothing outside the standard library.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from merflow.corpus.adapters.label_table import table_digest
from merflow.corpus.adapters.registry import ADAPTERS, read_corpus
from merflow.corpus.label import TRAIN, Label
from merflow.corpus.label_file import clip_name, files_inside, read_rows


@dataclass(frozen=True)
class Row:
    """What is known of a clip before it is decoded; what is not given is empty."""

    path: str
    split: str
    speaker: str
    defect: str


@dataclass(frozen=True)
class ListedClips:
    """The clips of adapter ``table`` or of a corpus in a layout of its own, each thing read once.

    All properties raise MerflowError where a list or folder cannot be read or is wrong.

    Attributes:
        corpus: The section of ``params.yaml``.
    """

    corpus: Mapping[str, Any]

    @cached_property
    def labels(self) -> list[Label]:
        """The labels of a corpus in a layout of its own, see :func:`read_corpus`."""
        return read_corpus(self.corpus)

    @cached_property
    def digest(self) -> str:
        """Hex sha256 of the list that a corpus in a layout of its own comes to."""
        return table_digest(self.labels)

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Clip -> what is listed of it; of two clips of one name the last."""
        if self.corpus["adapter"] in ADAPTERS:
            return {
                label.clip: Row(label.path, label.split, label.speaker, label.defect)
                for label in self.labels
            }
        csv = Path(self.corpus["csv"])
        return {
            clip_name(csv, line, row): Row(
                row["path"], row.get("split", TRAIN), row.get("speaker", ""), row.get("defect", "")
            )
            for line, row in read_rows(csv)
        }

    @cached_property
    def there(self) -> dict[str, str]:
        """Clip -> ``root/path`` of the files that lie in the corpus folder, sorted by clip.

        All others are left to the check of the corpus, which quarantines them.
        """
        paths = {clip: row.path for clip, row in self.rows.items()}
        return files_inside(Path(self.corpus["root"]), paths)
