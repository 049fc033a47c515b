"""Labels follow from the settings alone and keep to the shares of MER 2023."""

from collections import Counter

import numpy as np
import pytest

from merflow.corpus.demo.labels import CLASSES, SHARES, VALENCE_MEAN, clip_labels
from merflow.errors import MerflowError


def spec_of(seed=0, speakers=12, **clips):
    return {"seed": seed, "speakers": speakers, "clips": clips}


@pytest.mark.parametrize("seed", range(60))
def test_every_class_has_its_floor_in_the_default_sizes(seed):
    labels = clip_labels(spec_of(seed, train=40, test1=12, test2=12))
    for split, floor in (("train", 3), ("test1", 1), ("test2", 1)):
        counts = Counter(label.emotion for label in labels if label.split == split)
        assert min(counts[emotion] for emotion in CLASSES) >= floor


def test_names_splits_and_indices_are_complete():
    labels = clip_labels(spec_of(train=5, test1=2))
    assert [label.index for label in labels] == list(range(7))
    assert [label.clip for label in labels][-3:] == ["train_0004", "test1_0000", "test1_0001"]
    assert all(label.clip.startswith(label.split) for label in labels)


def test_more_clips_leave_the_first_ones_as_they_are():
    few, many = (clip_labels(spec_of(train=number)) for number in (17, 400))
    assert many[:17] == few


def test_another_seed_gives_other_labels():
    assert clip_labels(spec_of(1, train=40)) != clip_labels(spec_of(2, train=40))


def test_large_corpora_have_the_shares_and_valences_asked_for():
    labels = clip_labels(spec_of(train=4000))
    counts = Counter(label.emotion for label in labels)
    for emotion, share in zip(CLASSES, SHARES, strict=True):
        assert counts[emotion] / 4000 == pytest.approx(share, abs=0.03)
        valences = [label.valence for label in labels if label.emotion == emotion]
        assert np.mean(valences) == pytest.approx(VALENCE_MEAN[emotion], abs=0.3)


def test_valence_lies_on_the_grid():
    valences = np.array([label.valence for label in clip_labels(spec_of(train=500))])
    assert np.all(valences * 4 == np.rint(valences * 4))
    assert np.abs(valences).max() <= 5


def test_speakers_take_turns():
    labels = clip_labels(spec_of(speakers=5, train=50))
    assert set(Counter(label.speaker for label in labels).values()) == {10}


@pytest.mark.parametrize("wrong", [spec_of(speakers=0, train=1), spec_of(train=-1)])
def test_impossible_numbers_are_refused(wrong):
    with pytest.raises(MerflowError, match=r"corpus\.demo"):
        clip_labels(wrong)
