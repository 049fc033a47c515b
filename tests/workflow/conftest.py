"""Runs of the small demo, each made once and shared by the tests that look at it."""

import json

import pytest
from graph import small_settings, snakemake, write_settings


def _finished(folder, change=None, cores="2"):
    """Run the whole small graph in a folder once, also when several processes ask for it."""
    settings = small_settings()
    if change:
        change(settings)
    write_settings(folder, settings)
    outcome = snakemake(folder, "--cores", cores)
    assert outcome.code == 0, outcome.text[-6000:]
    (folder / "jobs.json").write_text(json.dumps(outcome.jobs))
    return folder


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """Folder of a finished small run on two cores."""
    return _finished(tmp_path_factory.mktemp("graph") / "run")


@pytest.fixture(scope="session")
def other_run(tmp_path_factory):
    """The same settings in another folder, on one core and in three shards."""

    def change(settings):
        settings["corpus"]["shards"] = 3

    return _finished(tmp_path_factory.mktemp("graph") / "other", change, cores="1")
