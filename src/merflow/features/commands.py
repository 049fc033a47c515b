"""Commands of the noun ``features``."""

from pathlib import Path
from typing import Any

import click

from merflow.options import KNOWN, PATH, SPEC, named


@click.group(name="features")
def group() -> None:
    """Run frozen encoders and cache every layer."""


@group.command()
@click.option("--name", required=True, help="Encoder's name, as in HL(18).")
@SPEC
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
@click.option("--batch", type=click.IntRange(min=1), default=8, help="Clips finished together.")
@click.option("--workers", type=click.IntRange(min=0), default=0, help="Threads that read ahead.")
@click.option("--weights", type=PATH, help="Weight file or folder; not without weights.")
@click.option("--manifest", required=True, type=PATH, help="Corpus manifest.")
@click.option("--root", required=True, type=PATH, help="Corpus root.")
@click.option("--crops", multiple=True, type=PATH, help="Face crops; for visual encoders.")
@click.option("--noise", type=PATH, help="Noise manifest: extract the corrupted copies.")
@click.option("--noise-root", type=PATH, help="Noise folder.")
@KNOWN
@click.option("--shard", required=True, type=int)
@click.option("--shards", required=True, type=int)
@click.option("--store", required=True, type=PATH, help="Finished parts.")
@click.option("--out", required=True, type=PATH, help="Feature shard.")
def extract(
    name: str,
    spec: dict[str, Any],
    device: str,
    batch: int,
    workers: int,
    weights: Path | None,
    manifest: Path,
    root: Path,
    crops: tuple[Path, ...],
    noise: Path | None,
    noise_root: Path | None,
    known: Path | None,
    shard: int,
    shards: int,
    store: Path,
    out: Path,
) -> None:
    """Compute the utterance mean of every layer; spec: the encoder's settings."""
    from merflow.encoders.registry import PRECOMPUTED, kind_of
    from merflow.errors import MerflowError
    from merflow.features.samples import samples_of_shard

    spec = {**spec, "device": device, "batch": batch, "workers": workers}
    kind = kind_of(spec)
    if kind.name == PRECOMPUTED:
        raise MerflowError(
            f"the features of {name} are precomputed: use `merflow features collect`"
        )
    if kind.modality == "visual" and not crops:
        raise MerflowError(f"the encoder {name} looks at faces: name the face files with --crops")
    samples = samples_of_shard(manifest, noise, shard, shards)

    from merflow.encoders.load import load
    from merflow.encoders.stock.place import weight_file
    from merflow.features.extract import extract_shard
    from merflow.features.inputs import Crops, Sounds
    from merflow.threads import fix_torch_threads

    inputs = Crops(crops) if kind.modality == "visual" else Sounds(root, noise_root, known)
    fix_torch_threads()
    # A speech network is a folder, the others are a file.
    if weights is not None and kind.module != "speech":
        weights = weight_file(kind.module, weights)
    encoder = load(kind.name, spec, weights)
    extract_shard(encoder, spec, samples, inputs, store, out, noisy=noise is not None)


@group.command()
@SPEC
@click.option("--manifest", required=True, type=PATH, help="Corpus manifest.")
@click.option("--shard", required=True, type=int)
@click.option("--shards", required=True, type=int)
@click.option("--out", required=True, type=PATH, help="Feature shard.")
@click.option("--quarantine", required=True, type=PATH, help="Clips without a face, csv.")
def collect(
    spec: dict[str, Any], manifest: Path, shard: int, shards: int, out: Path, quarantine: Path
) -> None:
    """Read precomputed features; spec: the encoder's settings."""
    from merflow.corpus.manifest import read_manifest
    from merflow.features.precomputed import collect_shard, faceless_table
    from merflow.features.samples import samples_of_shard
    from merflow.storage.atomic import replacing
    from merflow.storage.shards import shard_of

    every = samples_of_shard(manifest, None, 0, 1)
    own = [sample for sample in every if shard_of(sample.clip, shards) == shard]
    faceless = collect_shard(spec, [sample.clip for sample in every], own, out)
    table = faceless_table(faceless, read_manifest(manifest))
    with replacing(quarantine) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


@group.command()
@click.option("--encoder", required=True, help="Encoder's name in params.yaml, e.g. HL.")
@click.option("--layer", required=True, help="One of its layers, e.g. 18.")
@click.option("--out", required=True, type=PATH, help="<encoder>-<layer>-UTT is made in it.")
def export(encoder: str, layer: str, out: Path) -> None:
    """Write a layer of the cache as <encoder>-<layer>-UTT/<clip>.npy, the organisers' layout.

    The cache is that of the settings in params.yaml, of clean clips. With statistics mean_std a
    file holds the mean and behind it the deviation.
    """
    from merflow.errors import MerflowError
    from merflow.features.export import export_layer
    from merflow.layout import read_layout

    layout = read_layout(Path("params.yaml"))
    layers = layout.layers(encoder)
    if layer not in layers:
        raise MerflowError(f"{encoder} has no layer '{layer}': choose one of {', '.join(layers)}")
    shards = [Path(path) for path in layout.feature_shards(encoder, "clean")]
    absent = [path for path in [Path(layout.manifest), *shards] if not path.is_file()]
    if absent:
        raise MerflowError(
            f"the cache of {encoder} is not complete, {absent[0]} is not there: run "
            "`snakemake --cores all features` with the present params.yaml first"
        )
    deviation = layout.encoder_spec(encoder).get("statistics") == "mean_std"
    folder = out / f"{encoder}-{layer}-UTT"
    export_layer(shards, Path(layout.manifest), layer, folder, deviation=deviation)


@group.command("demo-encoder")
@click.option("--kind", required=True, help="Architecture.")
@SPEC
@click.option("--out", required=True, type=PATH, help="Folder; --weights of extract takes it.")
def demo_encoder(kind: str, spec: dict[str, Any], out: Path) -> None:
    """Teach a small encoder and write it in the public format.

    Spec: seed, width, speakers and steps of its training (0: none), for HuBERT layers.
    """
    from merflow.encoders.demo.write import write_demo
    from merflow.encoders.registry import DEMO_FILE
    from merflow.threads import fix_torch_threads

    demo = {key: value for key, value in spec.items() if key != "layers"}
    settings = {"demo": demo, "layers": spec.get("layers") or 24}
    fix_torch_threads()
    write_demo(kind, settings, out if kind == "hubert" else out / DEMO_FILE)


@group.command("manifest")
@click.option("--shard", "shards", multiple=True, help="NAME:CONDITION=path of a feature shard.")
@click.option("--out", required=True, type=PATH, help="Summary, JSON.")
def write_manifest(shards: tuple[str, ...], out: Path) -> None:
    """Summarise the cache in counts and digests that may be committed."""
    from merflow.errors import MerflowError
    from merflow.features.summary import summary
    from merflow.storage.atomic import write_text

    found: dict[tuple[str, str], list[Path]] = {}
    for label, paths in named(shards, "--shard", "NAME:CONDITION=path").items():
        encoder, colon, condition = label.partition(":")
        if not (encoder and colon and condition):
            raise MerflowError(f"--shard {label!r} is malformed: write NAME:CONDITION=path")
        found[encoder, condition] = paths
    write_text(out, summary(found))
