"""Commands of the noun ``features``."""

import json
import os
from pathlib import Path

import click

PATH = click.Path(path_type=Path)
DEMO_FILE = "weights.pth"  # of the demo encoders that are one file
SUFFIXES = frozenset({".pth", ".pt", ".pkl", ".tar", ".safetensors"})


@click.group(name="features")
def group() -> None:
    """Run frozen encoders and cache every layer."""


@group.command()
@click.option("--name", required=True, help="Encoder's name, as in HL(18).")
@click.option("--spec", required=True, help="JSON: the encoder's settings, device, batch.")
@click.option("--weights", required=True, type=PATH, help="Weight file or folder.")
@click.option("--manifest", required=True, type=PATH, help="Corpus manifest.")
@click.option("--root", required=True, type=PATH, help="Corpus root.")
@click.option("--crops", multiple=True, type=PATH, help="Face crops; for visual encoders.")
@click.option("--noise", type=PATH, help="Noise manifest: extract the corrupted copies.")
@click.option("--noise-root", type=PATH, help="Noise folder.")
@click.option("--shard", required=True, type=int)
@click.option("--shards", required=True, type=int)
@click.option("--store", required=True, type=PATH, help="Finished parts of this condition.")
@click.option("--out", required=True, type=PATH, help="Feature shard.")
def extract(
    name: str,
    spec: str,
    weights: Path,
    manifest: Path,
    root: Path,
    crops: tuple[Path, ...],
    noise: Path | None,
    noise_root: Path | None,
    shard: int,
    shards: int,
    store: Path,
    out: Path,
) -> None:
    """Compute the utterance mean of every layer for one shard of clips."""
    from merflow.encoders.registry import kind_of
    from merflow.errors import MerflowError
    from merflow.features.samples import samples_of_shard

    settings = json.loads(spec)
    kind = kind_of(settings)
    if kind.modality == "visual" and not crops:
        raise MerflowError(f"the encoder {name} looks at faces: name the face files with --crops")
    samples = samples_of_shard(manifest, noise, shard, shards)

    from merflow.encoders.load import load
    from merflow.features.extract import extract_shard
    from merflow.features.inputs import Crops, Sounds

    inputs = Crops(crops) if kind.modality == "visual" else Sounds(root, noise_root)
    _fix_threads()
    encoder = load(kind.name, settings, _weights(kind.name, weights))
    extract_shard(encoder, settings, samples, inputs, store, out)


@group.command("demo-encoder")
@click.option("--kind", required=True, help="Architecture.")
@click.option("--spec", required=True, help="JSON: seed, width and, for HuBERT, layers.")
@click.option("--out", required=True, type=PATH, help="Folder; --weights of extract takes it.")
def demo_encoder(kind: str, spec: str, out: Path) -> None:
    """Write a small checkpoint with random weights in the format of the public one."""
    from merflow.encoders.demo import write_demo

    settings = {key: value for key, value in json.loads(spec).items() if value is not None}
    demo = {key: settings.pop(key) for key in ("seed", "width")}
    _fix_threads()
    write_demo(kind, {**settings, "demo": demo}, out if kind == "hubert" else out / DEMO_FILE)


@group.command("manifest")
@click.option("--shard", "shards", multiple=True, help="NAME:CONDITION=path of a feature shard.")
@click.option("--out", required=True, type=PATH, help="Summary, JSON.")
def write_manifest(shards: tuple[str, ...], out: Path) -> None:
    """Summarise the cache in counts and digests that may be committed."""
    from merflow.errors import MerflowError
    from merflow.features.summary import summary
    from merflow.storage.atomic import write_text

    named: dict[tuple[str, str], list[Path]] = {}
    for text in shards:
        label, equals, path = text.partition("=")
        encoder, colon, condition = label.partition(":")
        if not (equals and colon and encoder and condition and path):
            raise MerflowError(f"--shard {text} is malformed: write NAME:CONDITION=path")
        named.setdefault((encoder, condition), []).append(Path(path))
    write_text(out, summary(named))


def _fix_threads() -> None:
    """Give torch the threads of the command line; it looks at them only once by itself."""
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def _weights(kind: str, path: Path) -> Path:
    """Return the weight file where a folder with a single one is named; HuBERT is a folder."""
    if kind == "hubert" or not path.is_dir():
        return path
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    return files[0] if len(files) == 1 else path
