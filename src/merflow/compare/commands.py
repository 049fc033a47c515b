"""The command ``compare``."""

from pathlib import Path

import click


@click.command(name="compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option(
    "--reading",
    type=click.Choice(["honest", "organiser"]),
    default="honest",
    show_default=True,
    help="Which predictions of a system or run; a file named is taken as it is.",
)
@click.option(
    "--metric",
    type=click.Choice(["com", "weighted_f1", "mse", "ccc"]),
    help="Default: com; weighted_f1 where the corpus has no Com.",
)
def group(first: str, second: str, reading: str, metric: str | None) -> None:
    """Compare A with B: scores, paired difference, interval, test and verdict on each split.

    Each is a system of params.yaml (hl-jdev, or hl-jdev:noise for the one trained with noisy
    copies), COMMIT:SYSTEM (by that commit's params.yaml, if its run is still under results/runs),
    a run folder, or a predictions parquet of the present corpus.
    """
    from merflow.cache.project import inside
    from merflow.compare.comparison import compare
    from merflow.compare.page import page
    from merflow.compare.sources import resolve
    from merflow.layout import Layout, read_settings
    from merflow.settings.sentences import FILE
    from merflow.use import SCHEMA, find_project

    start = Path.cwd()
    with inside(start):
        # A folder with settings of its own may be run by a Snakefile elsewhere.
        schema = SCHEMA if SCHEMA.is_file() else find_project(start) / SCHEMA
        layout = Layout(read_settings(Path(FILE), schema))
        sources = (
            resolve(first, layout, reading, start),
            resolve(second, layout, reading, start),
        )
        found = compare(layout, sources, metric)
        report = layout.config["report"]
        click.echo(page(found, sources, report["decimals"], report["bootstrap"]["draws"]))
