import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def _load(name: str, path: Path):
    """Import a helper by its path: test folders are no packages."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def toy():
    """The toy corpus."""
    return _load("toy_corpus", HERE.parent / "training" / "toy_corpus.py")


@pytest.fixture
def run(monkeypatch):
    """Return a function that calls the command line in this process with one thread."""
    from click.testing import CliRunner

    from merflow.cli import cli

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return lambda *arguments: CliRunner().invoke(
        cli, [str(part) for part in arguments], catch_exceptions=True
    )
