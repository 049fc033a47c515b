"""Runs of the small demo, each made once and shared by all tests, also between processes."""

import pytest
from filelock import FileLock
from graph import small_settings, snakemake, write_settings


def _finished(tmp_path_factory, name, cores, shards):
    """Run the whole small graph in a folder that the processes of one test session share."""
    base = tmp_path_factory.getbasetemp()
    # Parallel workers have a base folder each, below one of the session.
    base = base.parent if base.name.startswith("popen-") else base
    folder = base / "runs" / name
    folder.parent.mkdir(exist_ok=True)
    with FileLock(base / f"{name}.lock"):
        if not folder.exists():
            settings = small_settings()
            settings["corpus"]["shards"] = shards
            write_settings(folder, settings)
            outcome = snakemake(folder, "--cores", cores)
            assert outcome.code == 0, outcome.text[-6000:]
    return folder


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """Folder of a finished small run on two cores, in one shard."""
    return _finished(tmp_path_factory, "two-cores", "2", 1)


@pytest.fixture(scope="session")
def other_run(tmp_path_factory):
    """The same settings in another folder, on one core and in two shards."""
    return _finished(tmp_path_factory, "one-core", "1", 2)
