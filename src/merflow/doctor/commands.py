"""The command ``doctor``."""

import sys
from pathlib import Path

import click


@click.command(name="doctor")
@click.option(
    "--measure", is_flag=True, help="Run each encoder on one clip, for hours measured here."
)
def group(measure: bool) -> None:
    """Look at params.yaml and all that it names, and say what will stop or hurt a run.

    Settings, corpus, faces, noise, weights, machine, disk and hours, each finding with what to do.
    Nothing is written. Exit code 1 if anything would stop the run.
    """
    from merflow.doctor.examine import examine
    from merflow.doctor.page import section_text, summary

    found = []
    for title, findings in examine(Path.cwd(), measure):
        click.echo(section_text(title, findings) + "\n")
        found += findings
    click.echo(summary(found))
    if any(finding.level == "error" for finding in found):
        sys.exit(1)
