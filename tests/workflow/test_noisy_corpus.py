"""``snakemake noisy_corpus`` writes the corrupted test clips once, then only what is missing."""

import csv

import pytest
from graph import computed, forget_logs, small_settings, snakemake, write_settings
from outside import not_own, tree_of

from merflow.media.probe import check_clip
from merflow.noise.folder import NoiseFolder
from merflow.storage.digest import file_sha256


def settings():
    chosen = small_settings()
    chosen["corpus"]["demo"] |= {"clips": {"train": 10, "test1": 3, "test2": 2}, "speakers": 3}
    return chosen


def noisy(folder, *options):
    outcome = snakemake(folder, "--cores", "2", "noisy_corpus", *options)
    assert outcome.code == 0, outcome.text[-6000:]
    if outcome.jobs:
        assert "Results:     results/private/demo/noisy/ (<split>/<clip>.mp4;" in outcome.text
    assert "table1.md" not in outcome.text.partition("Results: ")[2]
    return outcome.jobs


@pytest.mark.slow
def test_the_corrupted_clips_are_whole_listed_and_resumed(tmp_path):
    write_settings(tmp_path, settings())
    assert noisy(tmp_path)["noise_corrupt"] == 1
    folder = tmp_path / "results" / "private" / "demo" / "noisy"
    with (folder / "noisy.csv").open(encoding="utf-8", newline="") as stream:
        records = list(csv.DictReader(stream))
    assert [record["split"] for record in records] == ["test1"] * 3 + ["test2"] * 2
    (corpus,) = (tmp_path / "results" / "corpus").glob("demo-*")
    for record in records:
        assert file_sha256(folder / record["file"]) == record["sha256"]
        source = next(corpus.rglob(f"{record['clip']}.mp4"))
        assert file_sha256(source) == record["source_sha256"]
        assert check_clip(folder / record["file"]) == check_clip(source)
    tests = NoiseFolder(corpus / "noise").names_for("test", 0)
    assert {record["noise_file"] for record in records} <= set(tests)
    read = {place: tree_of(place) for place in (corpus / "raw", corpus / "noise")}
    assert all(read.values())

    # A second time, and again after a loss; other shards are other jobs and the same files.
    assert noisy(tmp_path) == {}
    before = (folder / "noisy.csv").read_bytes()
    (folder / records[0]["file"]).unlink()
    forget_logs(tmp_path)
    noisy(tmp_path, "--forcerun", "noise_corrupt")
    assert computed(tmp_path)["noise_corrupt"] == 1
    assert [path for place, tree in read.items() for path in not_own(place, tree)] == []
    more = settings()
    more["corpus"]["shards"] = 2
    write_settings(tmp_path, more)
    forget_logs(tmp_path)
    assert noisy(tmp_path)["noise_corrupt"] == 2
    assert "noise_corrupt" not in computed(tmp_path)
    assert (folder / "noisy.csv").read_bytes() == before


def assert_one_sentence(text, told):
    """It ends with the sentence, and no place in the workflow's own files stands beside it."""
    last = text.splitlines()[-1]
    assert last.startswith("merflow: ")
    assert told in last
    for part in ("Error", "Exception", "Traceback", ".smk"):
        assert part not in text


def test_without_test_splits_or_recordings_it_says_what_it_needs(tmp_path):
    chosen = settings()
    chosen["corpus"]["tests"] = []
    chosen["report"] |= {"rows": chosen["report"]["rows"][:1], "submission": None}
    chosen["report"]["robustness"] = None
    write_settings(tmp_path, chosen)
    outcome = snakemake(tmp_path, "-n", "--cores", "1", "noisy_corpus")
    assert outcome.code == 1
    assert_one_sentence(outcome.text, "params.yaml: corpus.tests is []; noisy_corpus corrupts test")


@pytest.mark.parametrize(
    ("root", "told"),
    [(None, "params.yaml: noise.root is null; noisy_corpus"), ("gone", "gone does not exist")],
)
def test_recordings_that_no_training_needs_are_asked_for_all_the_same(tmp_path, root, told):
    chosen = settings()
    chosen["corpus"] |= {"adapter": "table", "root": ".", "csv": "list.csv"}
    del chosen["corpus"]["demo"]
    (tmp_path / "list.csv").write_text("path,emotion,valence\nnone.mp4,happy,1\n")
    chosen["noise"] |= {"source": "folder", "root": root}
    chosen["report"]["robustness"] = None
    for part in (*chosen["fusion"]["systems"], *chosen["report"]["rows"]):
        part["augmentation"] = ["clean"] if "features" in part else "clean"
    write_settings(tmp_path, chosen)
    outcome = snakemake(tmp_path, "-n", "--cores", "1", "noisy_corpus")
    assert outcome.code == 1
    assert_one_sentence(outcome.text, told)


def test_the_usual_run_does_not_write_them(tmp_path):
    write_settings(tmp_path, settings())
    outcome = snakemake(tmp_path, "-n", "--cores", "1")
    assert outcome.code == 0, outcome.text
    assert "noise_draw" in outcome.text
    assert "noise_corrupt" not in outcome.text
