"""Checking the clips of one shard by decoding each of them entirely."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from merflow.corpus.labels import Label
from merflow.corpus.manifest import CHECKED
from merflow.errors import MerflowError
from merflow.media.container import ClipDefect
from merflow.media.probe import check_clip
from merflow.storage.atomic import replacing
from merflow.storage.digest import file_sha256
from merflow.storage.shards import shard_of


def check_shard(labels: Sequence[Label], root: Path, shard: int, shards: int, out: Path) -> None:
    """Check the clips of one shard and write a row for each, usable or not.

    A clip's defect is never an error: it becomes the row's reason and detail.

    Raises:
        MerflowError: The root of the corpus does not exist.
    """
    if not root.is_dir():
        raise MerflowError(
            f"the corpus folder {root} was looked for at {root.absolute()} and is not there; put "
            "the clips there (docs/corpora.md says how to obtain each corpus) or correct "
            "corpus.root"
        )
    chosen = [label for label in labels if shard_of(label.clip, shards) == shard]
    rows, told = [], time.monotonic()
    for number, label in enumerate(sorted(chosen, key=lambda label: label.clip), start=1):
        rows.append(check_label(label, root))
        if time.monotonic() - told > 5 or number == len(chosen):
            told = time.monotonic()
            print(f"{out.stem}: {number}/{len(chosen)} clips checked", flush=True)
    with replacing(out) as temporary:
        table = pd.DataFrame(rows, columns=CHECKED)
        table.to_csv(temporary, index=False, lineterminator="\n")


def check_label(label: Label, root: Path) -> Mapping[str, str]:
    """Return the row of one clip: the manifest's columns, reason and detail, all as text."""
    row = {**vars(label), "sha256": "", "duration": "", "reason": "", "detail": ""}
    try:
        file = locate(root, label.path)
        facts = check_clip(file)
        row |= {"sha256": file_sha256(file), "duration": f"{facts.duration_s:.3f}"}
    except ClipDefect as defect:
        row |= {"reason": defect.reason, "detail": defect.detail}
    except OSError as error:
        row |= {"reason": "undecodable", "detail": f"it cannot be read ({error.strerror})"}
    return row


def locate(root: Path, path: str) -> Path:
    """Return a clip's file with all links followed.

    Raises:
        ClipDefect: ``outside_root`` where path or a link leads out of the corpus folder.
    """
    top = root.resolve()
    try:
        file = (top / path).resolve()
    except (OSError, RuntimeError) as error:  # a loop of links
        raise ClipDefect("missing", "its path cannot be followed") from error
    if Path(path).is_absolute() or not file.is_relative_to(top):
        raise ClipDefect("outside_root", "its path or a link leads out of corpus.root")
    return file
