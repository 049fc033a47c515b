"""The cache after it was tidied, and after damage, by the jobs that really run."""

import os
import subprocess
import sys

import pytest
from graph import computed, forget_logs
from project import Project

pytestmark = pytest.mark.slow


@pytest.fixture
def linked(project, tmp_path):
    """A copy of the finished project in which stores and results share their bytes."""
    subprocess.run(["cp", "-a", str(project.folder), str(tmp_path / "copy")], check=True)
    return Project(tmp_path / "copy")


def cache(project, *arguments):
    """Call ``merflow cache`` as its user does."""
    call = "from merflow.cli import main; main()"
    return project.run(sys.executable, "-c", call, "cache", *arguments)


def contents(project):
    """Return every file of the results that is made from clips, with its inode's name count."""
    results = project.folder / "results"
    return {
        path.relative_to(results).as_posix(): path.stat().st_nlink
        for noun in ("corpus", "faces", "features", "noise", "runs")
        for path in (results / noun).rglob("*")
        if path.is_file() and "benchmarks" not in path.parts
    }


def spoil(path):
    """Spoil a file in place, under all its names, as a bad disk would: its time stays."""
    times, size = path.stat(), path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(bytes(size - size // 2))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_after_gc_nothing_runs_and_what_is_left_is_what_a_straight_run_leaves(linked):
    before = contents(linked)
    assert cache(linked, "gc", "--yes").text.splitlines()[1:] == ["  nothing"]
    present = (linked.folder / "params.yaml").read_text()
    linked.edit({"corpus.shards": 2, "fusion.afg.shared": True, "noise.seed": 7})
    linked.snakemake("--cores", "2")
    (linked.folder / "params.yaml").write_text(present)
    linked.snakemake("--cores", "2")
    torn = linked.folder / "results/features/store/HL/.part-12345678-12345678.99.safetensors"
    torn.write_bytes(b"half")
    assert contents(linked).keys() > before.keys()
    outcome = cache(linked, "gc", "--yes")
    assert outcome.code == 0, outcome.text
    left = contents(linked)
    # Facts of clips and seeds of probes are small and kept, whose ever they are.
    more = left.keys() - before.keys()
    assert all(name.startswith(("corpus/", "runs/store/")) for name in more)
    assert {name: left[name] for name in before} == before
    assert linked.plans(settings=[linked.settings]) == [{}]
    assert linked.changes() == []
    assert "  nothing" in cache(linked, "gc", "--yes").text


def test_a_job_that_meets_a_damaged_file_is_helped_by_verify(linked):
    (path,) = (linked.folder / "results").glob("features/MR-*/clean/*/*.safetensors")
    content = path.read_bytes()
    spoil(path)
    linked.edit({"fusion.afg.shared": True})
    failed = linked.run(sys.executable, "-m", "snakemake", "--nocolor", "--cores", "2")
    assert failed.code != 0
    name = path.relative_to(linked.folder)
    assert f"the feature file {name} is damaged: run `merflow cache verify --remove`" in failed.text
    found = cache(linked, "verify")
    assert found.code == 1
    assert found.text.count("damaged: ") == 2
    removed = cache(linked, "verify", "--remove")
    assert removed.code == 0, removed.text
    assert removed.text.count("removed: ") == 2
    assert not path.exists()
    forget_logs(linked.folder)
    jobs = linked.snakemake("--cores", "2").jobs
    print(jobs)
    assert jobs["features_extract"] == 1
    assert path.read_bytes() == content
    assert "probes_train" not in computed(linked.folder)
    assert cache(linked, "verify").code == 0
    assert linked.plans(settings=[linked.settings]) == [{}]


def test_damage_below_complete_tables_is_made_again_by_the_target_features(linked):
    (path,) = (linked.folder / "results").glob("features/MR-*/clean/*/*.safetensors")
    content = path.read_bytes()
    spoil(path)
    assert cache(linked, "verify", "--remove").code == 0
    # The tables are there and nothing is missing for them.
    assert linked.plans(settings=[linked.settings]) == [{}]
    jobs = linked.snakemake("--cores", "2", "features").jobs
    assert jobs["features_extract"] == 1
    assert path.read_bytes() == content
    assert cache(linked, "verify").code == 0


def test_a_file_that_no_job_needs_is_made_again_when_it_is_asked_for(linked):
    (path,) = (linked.folder / "results").glob("faces/*/*/crops-*")
    content = path.read_bytes()
    spoil(path)
    assert cache(linked, "verify", "--remove").code == 0
    # The tables are there and nothing is missing for them.
    assert linked.plans(settings=[linked.settings]) == [{}]
    name = path.relative_to(linked.folder).as_posix()
    assert linked.snakemake("--cores", "2", name).jobs == {"faces_crop": 1}
    assert path.read_bytes() == content
    assert linked.plans(settings=[linked.settings]) == [{}]
    assert linked.changes() == []
