"""Where a run could write but should not: watched from its start to its end."""

from collections.abc import Mapping
from pathlib import Path

OWN = ("results/", ".snakemake/")
"""Prefixes of what a run of the graph may write in the folder that holds ``params.yaml``."""
VARIABLES = (
    *("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"),
    *("XDG_RUNTIME_DIR", "DVC_SITE_CACHE_DIR"),
)
"""Name the folders that programs write to without being told."""


def empty_places(base: Path) -> dict[str, str]:
    """Return an environment in which each of the variables names an empty folder of its own."""
    for name in VARIABLES:
        (base / name).mkdir(parents=True)
    return {name: str(base / name) for name in VARIABLES}


def found_in(places: Mapping[str, str]) -> list[str]:
    """Return what the folders hold, as ``VARIABLE/path``; folders alone where they are empty."""
    return sorted(
        f"{name}/{path.relative_to(folder).as_posix()}"
        for name, folder in places.items()
        for path in Path(folder).rglob("*")
        if not (path.is_dir() and any(path.iterdir()))
    )


def tree_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Return path -> (size, time of change) of each file below a folder."""
    return {
        path.relative_to(folder).as_posix(): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }


def not_own(folder: Path, before: dict[str, tuple[int, int]]) -> list[str]:
    """Return what is new, changed or gone in a folder since then, but for what a run may write."""
    return [path for path in changed(before, tree_of(folder)) if not path.startswith(OWN)]


def changed(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> list[str]:
    """Return the files that are new, changed or gone."""
    return sorted(path for path in before | after if before.get(path) != after.get(path))
