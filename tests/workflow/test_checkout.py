"""A checkout is one with its package, and holds its user's data."""

import sys

import pytest
from graph import run

pytestmark = pytest.mark.slow


def test_another_checkouts_package_is_refused(project):
    command = (sys.executable, "-m", "snakemake", "-n")
    outcome = run(project.folder, *command, env={"PYTHONPATH": ""})
    assert outcome.code == 1
    assert f"the workflow is {project.folder}" in outcome.text


def test_a_corpus_can_be_put_under_dvc(copied):
    corpus = copied.folder / "data" / "raw" / "mine"
    corpus.mkdir()
    (corpus / "clip.mp4").write_bytes(b"0")
    copied.call("dvc", "add", "-q", "data/raw/mine")
    assert "data/raw/mine.dvc" in copied.changes()
    copied.call("git", "check-ignore", "data/raw/mine/clip.mp4")
