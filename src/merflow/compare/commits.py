"""The settings of a commit, and where their results lie."""

import subprocess

import yaml

from merflow.errors import MerflowError
from merflow.layout import Layout
from merflow.settings.sentences import FILE


def layout_of(commit: str) -> Layout:
    """Return the layout of ``params.yaml`` as it stands in a commit of the working folder.

    Results of old settings stay under results/runs, in folders that carry a digest of them.

    Raises:
        MerflowError: There is no such commit or file, or its settings are of another version.
    """
    # Resolved first: a name that begins with a dash is no option of `git show` then.
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    if found is None:
        raise MerflowError(
            f"there is no commit {commit!r} in this repository: name one that `git log` lists"
        )
    text = _git("show", f"{found.strip()}:./{FILE}")
    if text is None:
        raise MerflowError(f"commit {commit!r} has no {FILE}: name one that has")
    try:
        layout = Layout(yaml.safe_load(text))
        layout.predictions()
    except (AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise MerflowError(
            f"{FILE} of commit {commit!r} is of another version of merflow: check the commit out "
            "in a folder of its own, run snakemake there, and name the run folder's path"
        ) from error
    return layout


def _git(*arguments: str) -> str | None:
    """Return what git prints, or None where it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, encoding="utf-8", check=False
        )
    except FileNotFoundError as error:
        raise MerflowError("COMMIT:SYSTEM needs git, which is not installed: install it") from error
    return done.stdout if done.returncode == 0 else None
