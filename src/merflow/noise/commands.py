"""Commands of the noun ``noise``."""

from pathlib import Path
from typing import Any

import click

from merflow.options import PATH, SPEC


@click.group(name="noise")
def group() -> None:
    """Draw the corruptions of augmented copies and of test clips."""


@group.command()
@SPEC
@click.option("--manifest", required=True, type=PATH, help="Corpus manifest.")
@click.option("--root", required=True, type=PATH, help="Noise folder.")
@click.option("--out", required=True, type=PATH, help="Noise manifest.")
def draw(spec: dict[str, Any], manifest: Path, root: Path, out: Path) -> None:
    """Draw the corruption of every training copy; spec: seed, copies, preset, visual."""
    from merflow.corpus.manifest import read_manifest
    from merflow.noise.draw import draw_noise
    from merflow.noise.manifest import write_noise

    table = read_manifest(manifest)
    clips = list(table["clip"][table["split"] == "train"])
    rows = draw_noise(spec, clips, root)
    write_noise(out, rows)
    click.echo(f"{len(rows)} corrupted copies of {len(clips)} training clips")


@group.command("draw-tests")
@SPEC
@click.option("--manifest", required=True, type=PATH, help="Corpus manifest.")
@click.option("--root", required=True, type=PATH, help="Noise folder.")
@click.option("--split", "splits", required=True, multiple=True, help="Test split; repeatable.")
@click.option("--snr", type=int, help="SNR of all clips in dB; pictures stay. Else both are drawn.")
@click.option("--out", required=True, type=PATH, help="Noise manifest.")
def draw_test_clips(
    spec: dict[str, Any],
    manifest: Path,
    root: Path,
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

    table = read_manifest(manifest)
    rows = draw_tests(spec, table["clip"][table["split"].isin(splits)], root, snr)
    write_noise(out, rows)
    click.echo(f"{len(rows)} corrupted test clips")
