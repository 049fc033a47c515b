"""The layout of the settings in a file, for commands that a user calls outside the graph."""

from pathlib import Path

import yaml

from merflow.errors import MerflowError
from merflow.layout.runs import Layout


def read_layout(params: Path) -> Layout:
    """Return the layout of a ``params.yaml``, whose form is taken as checked.

    Raises:
        MerflowError: The file is missing, or holds no settings.
    """
    try:
        config = yaml.safe_load(params.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        told = " ".join(str(error).split())
        raise MerflowError(
            f"{params.absolute()} cannot be read ({told}): call this in the project's folder"
        ) from None
    sections = ("corpus", "faces", "noise", "features", "fusion")
    if not isinstance(config, dict) or not all(isinstance(config.get(s), dict) for s in sections):
        raise MerflowError(f"{params.absolute()} is no complete settings: `snakemake -n` says why")
    return Layout(config)
