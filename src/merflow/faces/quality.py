"""How well faces were found, clip by clip."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pandas as pd

from merflow.corpus.manifest import read_manifest
from merflow.errors import MerflowError
from merflow.faces.track import overlap
from merflow.storage.atomic import replacing

JUMP = 0.5
"""Two consecutive boxes of a track that overlap less (IoU) may be two persons (ours)."""


def quality_table(tracks: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Return one row a clip of the manifest, sorted by clip.

    Columns: clip; split; frames (looked at); faces (frames with one); face_rate (faces/frames);
    median_size (square root of the box's area, pixels; empty without a face); switches (how often
    the box jumps between two frames with a face, a hint that the person may have changed).

    Args:
        tracks: The tables of all shards.
        manifest: With the columns clip and split.

    Raises:
        MerflowError: A clip of the manifest has no track.
    """
    by_clip = dict(list(tracks.groupby("clip")))
    rows = []
    for clip, split in sorted(zip(manifest["clip"], manifest["split"], strict=True)):
        if clip not in by_clip:
            raise MerflowError(f"clip {clip} is in no track table; run `faces crop` for its shard")
        track = by_clip[clip]
        boxes = track.loc[track["kept"], ["x", "y", "w", "h"]].to_numpy(dtype=float)
        sizes = pd.Series((boxes[:, 2] * boxes[:, 3]) ** 0.5)
        jumps = [overlap(tuple(a), tuple(b)) < JUMP for a, b in pairwise(boxes)]
        share = len(boxes) / len(track)
        rows.append((clip, split, len(track), len(boxes), share, sizes.median(), sum(jumps)))
    names = ["clip", "split", "frames", "faces", "face_rate", "median_size", "switches"]
    return pd.DataFrame(rows, columns=names).round({"face_rate": 4, "median_size": 1})


def faceless_table(quality: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Return the clips without any face: clip, split, path, reason, detail; sorted by clip."""
    none = quality.loc[quality["faces"] == 0, ["clip", "split", "frames"]]
    table = none.merge(manifest[["clip", "path"]], on="clip")
    table["reason"] = "faceless"
    table["detail"] = [f"no face in {frames} frames" for frames in table["frames"]]
    return table[["clip", "split", "path", "reason", "detail"]].sort_values("clip")


def write_quality(
    tracks: Sequence[Path], manifest: Path, quality: Path, quarantine: Path
) -> pd.DataFrame:
    """Merge the shards' tracks and write both tables as csv; returns the first.

    Raises:
        MerflowError: A table is missing, or a clip of the manifest has no track.
    """
    missing = [path for path in tracks if not path.is_file()]
    if missing:
        raise MerflowError(f"there is no track table {missing[0]}; run `faces crop` for its shard")
    listed = read_manifest(manifest)
    merged = quality_table(pd.concat([pd.read_parquet(path) for path in tracks]), listed)
    for path, table in ((quality, merged), (quarantine, faceless_table(merged, listed))):
        with replacing(path) as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
    return merged
