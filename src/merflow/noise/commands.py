"""Commands of the noun ``noise``."""

import json
from pathlib import Path

import click


@click.group(name="noise")
def group() -> None:
    """Draw the corruptions of augmented copies."""


@group.command()
@click.option("--spec", required=True, help="JSON: seed, copies, preset, visual.")
@click.option("--manifest", required=True, type=click.Path(path_type=Path), help="Corpus manifest.")
@click.option("--root", required=True, type=click.Path(path_type=Path), help="Noise folder.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Noise manifest.")
def draw(spec: str, manifest: Path, root: Path, out: Path) -> None:
    """Draw noise file, offset, SNR and visual transform for every copy of a training clip."""
    from merflow.corpus.manifest import read_manifest
    from merflow.noise.draw import draw_noise
    from merflow.noise.manifest import write_noise

    table = read_manifest(manifest)
    clips = list(table["clip"][table["split"] == "train"])
    rows = draw_noise(json.loads(spec), clips, root)
    write_noise(out, rows)
    click.echo(f"{len(rows)} corrupted copies of {len(clips)} training clips")
