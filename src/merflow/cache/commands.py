"""Commands of the group ``cache``."""

import sys
from pathlib import Path

import click


@click.group(name="cache")
def group() -> None:
    """List, prove and tidy what lies under results/."""


@group.command("ls")
def ls() -> None:
    """List features, faces, runs and stores, and which the present params.yaml uses.

    Where that cannot be told, as without the clips that it names, they are listed all the same.
    """
    from merflow.cache.listing import listing
    from merflow.cache.project import inside, present_layout
    from merflow.cache.used import noisy_tests, present_runs, used
    from merflow.errors import MerflowError
    from merflow.layout.data import RESULTS

    with inside(Path.cwd()) as project:
        click.echo(f"In {project}:\n")
        told: tuple[set[Path] | None, list[Path]] = None, []
        try:
            layout = present_layout()
            told = used(layout), [*present_runs(layout), *noisy_tests(layout)]
        except MerflowError as error:
            click.echo(f"What is used cannot be told: {error}\n")
        click.echo(listing(Path(RESULTS), *told))


@group.command()
@click.option("--remove", "removing", is_flag=True, help="Remove damaged files, with all links.")
def verify(removing: bool) -> None:
    """Prove files of features, crops and facts by their checksums; exit code 1 on damage.

    With --remove damaged files are removed (exit code 0); `snakemake --cores all features` makes
    features again, and crops where it needs them. Files of another version are counted apart,
    and left.
    """
    from merflow.cache.project import inside
    from merflow.cache.sizes import readable
    from merflow.cache.verify import prove
    from merflow.layout.data import RESULTS
    from merflow.lock import RunLock

    with inside(Path.cwd()) as project:
        if removing:
            RunLock().take()
        click.echo(f"In {project}:")
        proof = prove(Path(RESULTS))
        for links in proof.damaged:
            for path in links:
                click.echo(f"{'removed' if removing else 'damaged'}: {path}")
                if removing:
                    path.unlink(missing_ok=True)
        for links in proof.others:
            click.echo("\n".join(f"of another version: {path}" for path in links))
        sound = proof.files - len(proof.damaged) - len(proof.others)
        click.echo(f"{sound} of {proof.files} files are sound ({readable(proof.size)} read)")
    if proof.damaged:
        click.echo(
            f"{'R' if removing else 'Remove them with `merflow cache verify --remove`, then r'}un "
            "`snakemake --cores all all features`, which makes features again, and crops where "
            "it needs them"
        )
        sys.exit(0 if removing else 1)


@group.command()
@click.option("--yes", is_flag=True, help="Remove without asking.")
def gc(yes: bool) -> None:
    """Remove what the present params.yaml does not use, after listing it.

    Tables, figures, manifests, metrics.json, private files and data/ are never touched.
    """
    from merflow.cache.project import inside, present_layout
    from merflow.cache.sizes import aligned, freed, readable
    from merflow.cache.unused import remove, unused
    from merflow.cache.used import named, stored, trainings_unfinished, used
    from merflow.layout.data import RESULTS
    from merflow.lock import RunLock

    with inside(Path.cwd()) as project:
        RunLock().take()
        layout, results = present_layout(), Path(RESULTS)
        places = unused(results, used(layout), named(layout))
        sizes = freed(places)
        click.echo(f"In {project}, not used by params.yaml:")
        rows = [(f"  {readable(s)}", str(place)) for s, place in zip(sizes, places, strict=True)]
        click.echo("\n".join(aligned(rows, (0,)) if rows else ["  nothing"]))
        open_stores = [str(one.store) for one in stored(layout) if one.unfinished()]
        open_stores += [f"{RESULTS}/runs/store"] if trainings_unfinished(layout) else []
        if open_stores:
            click.echo(
                f"kept whole, as results of params.yaml are still to be made: "
                f"{', '.join(open_stores)}"
            )
        if not places:
            return
        if yes or click.confirm(f"Remove these {len(places)} ({readable(sum(sizes))})?"):
            remove(results, places)
            click.echo(f"removed {len(places)}, {readable(sum(sizes))} freed")
