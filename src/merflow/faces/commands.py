"""Commands of the noun ``faces``."""

from pathlib import Path
from typing import Any

import click

from merflow.options import FILE, FOLDER, SPEC


@click.group(name="faces")
def group() -> None:
    """Find, track, align and crop faces."""


@group.command()
@SPEC
@click.option("--manifest", type=FILE, required=True, help="Clips with path and sha256.")
@click.option("--root", type=FOLDER, required=True, help="Folder the paths are relative to.")
@click.option("--shard", type=click.IntRange(min=0), required=True, help="Which shard, from 0.")
@click.option("--shards", type=click.IntRange(min=1), required=True, help="How many there are.")
@click.option("--store", type=FOLDER, required=True, help="Where finished clips are kept.")
@click.option("--crops", type=FILE, required=True, help="Output: aligned faces, safetensors.")
@click.option("--tracks", type=FILE, required=True, help="Output: box a frame, parquet.")
@click.option("--facts", type=FILE, required=True, help="Output: one row a clip, csv.")
@click.option("--workers", type=click.IntRange(min=1), default=1, help="Processes; no result.")
def crop(
    spec: dict[str, Any],
    manifest: Path,
    root: Path,
    shard: int,
    shards: int,
    store: Path,
    crops: Path,
    tracks: Path,
    facts: Path,
    workers: int,
) -> None:
    """Write crops, tracks and facts of one shard of clips; spec: the section faces."""
    import cv2

    from merflow.faces.shard import DECISIVE, clips_of_shard, crop_shard, take_shard
    from merflow.threads import numeric_threads
    from merflow.training.spec import require, require_all

    backend = require(spec, "backend")
    needed = {"precropped": ("precropped",), "yunet": ("yunet", *DECISIVE)}
    require_all(spec, *needed.get(backend, DECISIVE))
    cv2.setNumThreads(numeric_threads())
    clips = clips_of_shard(manifest, shard, shards)
    if backend == "precropped":
        take_shard(spec, clips, crops, tracks, facts)
    else:
        crop_shard(spec, clips, root, store, crops, tracks, facts, workers)


@group.command()
@click.option("--tracks", type=FILE, multiple=True, required=True, help="One for each shard.")
@click.option("--facts", type=FILE, multiple=True, required=True, help="One for each shard.")
@click.option("--manifest", type=FILE, required=True, help="Clips with split and path.")
@click.option("--out", type=FILE, required=True, help="Output: one row a clip, csv.")
@click.option("--quarantine", type=FILE, required=True, help="Output: clips without a face, csv.")
def quality(
    tracks: tuple[Path, ...],
    facts: tuple[Path, ...],
    manifest: Path,
    out: Path,
    quarantine: Path,
) -> None:
    """Tell how well faces were found in each clip, and list clips without any."""
    from merflow.faces.quality import write_quality

    table = write_quality(tracks, facts, manifest, out, quarantine)
    frames, faces = int(table["frames"].sum()), int(table["faces"].sum())
    faceless = int((table["faces"] == 0).sum())
    print(f"faces: in {faces} of {frames} frames of {len(table)} clips; {faceless} clips faceless")


@group.command()
@click.option("--crops", type=FILE, multiple=True, required=True, help="Output of `faces crop`.")
@click.option("--manifest", type=FILE, required=True, help="Clips with sha256.")
@click.option("--quality", type=FILE, required=True, help="Output of `faces quality`.")
@click.option("--out", type=FILE, required=True, help="Output: a png, to be kept private.")
@click.option("--clips", type=click.IntRange(min=1), default=12, show_default=True)
def sheet(crops: tuple[Path, ...], manifest: Path, quality: Path, out: Path, clips: int) -> None:
    """Draw five crops each of a dozen clips and of the worst; it shows persons: do not publish."""
    from merflow.corpus.manifest import read_manifest
    from merflow.faces.crops import read_crops
    from merflow.faces.quality import read_quality
    from merflow.faces.sheet import contact_sheet, write_sheet

    listed = read_manifest(manifest)[["clip", "sha256"]]
    write_sheet(contact_sheet(read_crops(crops), listed, read_quality(quality), clips), out)
