"""Commands of the noun ``encoders``."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from merflow.errors import MerflowError
from merflow.options import FILE

PRECISIONS = ["float32", "bfloat16", "float16"]


@click.group(name="encoders", invoke_without_command=True)
@click.option("--sha256", is_flag=True, help="Read the files that are there for their digests.")
@click.pass_context
def group(ctx: click.Context, sha256: bool) -> None:
    """List the encoders, get their weights, and try them; alone: the list."""
    if ctx.invoked_subcommand is None:
        with _project() as config:
            _list(config, sha256)


@group.command()
@click.argument("names", nargs=-1)
def fetch(names: tuple[str, ...]) -> None:
    """Download what params.yaml names and is missing, or of that the encoders NAMES."""
    from merflow.encoders.stock.fetch import fetch as fetched

    with _project() as config:
        chosen = _chosen(config, names)
        missing = []
        for name, (spec, path) in chosen.items():
            try:
                said = fetched(name, spec, path)
            except MerflowError as error:
                missing.append(name)
                said = f"{name}: {error}"
            click.echo(said)
    if missing:
        raise MerflowError(
            f"{len(missing)} of {len(chosen)} encoders cannot be used yet: {', '.join(missing)}"
        )


@group.command()
@click.argument("name")
@click.option("--clip", type=FILE, help="A clip; else the corpus's first one.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), help="Else that of params.yaml.")
@click.option("--precision", type=click.Choice(PRECISIONS), help="Else that of params.yaml.")
@click.option(
    "--compare", type=click.Choice(PRECISIONS[1:]), help="Tell its error against float32."
)
def check(
    name: str, clip: Path | None, device: str | None, precision: str | None, compare: str | None
) -> None:
    """Load the encoder NAME as the graph does, run one clip, and tell what came out."""
    from merflow.encoders.stock import trial
    from merflow.threads import fix_torch_threads

    clip = None if clip is None else clip.absolute()
    with _project() as config:
        [(spec, path)] = _chosen(config, [name]).values()
        spec = {**spec, "device": device or config["features"]["device"], "batch": 1, "workers": 0}
        trial.checkable(name, spec, (precision, compare))
        if precision or compare:
            spec["precision"] = precision or "float32"
        given, said = trial.given_clip(spec, config["faces"], clip or _first_clip(config))
        fix_torch_threads()
        click.echo(f"{name}: {spec['architecture']}, {spec['device']}; {said}")
        tried = trial.run(spec, path, given)
        click.echo(trial.report(name, spec, tried))
        if compare:
            reference = tried.vectors
            if spec["precision"] != "float32":
                reference = trial.run({**spec, "precision": "float32"}, path, given).vectors
            other = trial.run({**spec, "precision": compare}, path, given).vectors
            click.echo(trial.comparison(compare, reference, other))


@contextlib.contextmanager
def _project() -> Iterator[dict[str, Any]]:
    """Yield the checked settings inside their project, whose paths are relative to it.

    Without ``params.yaml``, or outside of any project, the settings are empty.
    """
    from merflow.layout import read_settings
    from merflow.settings.sentences import FILE as PARAMS
    from merflow.use import SCHEMA, find_project

    try:
        project = find_project(Path.cwd())
    except MerflowError:  # the package alone: the public checkpoints can be listed all the same
        project = Path.cwd()
    with contextlib.chdir(project):
        config: dict[str, Any] = {}
        if Path(PARAMS).is_file() and SCHEMA.is_file():
            config = read_settings(Path(PARAMS), SCHEMA)
        yield config


def _declared(config: dict[str, Any]) -> dict[str, tuple[dict[str, Any], Path | None]]:
    """Return name -> (settings, where the checkpoint lies) of the encoders of params.yaml."""
    if not config:
        return {}
    from merflow.layout import Layout

    layout = Layout(config)
    found = {}
    for name, spec in config["features"]["encoders"].items():
        weights = layout.weights(name)
        found[name] = (spec, None if weights is None else Path(weights))
    return found


def _chosen(
    config: dict[str, Any], names: tuple[str, ...] | list[str]
) -> dict[str, tuple[dict[str, Any], Path | None]]:
    """Return the encoders of these names, or all of them without names."""
    declared = _declared(config)
    if not declared:
        raise MerflowError(
            f"there is no params.yaml at {Path.cwd()} or above: change to the project, where "
            "`merflow use` lists settings to begin from"
        )
    for name in names:
        if name not in declared:
            raise MerflowError(
                f"params.yaml has no encoder {name!r}: choose one of {', '.join(declared)}, or "
                "declare one as the list of `merflow encoders` says after `set`"
            )
    return {name: declared[name] for name in names or declared}


def _list(config: dict[str, Any], sha256: bool) -> None:
    from merflow.encoders.stock import catalogue
    from merflow.storage.digest import file_sha256

    declared = _declared(config)
    if declared:
        click.echo(f"Encoders of {Path('params.yaml').absolute()}\n")
    for name, (spec, path) in declared.items():
        file = catalogue.file_to_digest(spec, path) if sha256 else None
        digest = None if file is None else file_sha256(file)
        click.echo(catalogue.declared_entry(name, spec, path, digest) + "\n")
    click.echo("Public checkpoints that can be named (no digest of theirs has been verified)\n")
    for entry in catalogue.public_entries(Path()):
        click.echo(entry + "\n")
    click.echo("Without weights\n")
    click.echo("\n\n".join(catalogue.untrained_entries()))


def _first_clip(config: dict[str, Any]) -> Path | None:
    """Return the corpus's first clip if the graph has listed them, and it is there."""
    from merflow.corpus.manifest import read_manifest
    from merflow.layout import Layout

    layout = Layout(config)
    manifest, root = Path(layout.manifest), layout.corpus_root
    if root is None or not manifest.is_file():
        return None
    path = Path(root) / read_manifest(manifest)["path"].iloc[0]
    return path if path.is_file() else None
