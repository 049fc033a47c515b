"""Options that the commands of several nouns share."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from merflow.errors import MerflowError

PATH = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def _json_object(_ctx: click.Context, _param: click.Parameter, value: str) -> dict[str, Any]:
    """Parse an option that carries a piece of the parameters."""
    try:
        found = json.loads(value)
    except json.JSONDecodeError as error:
        raise click.BadParameter(f"not JSON ({error}): give one JSON object") from error
    if not isinstance(found, dict):
        raise click.BadParameter(f"a JSON {type(found).__name__}: give one JSON object")
    return found


SPEC = click.option("--spec", required=True, callback=_json_object, help="Settings, JSON object.")
"""``--spec``: the command gets a dict; anything but a JSON object is a usage error."""

KNOWN = click.option("--known", type=PATH, help="Digests of noise recordings, from job to job.")
DEVICE = click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", help="Where models are trained."
)
STACK = click.option(
    "--stack", type=click.IntRange(min=1), help="Models trained side by side; default by device."
)


def named(texts: Sequence[str], option: str, form: str = "NAME=path") -> dict[str, list[Path]]:
    """Return the paths of each name, from values ``NAME=path`` of a repeatable option.

    Args:
        texts: The values; a path may hold an equals sign, a name may stand several times.
        option: The option's name, for errors.
        form: What a value looks like, for errors.

    Raises:
        MerflowError: A value lacks its name, its equals sign or its path.
    """
    found: dict[str, list[Path]] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise MerflowError(f"{option} {text!r} is malformed: write {form}")
        found.setdefault(name, []).append(Path(path))
    return found
