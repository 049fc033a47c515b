"""Commands of the noun ``noise``."""

from pathlib import Path
from typing import Any

import click

from merflow.options import PATH, SPEC


@click.group(name="noise")
def group() -> None:
    """Draw the corruptions of augmented copies."""


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
