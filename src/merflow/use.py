"""Presets: complete settings to begin from, and ``params.yaml`` replaced by one of them."""

from pathlib import Path

import yaml

from merflow import settings
from merflow.errors import MerflowError
from merflow.settings.sentences import FILE
from merflow.storage.atomic import replacing

PRESETS = "presets"
SCHEMA = Path("workflow/schemas/params.schema.yaml")
MARKS = (Path("Snakefile"), Path(PRESETS), SCHEMA)


def find_project(start: Path, package: Path = Path(__file__).parent) -> Path:
    """Return the folder of the Snakefile and the presets.

    Args:
        start: The nearest project at this folder or above it is taken.
        package: Where the package lies; its project is taken if ``start`` is in none.

    Raises:
        MerflowError: Neither is inside a project, as when the package was installed alone.
    """
    for place in (start.absolute(), package.absolute()):
        for folder in (place, *place.parents):
            if all((folder / mark).exists() for mark in MARKS):
                return folder
    raise MerflowError(
        f"no {MARKS[0]} with {PRESETS}/ beside it at {start.absolute()} or above, nor around the "
        f"package in {package.absolute()}: change to the folder that you cloned merflow into"
    )


def presets(project: Path) -> dict[str, Path]:
    """Return preset name -> file, sorted by name."""
    return {path.stem: path for path in sorted((project / PRESETS).glob("*.yaml"))}


def purpose(preset: Path) -> str:
    """Return the comment in the first line of a preset, which says what it is for, or nothing."""
    first = preset.read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("#").strip() if first.startswith("#") else ""


def listing(project: Path) -> str:
    """Return the presets with their purposes, and which of them ``params.yaml`` is."""
    found = presets(project)
    width = max(map(len, found), default=0)
    lines = [f"  {name:{width}}  {purpose(path)}".rstrip() for name, path in found.items()]
    params, same = project / FILE, _equal_to(project)
    if not params.exists():
        state = f"there is no {params} yet"
    elif same is None:
        state = f"{params} is none of them"
    else:
        state = f"{params} is {same}"
    return "\n".join([f"Presets in {project / PRESETS}:", *lines, f"Now {state}."])


def use(project: Path, name: str) -> str:
    """Replace ``params.yaml`` by a preset and return what was done, in sentences.

    Settings that equal no preset are somebody's work: they are kept beside it, under the first
    of the names ``params.yaml.bak``, ``params.yaml.bak-2``, ... that is free or holds the same.

    Raises:
        MerflowError: There is no such preset, the schema refuses it, or a file cannot be written.
    """
    found = presets(project)
    if name not in found:
        raise MerflowError(
            f"there is no preset {name!r} in {project / PRESETS}; choose one of {', '.join(found)}"
        )
    params, before = project / FILE, _equal_to(project)
    if before == name:
        return f"{params} is the preset {name} already."
    _check(found[name], project / SCHEMA)
    try:
        kept = _keep(params) if params.exists() and before is None else None
        _copy(found[name], params)
    except OSError as error:
        raise MerflowError(
            f"{params} cannot be replaced ({error.strerror}): make it a file that you may write"
        ) from error
    done = f"{params} is now the preset {name}."
    return f"{done}\nThe settings it held are kept as {kept}." if kept else done


def _equal_to(project: Path) -> str | None:
    """Return the preset that ``params.yaml`` equals byte for byte, or none."""
    params = project / FILE
    if not params.is_file():
        return None
    held = params.read_bytes()
    return next(
        (name for name, path in presets(project).items() if path.read_bytes() == held), None
    )


def _check(preset: Path, schema: Path) -> None:
    """Check a preset as ``params.yaml`` is checked; the sentence names the preset instead."""
    try:
        config = yaml.safe_load(preset.read_text(encoding="utf-8"))
        settings.check(config, yaml.safe_load(schema.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise MerflowError(f"{preset} is no YAML ({problem}): mend it") from error
    except MerflowError as error:
        raise MerflowError(f"{preset}: {str(error).removeprefix(f'{FILE}: ')}") from error


def _keep(params: Path) -> Path:
    """Copy ``params.yaml`` beside itself without touching an earlier copy of other settings."""
    held, number = params.read_bytes(), 1
    while True:
        copy = params.with_name(f"{FILE}.bak" if number == 1 else f"{FILE}.bak-{number}")
        if not copy.exists():
            _copy(params, copy)
            return copy
        if copy.is_file() and copy.read_bytes() == held:
            return copy
        number += 1


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as temporary:
        temporary.write_bytes(source.read_bytes())
