"""Checking the clips of one shard by decoding each of them entirely."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from merflow.corpus.facts import Facts, FactsCodec
from merflow.corpus.label import Label
from merflow.corpus.label_file import relative_path
from merflow.corpus.manifest import CHECKED
from merflow.errors import MerflowError
from merflow.media.container import ClipDefect
from merflow.media.isolation import IsolatedCheck
from merflow.media.limits import LIMITS, Limits
from merflow.media.probe import ClipFacts
from merflow.progress import Progress
from merflow.storage.atomic import replacing
from merflow.storage.digest import code_digest, digest8, file_sha256, settings_digest
from merflow.storage.shards import ShardStore, shard_of

BATCH = 32
"""Clips lost at most by a kill."""


def check_shard(
    labels: Sequence[Label],
    root: Path,
    shard: int,
    shards: int,
    store: Path,
    out: Path,
    limits: Limits = LIMITS,
) -> int:
    """Check the clips of one shard, write a row for each and return how many were decoded.

    A clip's defect is never an error, nor is the crash of a decoder: it becomes the row's reason
    and detail. What ``store`` holds of a clip's content is not found out again.

    Raises:
        MerflowError: The root of the corpus does not exist, or a clip vanished meanwhile.
    """
    if not root.is_dir():
        raise MerflowError(
            f"the corpus folder {root} was looked for at {root.absolute()} and is not there; put "
            "the clips there (docs/corpora.md says how to obtain each corpus) or correct "
            "corpus.root"
        )
    chosen = [label for label in labels if shard_of(label.clip, shards) == shard]
    chosen.sort(key=lambda label: label.clip)
    rows, progress = [], Progress(f"files of {out.stem}", len(chosen), "clips")
    files: dict[str, Path] = {}
    for label in chosen:
        rows.append(_found(label, root, files))
        progress.add()
    # One shard of another corpus that shares the store must not replace what is kept of this one.
    kept = store / "facts" / digest8(out.parent.as_posix()) / f"{out.stem}{FactsCodec.suffix}"
    recipe = [code_digest("merflow.corpus.check", "merflow.media"), asdict(limits)]
    folder = ShardStore(store, settings_digest(recipe), FactsCodec())
    with IsolatedCheck(limits) as check_clip:
        decoded = folder.complete(
            list(files),
            lambda keys: {key: _facts(files[key], check_clip) for key in keys},
            kept,
            BATCH,
        )
    facts = FactsCodec().read(kept, list(files))
    table = pd.DataFrame([_completed(row, facts) for row in rows], columns=CHECKED)
    with replacing(out) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    print(f"{out.stem}: {len(rows)}/{len(rows)} clips checked", flush=True)
    return decoded


def locate(root: Path, path: str) -> Path:
    """Return a clip's file with all links followed.

    Raises:
        ClipDefect: ``outside_root`` where path or a link leads out of the corpus folder, or an
            absolute path gets there by a link to the file alone; ``missing`` or ``empty``.
    """
    top = root.resolve()
    try:
        file = (top / path).resolve()
    except (OSError, RuntimeError) as error:  # a loop of links
        raise ClipDefect("missing", "its path cannot be followed") from error
    if not file.is_relative_to(top):
        raise ClipDefect("outside_root", "its path or a link leads out of corpus.root")
    # What files_inside leaves out must not be taken here, as the graph does not watch it.
    named = relative_path(root, path)
    if not (top / named).is_file():
        raise ClipDefect("missing", "there is no such file")
    if os.path.isabs(named):
        raise ClipDefect("outside_root", "it is a link that lies outside of corpus.root")
    if file.stat().st_size == 0:
        raise ClipDefect("empty", "the file has 0 bytes")
    return file


def _found(label: Label, root: Path, files: dict[str, Path]) -> Mapping[str, str]:
    """Return a clip's row with its defect, or with the key under which ``files`` names it.

    Its path is relative to the corpus folder, however the label file has it.
    """
    row = {**vars(label), "path": relative_path(root, label.path)}
    row |= {"sha256": "", "duration": "", "reason": "", "detail": "", "key": ""}
    if label.defect:
        return row | {"reason": "defective", "detail": label.defect}
    try:
        file = locate(root, label.path)
        sha256 = file_sha256(file)
    except ClipDefect as defect:
        return row | {"reason": defect.reason, "detail": defect.detail}
    except OSError as error:
        return row | {"reason": "undecodable", "detail": f"it cannot be read ({error.strerror})"}
    # Some formats are told apart by the suffix, so it decides the facts together with the content.
    key = f"{sha256}{file.suffix.lower()}"
    files.setdefault(key, file)
    return row | {"sha256": sha256, "key": key}


def _facts(file: Path, check_clip: Callable[[Path], ClipFacts]) -> Facts:
    """Return what decoding shows.

    Raises:
        MerflowError: The file has vanished; this says nothing of its content and is not kept.
    """
    try:
        return {"duration": f"{check_clip(file).duration_s:.3f}", "reason": "", "detail": ""}
    except ClipDefect as defect:
        if defect.reason in {"missing", "empty"}:
            raise MerflowError(
                f"{file} changed while it was checked; run the same command again"
            ) from defect
        return {"duration": "", "reason": defect.reason, "detail": defect.detail}


def _completed(row: Mapping[str, str], facts: Mapping[str, Facts]) -> Mapping[str, str]:
    """Return a row with what is known of its content; only a usable clip keeps its digest."""
    if row["reason"]:
        return row
    known = facts[row["key"]]
    return {**row, **known, "sha256": "" if known["reason"] else row["sha256"]}
