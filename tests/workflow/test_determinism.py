"""The same settings give the same bytes: in a fresh clone, on other cores, in other shards."""

import pytest
from graph import computed, forget_logs, prediction_bytes
from rerun_table import entry_of, expected, without_numbers

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rebuilt(project, tmp_path_factory):
    """A fresh clone without any cache, made on one core and in two shards."""
    clone = project.clone(tmp_path_factory.mktemp("rebuilt") / "clone")
    assert clone.repro().jobs == {}
    clone.edit({"corpus.shards": 2})
    return clone, clone.snakemake("--cores", "1")


def test_a_fresh_clone_on_one_core_in_two_shards_gives_the_same_predictions(project, rebuilt):
    clone, outcome = rebuilt
    # Three encoders, clean and noisy, and the one that hears at fixed SNRs; in two shards each.
    assert outcome.jobs["features_extract"] == (2 * 3 + 1) * 2
    first, second = prediction_bytes(project.folder), prediction_bytes(clone.folder)
    # Both readings of probes and systems, ensembles twice, systems by speaker; two SNRs of six.
    assert len(first) == 2 * 3 + 2 * 5 + 4 * 2 + 2 * 3 + 2 * 6
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_fresh_clone_gives_the_committed_results(rebuilt):
    assert rebuilt[0].changes() == ["params.yaml"]


def test_other_shards_collect_everything(project, rebuilt, tmp_path):
    clone = rebuilt[0].copy(tmp_path / "clone")
    clone.call("git", "checkout", "-q", "params.yaml")
    forget_logs(clone.folder)
    outcome = clone.snakemake("--cores", "2")
    entry = entry_of("corpus.shards")
    assert without_numbers(outcome.jobs) == expected(entry)
    assert entry["anew"] == []
    assert computed(clone.folder) == {}
    assert prediction_bytes(clone.folder) == prediction_bytes(project.folder)
    assert clone.changes() == []
