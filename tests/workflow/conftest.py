"""One finished run of the preset ``small``, made once and shared by all tests and processes."""

import pytest
from filelock import FileLock
from project import Project


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """The project in a repository of its own, reproduced by DVC and committed.

    Tests look at it; what they change, they change in a copy.
    """
    base = tmp_path_factory.getbasetemp()
    # Parallel workers have a base folder each, below one of the session.
    base = base.parent if base.name.startswith("popen-") else base
    folder = base / "finished" / "project"
    with FileLock(base / "finished.lock"):
        if folder.exists():
            return Project(folder)
        made = Project.create(base / "making" / "project", "small")
        made.repro()
        made.commit("results")
        # Renamed when it is whole, so that a failure here fails for all who wait.
        folder.parent.mkdir()
        made.folder.rename(folder)
        return Project(folder)


@pytest.fixture
def copied(project, tmp_path):
    """A copy of the finished project for one test."""
    return project.copy(tmp_path / "copy")


@pytest.fixture(scope="session")
def finished_run(project):
    """Folder of the finished run, to look at."""
    return project.folder
