"""One finished run of the preset ``small``, made once and shared by all tests and processes."""

import json

import pytest
from filelock import FileLock
from outside import changed, empty_places, found_in, tree_of
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
        places, before = empty_places(base / "making" / "outside"), tree_of(made.folder)
        made.repro(places)
        written = {
            "outside": found_in(places),
            "inside": changed(before, tree_of(made.folder)),
            "beside": sorted(path.name for path in made.folder.parent.iterdir()),
        }
        made.commit("results")
        # Renamed when it is whole, so that a failure here fails for all who wait.
        folder.parent.mkdir()
        (folder.parent / "written.json").write_text(json.dumps(written))
        made.folder.rename(folder)
        return Project(folder)


@pytest.fixture(scope="session")
def written(project):
    """What the run wrote: ``inside`` its folder, ``beside`` it, and ``outside``, where it could."""
    return json.loads((project.folder.parent / "written.json").read_text())


@pytest.fixture
def copied(project, tmp_path):
    """A copy of the finished project for one test."""
    return project.copy(tmp_path / "copy")


@pytest.fixture(scope="session")
def finished_run(project):
    """Folder of the finished run, to look at."""
    return project.folder
