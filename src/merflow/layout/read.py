"""The settings in a file and their layout, for commands that a user calls outside the graph."""

from pathlib import Path
from typing import Any

import yaml

from merflow import settings
from merflow.errors import MerflowError
from merflow.layout.report import Layout


def read_settings(params: Path, schema: Path) -> dict[str, Any]:
    """Return a ``params.yaml``, checked as the Snakefile does, but for the files that it names.

    Raises:
        MerflowError: The file is missing, or holds no settings, or wrong ones.
    """
    config = _content(params)
    settings.check(config, yaml.safe_load(schema.read_text(encoding="utf-8")))
    found: dict[str, Any] = config
    return found


def read_layout(params: Path) -> Layout:
    """Return the layout of a ``params.yaml`` whose parts need not go together.

    Raises:
        MerflowError: The file is missing, or holds no settings, or a file that decides where
            results lie, such as the list of clips, cannot be read.
    """
    config = _content(params)
    sections = ("corpus", "faces", "noise", "features", "fusion")
    whole = isinstance(config, dict) and all(isinstance(config.get(s), dict) for s in sections)
    encoders = config["features"].get("encoders") if whole else None
    if not isinstance(encoders, dict) or not all(isinstance(e, dict) for e in encoders.values()):
        raise MerflowError(f"{params.absolute()} is no complete settings: `snakemake -n` says why")
    layout = Layout(config)
    try:
        layout.manifest  # noqa: B018 - reads those files
    except OSError as error:
        raise MerflowError(
            f"{params.absolute()} names {error.filename}, which cannot be read "
            f"({error.strerror}): put it there, or correct the settings"
        ) from error
    return layout


def _content(params: Path) -> Any:
    """Return what the file holds, as YAML."""
    try:
        return settings.read(params, str(params.absolute()))
    except OSError as error:
        raise MerflowError(
            f"{params.absolute()} cannot be read ({error.strerror}): call this in the project's "
            "folder, where `merflow use` lists settings to begin from"
        ) from error
