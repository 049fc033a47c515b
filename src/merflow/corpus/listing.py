"""Listing clips of which there are labels alone, as when others have extracted their features."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from merflow.corpus.label import Label
from merflow.corpus.manifest import CHECKED
from merflow.storage.atomic import replacing


def list_clips(labels: Sequence[Label], out: Path) -> None:
    """Write what the check of clips writes, without looking at any: no path, no duration.

    A clip's digest is that of its name, as there is no content.
    """
    rows = [
        {**vars(label), "sha256": hashlib.sha256(label.clip.encode()).hexdigest()}
        for label in labels
    ]
    table = pd.DataFrame(rows).reindex(columns=CHECKED, fill_value="")
    with replacing(out) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    print(f"{len(labels)} clips listed by their labels")
