"""A run that is killed in the middle of its work, again and again, ends as if it had not been."""

from collections import Counter

import pytest
from graph import prediction_bytes, small_settings, snakemake, write_settings
from kills import begun, kill, start, wait_for

# Each while a job is at work: on the third clip, in the second batch of features, on a seed.
MOMENTS = [("corpus_demo_clips", 3), ("features_extract", 2), ("fusion_train", 1)]


@pytest.mark.slow
def test_kills_lose_one_batch_each_and_change_no_prediction(finished_run, tmp_path):
    write_settings(tmp_path, small_settings())
    total = Counter()
    for rule, batches in MOMENTS:
        process = start(tmp_path)
        wait_for(process, tmp_path, rule, batches)
        working = kill(process)
        assert working, "no job was at work"
        total += _sum(begun(tmp_path))
        for log in (tmp_path / "results" / "logs").rglob("*.log"):
            log.unlink()
    # Nothing has to be unlocked or cleaned up.
    outcome = snakemake(tmp_path, "--cores", "2")
    assert outcome.code == 0, outcome.text[-6000:]
    total += _sum(begun(tmp_path))
    whole = begun(finished_run)
    for log, sizes in whole.items():
        assert sum(sizes) <= total[log] <= sum(sizes) + len(MOMENTS) * max(sizes, default=0), log
    assert prediction_bytes(tmp_path) == prediction_bytes(finished_run)


def _sum(sizes):
    return Counter({log: sum(each) for log, each in sizes.items()})
