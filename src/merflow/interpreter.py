"""Letting the rules' ``python`` be the interpreter that runs Snakemake."""

import os
import sys
from pathlib import Path


def use_this_python() -> None:
    """Put the running interpreter's folder first in ``PATH`` for the commands of the rules.

    The environment need not be active, and no path of it stands in a command, where it would
    count as a changed parameter.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
