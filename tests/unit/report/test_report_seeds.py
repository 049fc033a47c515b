"""How several seeds enter: as a mean, as a spread, and in no cell's interval."""

import numpy as np
import pandas as pd
import pytest

SEEDS = (3, 4, 9)


@pytest.fixture
def seeded(corpus, report):
    """Scores of a system of three seeds, and of each of its seeds alone."""
    path = corpus.predictions("s", 1.0, seeds=SEEDS)
    every, _ = report.metrics({"s|clean|honest": path}, decimals=8)
    frame, single = pd.read_parquet(path), []
    for seed in SEEDS:
        own = corpus.folder / f"seed{seed}.parquet"
        frame[frame["seed"] == seed].to_parquet(own, index=False)
        found, _ = report.metrics({"s|clean|honest": own}, decimals=8)
        single.append(found["systems"]["s"]["clean"]["honest"])
    report.metrics({"s|clean|honest": path})
    return every["systems"]["s"]["clean"]["honest"], single


def test_the_spread_is_that_of_the_seeds_scored_alone(seeded):
    every, single = seeded
    for split in ("train", "test1", "test2"):
        for metric in ("weighted_f1", "mse", "com"):
            alone = [one[split][metric] for one in single]
            assert every[split][metric] == pytest.approx(np.mean(alone), abs=1e-7)
            wanted = np.std(alone, ddof=1)
            assert wanted > 0
            assert every[split]["seed_sd"][metric] == pytest.approx(wanted, abs=1e-7)
            assert "seed_sd" not in single[0][split]


def test_table_1_prints_spread_and_seeds(seeded, report):
    every, _ = seeded
    _, page = report.table("table1", ["s"])
    part = page.split("## Spread over seeds")[1].split("\n## ")[0]
    row = next(line for line in part.splitlines() if line.startswith("| s "))
    cells = [cell.strip() for cell in row.split("|")[2:-1]]
    wanted = [every["train"]["seed_sd"][name] for name in ("weighted_f1", "mse", "com")]
    wanted.append(every["test1"]["seed_sd"]["com"])
    assert [float(cell) for cell in cells] == pytest.approx(wanted, abs=1e-4)
    assert "the seeds 3, 4, 9. A cell is the mean of their scores" in page


def test_one_seed_has_no_spread(corpus, report):
    report.metrics({"s|clean|honest": corpus.predictions("s", 1.0, seeds=(7,))})
    _, page = report.table("table1", ["s"])
    assert "Spread over seeds" not in page
    assert "the seed 7 alone" in page
