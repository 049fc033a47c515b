"""Commands of the noun ``corpus``."""

from pathlib import Path
from typing import Any

import click

from merflow.options import PATH, SPEC, named


@click.group(name="corpus")
def group() -> None:
    """Generate, check and list the clips of a corpus."""


@group.command()
@SPEC
@click.option("--csv", "labels", type=PATH, required=True, help="The label file.")
@click.option("--root", type=PATH, required=True, help="What its paths are relative to.")
@click.option("--shard", type=int, required=True)
@click.option("--shards", type=int, required=True)
@click.option("--store", type=PATH, required=True, help="Folder of what was checked before.")
@click.option("--out", type=PATH, required=True)
def check(
    spec: dict[str, Any], labels: Path, root: Path, shard: int, shards: int, store: Path, out: Path
) -> None:
    """Decode every clip of one shard; spec: classes, valence, tests."""
    from merflow.corpus.check import check_shard
    from merflow.corpus.label import LabelSpec
    from merflow.corpus.labels import read_labels

    wanted = LabelSpec(spec["classes"], spec["valence"], spec["tests"])
    check_shard(read_labels(labels, wanted), root, shard, shards, store, out)


@group.command("own-layout")
@SPEC
@click.option("--root", required=True, help="Folder of the corpus.")
@click.option("--digest", required=True, help="sha256 of the list that the run was planned with.")
@click.option("--out", type=PATH, required=True, help="The list, as check reads it.")
def own_layout(spec: dict[str, Any], root: str, digest: str, out: Path) -> None:
    """List the clips of a corpus by its adapter; spec: adapter, classes, valence, tests."""
    from merflow.corpus.adapters.label_table import write_table
    from merflow.corpus.adapters.registry import read_corpus

    write_table(read_corpus({**spec, "root": root}), digest, out)


@group.command("list")
@SPEC
@click.option("--labels", required=True, multiple=True, help="SPLIT=csv: name, discrete, valence.")
@click.option("--out", type=PATH, required=True)
def list_labels(spec: dict[str, Any], labels: tuple[str, ...], out: Path) -> None:
    """List clips of which there are labels alone; spec: classes, valence, tests."""
    from merflow.corpus.label import LabelSpec
    from merflow.corpus.listing import list_clips
    from merflow.corpus.split_labels import read_split_labels
    from merflow.errors import MerflowError

    files = {}
    for split, paths in named(labels, "--labels", "SPLIT=csv").items():
        if len(paths) > 1:
            raise MerflowError(
                f"--labels names {split} {len(paths)} times, {paths[0]} and {paths[1]}: name one "
                "csv a split"
            )
        files[split] = paths[0]
    wanted = LabelSpec(spec["classes"], spec["valence"], spec["tests"])
    list_clips(read_split_labels(files, wanted), out)


@group.command()
@click.option("--checked", type=PATH, required=True, multiple=True, help="Output of check or list.")
@click.option("--out", type=PATH, required=True)
@click.option("--quarantine", type=PATH, required=True)
def manifest(checked: tuple[Path, ...], out: Path, quarantine: Path) -> None:
    """Merge the checked shards into a manifest and a quarantine."""
    from merflow.corpus.manifest import write_manifest

    write_manifest(checked, out, quarantine)


@group.command()
@SPEC
@click.option("--manifest", "table", type=PATH, required=True)
@click.option("--out", type=PATH, required=True)
@click.option(
    "--leave-undivided", is_flag=True, help="Write no rows if speakers are fewer than folds."
)
def folds(spec: dict[str, Any], table: Path, out: Path, leave_undivided: bool) -> None:
    """Divide the train clips into folds; spec: scheme, count, seed."""
    from merflow.corpus.folds import write_folds
    from merflow.corpus.manifest import read_manifest

    write_folds(read_manifest(table), spec, out, leave_undivided)


@group.command("demo-clips")
@SPEC
@click.option("--part", type=int, required=True)
@click.option("--parts", type=int, required=True)
@click.option("--out", type=PATH, required=True, help="Folder for the clips.")
@click.option("--table", type=PATH, required=True, help="Labels of this part's clips.")
def demo_clips(spec: dict[str, Any], part: int, parts: int, out: Path, table: Path) -> None:
    """Generate one part of the demo corpus."""
    from merflow.corpus.demo.generate import generate_clips

    generate_clips(spec, part, parts, out, table)


@group.command("demo-noise")
@SPEC
@click.option("--out", type=PATH, required=True, help="Folder for the recordings.")
def demo_noise(spec: dict[str, Any], out: Path) -> None:
    """Generate the noise recordings of the demo corpus."""
    from merflow.corpus.demo.noise import generate_noise

    generate_noise(spec, out)


@group.command("demo-table")
@click.option("--part-table", type=PATH, required=True, multiple=True)
@click.option("--out", type=PATH, required=True)
def demo_table(part_table: tuple[Path, ...], out: Path) -> None:
    """Merge the labels of all parts into one label file, sorted by path."""
    from merflow.corpus.labels import merge_label_files

    merge_label_files(part_table, out)
