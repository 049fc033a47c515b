# Included before all else: how a plan is refused, whose package runs, and the text of the settings.
import sys
from pathlib import Path

import merflow
from merflow import settings
from merflow.errors import MerflowError


def refuse(sentence):
    """End the plan with one sentence; around an exception Snakemake puts places in these files."""
    sys.exit(f"merflow: {sentence}")


if not Path(merflow.__file__).is_relative_to(Path(workflow.basedir).resolve()):
    refuse(
        f"this environment runs the package in {Path(merflow.__file__).parent}, but the workflow "
        f"is {workflow.basedir}: run `make environment` here, or `pip install --editable .`"
    )

try:
    # Snakemake would hide where it is no YAML, and that a key stands twice. Where there is no such
    # file it says so, or does without, as `--configfile` may name another.
    if Path("params.yaml").exists():
        settings.read(Path("params.yaml"))
except OSError as error:
    refuse(f"params.yaml cannot be read ({error.strerror}); correct its permissions")
except MerflowError as error:
    refuse(error)
