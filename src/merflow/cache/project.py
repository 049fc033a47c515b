"""The project that the cache belongs to, and its present settings."""

from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import yaml

from merflow import settings
from merflow.errors import MerflowError
from merflow.layout import Layout
from merflow.settings.sentences import FILE
from merflow.use import SCHEMA, find_project


@contextmanager
def inside(start: Path) -> Iterator[Path]:
    """Work in the project at ``start``, above it or around the package, and yield its folder.

    Raises:
        MerflowError: There is no project.
    """
    project = find_project(start)
    with chdir(project):
        yield project


def present_layout() -> Layout:
    """Return the layout of ``params.yaml`` in the working folder, checked as the Snakefile does.

    Raises:
        MerflowError: The settings are missing or wrong, or name files that are not there.
    """
    path = Path(FILE)
    if not path.is_file():
        raise MerflowError(f"there is no {path.absolute()}: choose settings with `merflow use`")
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise MerflowError(f"{path.absolute()} is no YAML ({told}): mend it") from error
    settings.check(config, yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))
    settings.check_files(config)
    return Layout(config)
