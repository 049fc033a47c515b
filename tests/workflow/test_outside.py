"""A run writes into ``results/``, Snakemake and DVC into their folders, and nobody elsewhere."""

import pytest

pytestmark = pytest.mark.slow

INSIDE = {
    "results/": "what the run is for",
    ".snakemake/": "what Snakemake knows of the jobs, and what libraries of the jobs cache",
    ".dvc/tmp/": "DVC's locks",
    ".git/": "DVC stages dvc.lock and the results (core.autostage)",
    "dvc.lock": "what DVC records",
}
"""Prefixes of paths in the project -> why they are written."""
OUTSIDE = {
    "DVC_SITE_CACHE_DIR/repo/": "DVC's index of the repository, where DVC was told",
    "XDG_CACHE_HOME/snakemake/": "Snakemake makes its cache of sources before it reads a Snakefile",
}
"""Prefixes of paths outside -> whose they are."""


def test_nothing_but_results_is_written_in_the_project(written):
    assert any(path.startswith("results/") for path in written["inside"])
    assert not [path for path in written["inside"] if not path.startswith(tuple(INSIDE))]


def test_nothing_is_written_to_the_home_the_caches_or_the_temporary_folder(written):
    assert not [path for path in written["outside"] if not path.startswith(tuple(OUTSIDE))]


def test_what_is_listed_is_still_written(written):
    for prefix in OUTSIDE:
        assert any(path.startswith(prefix) for path in written["outside"]), prefix


def test_nothing_is_written_beside_the_project(written):
    assert written["beside"] == ["outside", "project"]
