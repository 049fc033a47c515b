"""How well faces were found, clip by clip."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from merflow.corpus.manifest import read_manifest
from merflow.errors import MerflowError
from merflow.faces.overlap import overlap
from merflow.storage.atomic import replacing

JUMP = 0.5
"""Two consecutive boxes of a track that overlap less (IoU) may be two persons (ours)."""


TEXT = {"clip": str, "person": str, "reason": str}
NAMES = ("clip", "split", "frames", "faces", "face_rate", "median_size", "jumps")


def quality_table(
    tracks: pd.DataFrame, facts: pd.DataFrame, manifest: pd.DataFrame
) -> pd.DataFrame:
    """Return one row a clip of the manifest, sorted by clip.

    Columns: clip; split; frames (looked at); faces (frames with one); face_rate (faces/frames);
    median_size (square root of the box's area, pixels; empty without a face, and for given
    pictures); jumps (how often the box jumps between two frames with a face, a hint that the
    person may have changed); those of :class:`merflow.faces.facts.Facts`; rank (1 is the worst:
    the lowest face rate, then most jumps, then the smallest face).

    Args:
        tracks: The tables of all shards.
        facts: The tables of all shards, columns clip and those of ``Facts``.
        manifest: With the columns clip and split.

    Raises:
        MerflowError: A clip of the manifest is in no shard.
    """
    by_clip, none = dict(list(tracks.groupby("clip"))), tracks.iloc[:0]
    told, rows = set(facts["clip"]), []
    for clip, split in sorted(zip(manifest["clip"], manifest["split"], strict=True)):
        if clip not in told:
            raise MerflowError(f"clip {clip} is in no track table; run `faces crop` for its shard")
        track = by_clip.get(clip, none)
        boxes = track.loc[track["kept"].astype(bool), ["x", "y", "w", "h"]].to_numpy(dtype=float)
        sizes = pd.Series((boxes[:, 2] * boxes[:, 3]) ** 0.5)
        known = [tuple(box) for box in boxes if not np.isnan(box).any()]
        jumps = sum(overlap(a, b) < JUMP for a, b in pairwise(known))
        share = len(boxes) / len(track) if len(track) else 0.0
        rows.append((clip, split, len(track), len(boxes), share, sizes.median(), jumps))
    table = pd.DataFrame(rows, columns=list(NAMES)).merge(facts, on="clip", how="left")
    table["rank"] = _rank(table)
    return table.round({"face_rate": 4, "median_size": 1})


def _rank(table: pd.DataFrame) -> pd.Series:
    """Return the place of each clip, 1 for the worst; equal ones by their names."""
    keys = pd.DataFrame({"rate": table["face_rate"], "jumps": -table["jumps"]})
    keys["size"], keys["clip"] = table["median_size"], table["clip"]
    order = keys.sort_values(["rate", "jumps", "size", "clip"], na_position="first").index
    return pd.Series(range(1, len(order) + 1), index=order).sort_index()


def faceless_table(quality: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Return the clips without any face: clip, split, path, reason, detail; sorted by clip."""
    none = quality.loc[quality["faces"] == 0, ["clip", "split", "reason"]]
    table = none.rename(columns={"reason": "detail"}).merge(manifest[["clip", "path"]], on="clip")
    table["reason"] = "faceless"
    return table[["clip", "split", "path", "reason", "detail"]].sort_values("clip")


def read_quality(path: Path) -> pd.DataFrame:
    """Return the quality table that :func:`write_quality` wrote.

    Raises:
        MerflowError: It is not there.
    """
    if not path.is_file():
        raise MerflowError(f"there is no quality table {path}; run `faces quality`")
    # A clip may be called NA: only a size may be unknown.
    return pd.read_csv(path, dtype=TEXT, keep_default_na=False, na_values={"median_size": [""]})


def write_quality(
    tracks: Sequence[Path], facts: Sequence[Path], manifest: Path, quality: Path, quarantine: Path
) -> pd.DataFrame:
    """Merge the shards' tracks and facts and write both tables as csv; returns the first.

    Raises:
        MerflowError: A table is missing, or a clip of the manifest is in none.
    """
    missing = [path for path in (*tracks, *facts) if not path.is_file()]
    if missing:
        raise MerflowError(f"there is no track table {missing[0]}; run `faces crop` for its shard")
    listed = read_manifest(manifest)
    told = [pd.read_csv(path, dtype=TEXT, keep_default_na=False) for path in facts]
    boxes = [pd.read_parquet(path) for path in tracks]
    merged = quality_table(pd.concat(boxes), pd.concat(told), listed)
    for path, table in ((quality, merged), (quarantine, faceless_table(merged, listed))):
        with replacing(path) as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
    return merged
