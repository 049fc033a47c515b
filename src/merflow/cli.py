"""The command line: one group of commands a noun, each loaded only when it is called."""

import importlib
import io
import os
import sys
from pathlib import Path

import click

from merflow.errors import MerflowError, machine_error, shown

NOUNS = {
    "corpus": "generate, check and list the clips of a corpus",
    "faces": "find, track, align and crop faces",
    "noise": "draw the corruptions of augmented copies",
    "encoders": "list the encoders, get their weights, try them",
    "features": "run frozen encoders and cache every layer",
    "probes": "train one unimodal model per layer",
    "fusion": "train fusion systems",
    "ensemble": "fuse the predictions of several systems",
    "robustness": "predict a test split at fixed signal-to-noise ratios",
    "report": "compute metrics, tables, figures and submissions",
}
# Beside the nouns, as `use`: groups that no rule calls.
TOOLS = {
    "cache": "list, prove and tidy what lies under results/",
    "compare": "compare two systems, runs or commits of predictions",
    "doctor": "say before a run what will stop or hurt it, and how long it takes",
}
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class LazyNouns(click.Group):
    """A group whose sub-groups are imported from ``merflow.<noun>.commands`` on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the nouns in the order of the graph."""
        return [*NOUNS, *TOOLS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the group of one noun or tool."""
        if cmd_name not in NOUNS and cmd_name not in TOOLS:
            return super().get_command(ctx, cmd_name)
        return importlib.import_module(f"merflow.{cmd_name}.commands").group

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the nouns without importing them."""
        with formatter.section("Nouns"):
            formatter.write_dl(list(NOUNS.items()))
        own = {name: command.get_short_help_str() for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted({**own, **TOOLS}.items()))


@click.group(cls=LazyNouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Numeric threads of this process.",
)
@click.version_option(package_name="merflow")
def cli(threads: int) -> None:
    """Reproduce arXiv 2309.07925 from your own clips; the Snakefile calls these commands."""
    # Set before numpy, torch or OpenCV are imported: results must not depend on --cores.
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    # A name that the terminal or a log cannot show must not end a command that prints it.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@cli.command(short_help="replace params.yaml by a preset, or list the presets")
@click.argument("preset", required=False)
def use(preset: str | None) -> None:
    """Replace params.yaml by PRESET, a complete file of settings; without PRESET list them all.

    Settings of your own are never lost: they are kept as params.yaml.bak, params.yaml.bak-2, ...
    """
    from merflow import use as presets

    project = presets.find_project(Path.cwd())
    click.echo(presets.listing(project) if preset is None else presets.use(project, preset))


def main() -> None:
    """Run the command line; bad input or a full disk becomes one sentence and exit code 1."""
    try:
        cli()
    except (MerflowError, OSError) as error:
        told = machine_error(error) if isinstance(error, OSError) else error
        if told is None or os.environ.get("MERFLOW_DEBUG"):
            raise
        click.echo(f"merflow: {shown(str(told))}", err=True)
        sys.exit(1)
