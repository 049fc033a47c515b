"""The made-up table that training is measured on has the statistics it claims."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("training_table")


def test_labels_are_those_of_mer2023_in_size_and_statistics(made_up):
    labels = made_up.Table().labels
    assert {name: labels.split.count(name) for name in made_up.SIZES} == made_up.SIZES
    shares = np.bincount(labels.emotion) / len(labels)
    assert np.abs(shares - made_up.SHARES).max() < 0.005
    assert np.array_equal(labels.valence * 4, np.round(labels.valence * 4))
    assert np.abs(labels.valence).max() <= 5
    for emotion, (mean, spread) in enumerate(made_up.VALENCE):
        own = labels.valence[labels.emotion == emotion]
        assert abs(own.mean() - mean) < 4 * spread / np.sqrt(len(own))
        assert abs(own.std() - spread) < 0.15 * spread


def test_folds_are_of_training_clips_and_stratified(made_up):
    labels = made_up.Table().labels
    train = np.array(labels.split) == "train"
    assert np.array_equal(labels.fold >= 0, train)
    counts = np.array([np.bincount(labels.emotion[labels.fold == fold]) for fold in range(5)])
    assert (np.ptp(counts, axis=0) <= 1).all()


def test_a_feature_does_not_depend_on_what_is_read_beside_it(made_up):
    table = made_up.small(50)
    both = table.dataset(["HL(3)", "MR(stem)"])
    alone = made_up.small(50).dataset(["MR(stem)"])
    assert both.dims == (1024, 64)
    assert np.array_equal(both.clean[:, 1024:], alone.clean)
    assert len(table.dataset(["MR(stem)"], tests=False).labels) == 50


def test_there_are_36_layers_of_the_real_widths(made_up):
    assert len(made_up.WIDTHS) == 36
    assert made_up.WIDTHS["RF(pooling)"] == 2048
    assert max(made_up.SPEECH, key=made_up.shown_by) == "HL(18)"
