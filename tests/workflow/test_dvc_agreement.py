"""DVC and Snakemake agree on what is up to date, in a clone of the project."""

import os
import shutil
import subprocess
import sys

import pytest
from graph import ROOT, jobs_of, small_settings, write_settings

pytestmark = pytest.mark.slow
IDENTITY = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]


def call(folder, *command):
    """Run a command in a clone, with its package and this Python's tools; returns its output."""
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(folder / "src")}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env)
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def commit(folder, message):
    call(folder, "git", "add", "-A")
    call(folder, "git", *IDENTITY, "commit", "-q", "--allow-empty", "-m", message)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A repository with the project's present files, small settings, reproduced by DVC."""
    folder = tmp_path_factory.mktemp("dvc") / "clone"
    tracked = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).is_file() and not name.startswith("results/") and name != "dvc.lock":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    settings = small_settings()
    baseline = settings["fusion"]["systems"][0]
    jdev = baseline | {"name": "mr_rf-jdev", "decoder": "jdev", "loss": "paper"}
    settings["fusion"]["systems"] = [baseline, jdev]
    settings["ensemble"]["systems"] = []
    settings["report"] |= {"submission": "mr_rf-jdev", "rows": settings["report"]["rows"][:2]}
    settings["probes"]["encoders"] = ["RF"]
    del settings["features"]["encoders"]["HL"]
    write_settings(folder, settings)
    call(folder, "git", "init", "-q", "-b", "main")
    commit(folder, "small settings")
    call(folder, "dvc", "repro", "-q")
    commit(folder, "results")
    return folder, settings


def in_clone(folder, *arguments):
    """Run the clone's own Snakefile, as a user would."""
    return jobs_of(call(folder, sys.executable, "-m", "snakemake", "--nocolor", *arguments))


def test_after_repro_nothing_is_left_to_do(clone):
    folder, _ = clone
    assert in_clone(folder, "--cores", "2") == {}
    text = call(folder, "dvc", "repro")
    assert "didn't change, skipping" in text
    assert "Data and pipelines are up to date" in text
    assert call(folder, "git", "status", "--porcelain") == ""


def test_a_setting_of_jdev_reruns_jdev_alone_and_metrics_can_be_diffed(clone):
    folder, settings = clone
    settings["fusion"]["jdev"]["branch_input"] = "logits"
    write_settings(folder, settings)
    ran = in_clone(folder, "--cores", "2")
    assert ran["fusion_train"] == 1
    assert not {"features_extract", "probes_train", "faces_crop"} & ran.keys()
    text = call(folder, "dvc", "repro")
    assert "Stage 'features' didn't change, skipping" in text
    assert "Nothing to be done" in text
    runs = folder / "results" / "runs"
    assert len(list(runs.glob("mr_rf-jdev.*"))) == 2  # the old one is kept: going back is free
    assert len(list(runs.glob("mr_rf-baseline.*"))) == 1
    diff = call(folder, "dvc", "metrics", "diff")
    assert "mr_rf-jdev" in diff
    assert "systems.mr_rf-baseline" not in diff
    assert in_clone(folder, "--cores", "2") == {}
    commit(folder, "another branch")


def test_an_old_commit_and_back_needs_nothing(clone):
    folder, _ = clone
    for revision in ("main~1", "main"):
        call(folder, "git", "checkout", "-q", revision)
        assert "up to date" in call(folder, "dvc", "repro")
        assert call(folder, "git", "status", "--porcelain") == ""


def test_fresh_clone_is_up_to_date_for_dvc(clone, tmp_path):
    folder, _ = clone
    call(tmp_path, "git", "clone", "-q", str(folder), "fresh")
    assert "up to date" in call(tmp_path / "fresh", "dvc", "repro")


def test_another_checkouts_package_is_refused(clone):
    folder, _ = clone
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    assert done.returncode == 1
    assert f"the workflow is {folder}" in done.stdout + done.stderr


def test_a_corpus_can_be_put_under_dvc(clone):
    folder, _ = clone
    corpus = folder / "data" / "raw" / "mine"
    corpus.mkdir()
    (corpus / "clip.mp4").write_bytes(b"0")
    call(folder, "dvc", "add", "-q", "data/raw/mine")
    assert "data/raw/mine.dvc" in call(folder, "git", "status", "--porcelain", "-uall")
    call(folder, "git", "check-ignore", "data/raw/mine/clip.mp4")
