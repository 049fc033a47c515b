"""What the tests of several nouns share."""

import os
import resource

import literal_paper
import pytest
import toy_corpus
from click.testing import CliRunner
from hypothesis import settings

from merflow.cli import cli

# A busy machine is no failure: examples have no deadline. Every run tries the same ones;
# `HYPOTHESIS_PROFILE=search` tries others.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def toy():
    """A made-up corpus with features that tell the classes apart."""
    return toy_corpus


@pytest.fixture(scope="session")
def paper():
    """The paper's equations, written a second time with plain loops."""
    return literal_paper


@pytest.fixture
def run(monkeypatch):
    """Return a function that calls the command line in this process with one thread."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return lambda *arguments: CliRunner().invoke(cli, [str(part) for part in arguments])


@pytest.fixture
def small_files():
    """Let no file of this process grow beyond 20 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
