"""Commands of the noun ``noise``."""

from pathlib import Path
from typing import Any

import click

from merflow.options import KNOWN, PATH, SPEC

DRAWING = ("seed", "preset", "visual")
"""Settings that every draw takes."""


@click.group(name="noise")
def group() -> None:
    """Draw the corruptions of augmented copies and of test clips."""


@group.command()
@SPEC
@click.option("--manifest", required=True, type=PATH, help="Corpus manifest.")
@click.option("--root", required=True, type=PATH, help="Noise folder.")
@KNOWN
@click.option("--out", required=True, type=PATH, help="Noise manifest.")
def draw(spec: dict[str, Any], manifest: Path, root: Path, known: Path | None, out: Path) -> None:
    """Draw the corruption of every training copy; spec: seed, copies, preset, visual."""
    from merflow.corpus.manifest import read_manifest
    from merflow.noise.draw import draw_noise
    from merflow.noise.manifest import write_noise
    from merflow.training.spec import require_all

    require_all(spec, *DRAWING, "copies")
    table = read_manifest(manifest)
    clips = list(table["clip"][table["split"] == "train"])
    rows = draw_noise(spec, clips, root, known)
    write_noise(out, rows)
    click.echo(f"{len(rows)} corrupted copies of {len(clips)} training clips")


@group.command("draw-tests")
@SPEC
@click.option("--manifest", required=True, type=PATH, help="Corpus manifest.")
@click.option("--root", required=True, type=PATH, help="Noise folder.")
@KNOWN
@click.option("--split", "splits", required=True, multiple=True, help="Test split; repeatable.")
@click.option("--snr", type=int, help="SNR of all clips in dB; pictures stay. Else both are drawn.")
@click.option("--out", required=True, type=PATH, help="Noise manifest.")
def draw_test_clips(
    spec: dict[str, Any],
    manifest: Path,
    root: Path,
    known: Path | None,
    splits: tuple[str, ...],
    snr: int | None,
    out: Path,
) -> None:
    """Draw a corruption of every test clip from recordings that corrupt no training copy.

    Spec: seed, preset, visual.
    """
    from merflow.corpus.manifest import read_manifest
    from merflow.noise.draw import draw_tests
    from merflow.noise.manifest import write_noise
    from merflow.training.spec import require_all

    require_all(spec, *DRAWING)
    table = read_manifest(manifest)
    rows = draw_tests(spec, table["clip"][table["split"].isin(splits)], root, snr, known)
    write_noise(out, rows)
    click.echo(f"{len(rows)} corrupted test clips")


@group.command()
@click.option("--manifest", required=True, type=PATH, help="Corpus manifest.")
@click.option("--root", required=True, type=PATH, help="Corpus root.")
@click.option("--noise", required=True, type=PATH, help="Noise manifest of the test clips.")
@click.option("--noise-root", required=True, type=PATH, help="Noise folder.")
@KNOWN
@click.option("--split", "splits", required=True, multiple=True, help="Test split; repeatable.")
@click.option("--shard", required=True, type=click.IntRange(min=0), help="Which shard, from 0.")
@click.option("--shards", required=True, type=click.IntRange(min=1), help="How many there are.")
@click.option("--folder", required=True, type=PATH, help="Folder of the corrupted clips.")
@click.option("--out", required=True, type=PATH, help="csv of this shard's clips.")
def corrupt(
    manifest: Path,
    root: Path,
    noise: Path,
    noise_root: Path,
    known: Path | None,
    splits: tuple[str, ...],
    shard: int,
    shards: int,
    folder: Path,
    out: Path,
) -> None:
    """Write corrupted test clips as mp4, those of one shard."""
    from merflow.corpus.manifest import read_manifest
    from merflow.noise.folder import NoiseFolder
    from merflow.noise.manifest import read_noise
    from merflow.noise.noisy_corpus import TestClip, write_noisy_shard
    from merflow.storage.shards import shard_of

    table = read_manifest(manifest)
    table = table[table["split"].isin(splits)][["clip", "split", "path", "sha256"]]
    every = [TestClip(*row) for row in table.itertuples(index=False)]
    clips = [clip for clip in every if shard_of(clip.clip, shards) == shard]
    rows = {row.clip: row for row in read_noise(noise)}
    write_noisy_shard(clips, rows, root, NoiseFolder(noise_root, known), folder, out)


@group.command("list")
@click.option("--part", "parts", required=True, multiple=True, type=PATH, help="csv of a shard.")
@click.option("--folder", required=True, type=PATH, help="Folder of the corrupted clips.")
@click.option("--out", required=True, type=PATH, help="csv of all clips.")
def list_clips(parts: tuple[Path, ...], folder: Path, out: Path) -> None:
    """List the corrupted test clips and how each was made."""
    from merflow.noise.noisy_corpus import write_noisy_list

    click.echo(f"{write_noisy_list(parts, folder, out)} corrupted clips in {folder}")


@group.command()
@SPEC
@click.option("--manifest", required=True, type=PATH, help="Corpus manifest.")
@click.option("--root", required=True, type=PATH, help="Noise folder.")
@KNOWN
@click.option("--out", required=True, type=PATH, help="Noise manifest.")
def levels(spec: dict[str, Any], manifest: Path, root: Path, known: Path | None, out: Path) -> None:
    """Draw the noise of every clip of a split at every SNR; spec: split, snr, seed."""
    from merflow.corpus.manifest import read_manifest
    from merflow.noise.levels import draw_levels
    from merflow.noise.manifest import write_noise
    from merflow.training.spec import require_all

    require_all(spec, "split", "snr", "seed")
    rows = draw_levels(spec, read_manifest(manifest), root, known)
    write_noise(out, rows)
    click.echo(f"{len(rows)} corrupted copies of {len({row.clip for row in rows})} clips")
