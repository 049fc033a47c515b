"""One shard of clips: what is to be done, and its two output files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from merflow.corpus.manifest import read_manifest
from merflow.faces.crops import TRACK, CropCodec, FaceClip, read_crops
from merflow.faces.detect import Detector, make_detector
from merflow.faces.facts import COLUMNS
from merflow.faces.make import clip_maker
from merflow.faces.pool import Pool, Task
from merflow.faces.precropped import face_of_pictures
from merflow.progress import Progress
from merflow.storage.atomic import replacing
from merflow.storage.digest import code_digest, settings_digest
from merflow.storage.shards import ShardStore, shard_of

BATCH = 8
"""Clips lost at most by a kill."""
DECISIVE = ("fps", "min_face", "detect_side", "detect_every", "person", "mask")
"""The settings that decide a detector's crops, beside the backend and its weights."""
SCHEMA = pa.schema(
    [("clip", pa.string()), ("frame", pa.int32())]
    + [(name, pa.float32()) for name in TRACK[1:]]
    + [("kept", pa.bool_())]
)


def clips_of_shard(manifest: Path, shard: int, shards: int) -> pd.DataFrame:
    """Return the rows (clip, path, sha256) of one shard, sorted by clip."""
    rows = read_manifest(manifest)[["clip", "path", "sha256"]]
    return rows[[shard_of(clip, shards) == shard for clip in rows["clip"]]]


def recipe_of(spec: Mapping[str, Any], detector: Detector | None) -> str:
    """Return the digest of all that decides a clip's crops, but the clip and given pictures.

    Where the weight file lies does not count, its content does.

    Args:
        spec: The section ``faces`` of the parameters.
        detector: The backend; None for given pictures.
    """
    settings = {"backend": spec["backend"]}
    if detector is not None:
        settings |= {name: spec[name] for name in DECISIVE}
        settings["weights"] = detector.weights_sha256
    return settings_digest([settings, code_digest("merflow.faces", "merflow.media")])


def take_shard(
    spec: Mapping[str, Any], clips: pd.DataFrame, crops: Path, tracks: Path, facts: Path
) -> int:
    """Write the given pictures of one shard, and return how many clips there are.

    Nothing is kept in a store: reading them again costs little, and a store would have to know
    whether they are still the same. Clips with the same content share the pictures of the first
    of them that has any.

    Args:
        spec: The section ``faces`` of the parameters, backend ``precropped``.
        clips: Rows of :func:`clips_of_shard`.
        crops, tracks, facts: Outputs, as of :func:`crop_shard`.
    """
    root = Path(spec["precropped"]["root"])
    items: dict[str, FaceClip] = {}
    progress = Progress(crops.stem, len(clips), "items")
    for clip, sha256 in zip(clips["clip"], clips["sha256"], strict=True):
        if sha256 not in items or not len(items[sha256].crops):
            items[sha256] = face_of_pictures(root, clip)
        progress.add()
    with replacing(crops) as temporary:
        CropCodec().write(temporary, items, recipe_of(spec, None))
    write_tracks(clips, crops, tracks)
    write_facts(clips, crops, facts)
    return len(items)


def crop_shard(
    spec: Mapping[str, Any],
    clips: pd.DataFrame,
    root: Path,
    store: Path,
    crops: Path,
    tracks: Path,
    facts: Path,
    workers: int = 1,
) -> int:
    """Write crops, facts and tracks of one shard, and return how many clips were computed.

    Clips with the same content are computed once; what ``store`` holds is not computed again.

    Args:
        spec: The section ``faces`` of the parameters.
        clips: Rows of :func:`clips_of_shard`.
        root: Folder that the paths are relative to.
        store: Folder of the finished parts.
        crops: Output, layout of :class:`CropCodec`.
        tracks: Output, parquet with the columns of ``SCHEMA``, sorted by clip and frame.
        facts: Output, csv with a row a clip, columns clip and those of ``Facts``.
        workers: Processes that work side by side; they change no result.

    Raises:
        MerflowError: A clip is missing, outside of ``root`` or changed; the detector's file is not
            the declared one.
    """
    detector = make_detector(spec)
    first = clips.drop_duplicates("sha256").set_index("sha256")

    def task(key: str) -> Task:
        return root, first.loc[key, "clip"], first.loc[key, "path"], key

    folder = ShardStore(store, recipe_of(spec, detector), CropCodec())
    with Pool(_pinned(spec, detector), clip_maker, workers) as pool:

        def compute(keys: Sequence[str]) -> dict[str, FaceClip]:
            return dict(zip(keys, pool.make([task(key) for key in keys]), strict=True))

        def plan(batches: Sequence[Sequence[str]]) -> None:
            pool.plan(task(key) for batch in batches for key in batch)

        computed = folder.complete(list(first.index), compute, crops, BATCH, plan)
    write_tracks(clips, crops, tracks)
    write_facts(clips, crops, facts)
    return computed


def _pinned(spec: Mapping[str, Any], detector: Detector) -> Mapping[str, Any]:
    """Return the settings with the digest of the loaded network, which every process must find.

    This process alone asks to pin a digest that is not declared.
    """
    if spec["backend"] != "yunet":
        return spec
    return {**spec, "yunet": {**spec["yunet"], "sha256": detector.weights_sha256}}


def write_tracks(clips: pd.DataFrame, crops: Path, output: Path) -> None:
    """Write the tracks of all clips, also of those with equal content, as one table."""
    reader = read_crops([crops])
    tables = [SCHEMA.empty_table()]
    for clip, sha256 in zip(clips["clip"], clips["sha256"], strict=True):
        track = reader.track(sha256)
        columns = [[clip] * len(track), track[:, 0].astype("int32"), *track[:, 1:].T]
        kept = track[:, TRACK.index("score")] == track[:, TRACK.index("score")]
        tables.append(pa.table([*columns, kept], schema=SCHEMA))
    with replacing(output) as temporary:
        pq.write_table(pa.concat_tables(tables).combine_chunks(), temporary)


def write_facts(clips: pd.DataFrame, crops: Path, output: Path) -> None:
    """Write how the face of each clip was chosen, a row a clip."""
    reader = read_crops([crops])
    rows = [
        {"clip": clip, **asdict(reader.facts(sha256))}
        for clip, sha256 in zip(clips["clip"], clips["sha256"], strict=True)
    ]
    with replacing(output) as temporary:
        table = pd.DataFrame(rows, columns=["clip", *COLUMNS])
        table.to_csv(temporary, index=False, lineterminator="\n")
