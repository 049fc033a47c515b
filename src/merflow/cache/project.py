"""The project that the cache belongs to, and its present settings."""

from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from merflow import settings
from merflow.errors import MerflowError
from merflow.layout import Layout, read_settings
from merflow.layout.data import RESULTS
from merflow.settings.sentences import FILE
from merflow.use import SCHEMA, find_project


def find_folder(start: Path) -> Path:
    """Return the nearest folder, from ``start`` upwards, in which snakemake worked.

    It is not looked for any further than ``params.yaml`` or ``results/`` alone, nor around the
    package: what is removed must be that of the project that one stands in.

    Raises:
        MerflowError: There is none.
    """
    for folder in (start.absolute(), *start.absolute().parents):
        there = (folder / FILE).is_file(), (folder / RESULTS).is_dir()
        if all(there):
            return folder
        if any(there):
            have, lack = (FILE, f"{RESULTS}/") if there[0] else (f"{RESULTS}/", FILE)
            raise MerflowError(
                f"{folder} has {have}, but no {lack}: choose settings with `merflow use` and run "
                "snakemake there first"
            )
    raise MerflowError(
        f"there is no {FILE} with {RESULTS}/ beside it at {start.absolute()} or above: change to "
        "the folder that you run snakemake in"
    )


@contextmanager
def inside(start: Path) -> Iterator[Path]:
    """Work in the folder of :func:`find_folder` and yield it.

    Raises:
        MerflowError: There is none, or a file in it cannot be read or removed.
    """
    folder = find_folder(start)
    with chdir(folder):
        try:
            yield folder
        except OSError as error:
            if error.filename is None:  # of the terminal, not of a file
                raise
            raise MerflowError(
                f"{folder / str(error.filename)} cannot be read or changed ({error.strerror}): "
                "mend that and call this again"
            ) from error


def present_layout() -> Layout:
    """Return the layout of ``params.yaml`` in the working folder, checked as the Snakefile does.

    Raises:
        MerflowError: The settings are missing or wrong, or name files that are not there.
    """
    # A folder with settings of its own may be run by a Snakefile elsewhere, which has the schema.
    schema = SCHEMA if SCHEMA.is_file() else find_project(Path.cwd()) / SCHEMA
    config = read_settings(Path(FILE), schema)
    settings.check_files(config)
    return Layout(config)
