"""Labels follow from the settings alone and keep to the shares of MER 2023."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from merflow.corpus.demo.labels import (
    ANNOTATION_SD,
    CLASSES,
    FLOOR,
    SHARES,
    VALENCE_MEAN,
    VALENCE_SD,
    clip_labels,
)
from merflow.errors import MerflowError


def spec_of(seed=0, speakers=24, label_noise=0.06, **clips):
    return {"seed": seed, "speakers": speakers, "label_noise": label_noise, "clips": clips}


def counts_of(labels, split):
    counts = Counter(label.emotion for label in labels if label.split == split)
    return np.array([counts[emotion] for emotion in CLASSES])


@pytest.mark.parametrize("seed", range(40))
def test_every_class_has_its_floor(seed):
    labels = clip_labels(spec_of(seed, train=240, test1=60, test2=60))
    assert counts_of(labels, "train").min() >= 10
    assert min(counts_of(labels, split).min() for split in ("test1", "test2")) >= 4
    small = clip_labels(spec_of(seed, train=24, test1=6, test2=6))
    assert counts_of(small, "train").min() >= FLOOR  # one in each of three folds
    assert counts_of(small, "test1").tolist() == [1] * 6


@pytest.mark.parametrize("split", ["train", "test1"])
def test_classes_keep_to_their_shares_beyond_the_floor(split):
    clips = clip_labels(spec_of(3, **{split: 600}))
    for number in range(20, 600, 7):
        wanted = FLOOR + np.array(SHARES) * (number - FLOOR * len(CLASSES))
        assert np.abs(counts_of(clips[:number], split) - wanted).max() < 1.6


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


def arrays_of(labels):
    names = ("emotion", "acted", "valence", "felt")
    return [np.array([getattr(label, name) for label in labels]) for name in names]


def test_large_corpora_have_the_shares_and_valences_asked_for():
    emotion, _, valence, _ = arrays_of(clip_labels(spec_of(train=4000)))
    inside = 0.0
    for name, share in zip(CLASSES, SHARES, strict=True):
        mine = emotion == name
        assert mine.mean() == pytest.approx(share, abs=0.01)
        assert valence[mine].mean() == pytest.approx(VALENCE_MEAN[name], abs=0.25)
        assert valence[mine].std() == pytest.approx(VALENCE_SD[name], rel=0.15)
        inside += mine.mean() * valence[mine].var()
    # MER 2023: a constant is off by about 3.2, the means of the classes by about .7.
    assert valence.var() == pytest.approx(3.2, abs=0.3)
    assert inside == pytest.approx(0.7, abs=0.1)


def test_some_written_emotions_are_not_the_acted_ones():
    emotion, acted, valence, _ = arrays_of(clip_labels(spec_of(train=4000, label_noise=0.1)))
    wrong = emotion != acted
    assert wrong.mean() == pytest.approx(0.1, abs=0.015)
    mistaken = np.array([VALENCE_MEAN[name] for name in acted[wrong]])
    assert np.abs(valence[wrong] - mistaken).mean() < 1.2  # people mistake what looks alike
    quiet = clip_labels(spec_of(train=200, label_noise=0))
    assert all(label.emotion == label.acted for label in quiet)


def test_written_valence_is_the_felt_one_with_an_error():
    _, _, valence, felt = arrays_of(clip_labels(spec_of(train=4000)))
    assert (valence - felt).std() == pytest.approx(ANNOTATION_SD, rel=0.1)
    assert np.corrcoef(valence - felt, felt)[0, 1] == pytest.approx(0, abs=0.06)


def test_label_noise_changes_neither_written_labels_nor_speakers():
    few, many = (clip_labels(spec_of(train=100, label_noise=noise)) for noise in (0.0, 0.3))
    for one, other in zip(few, many, strict=True):
        assert replace(one, acted=other.acted) == other


def test_valence_lies_on_the_grid():
    valences = np.array([label.valence for label in clip_labels(spec_of(train=500))])
    assert np.all(valences * 4 == np.rint(valences * 4))
    assert np.abs(valences).max() <= 5


def test_speakers_take_turns():
    labels = clip_labels(spec_of(speakers=5, train=50))
    assert set(Counter(label.speaker for label in labels).values()) == {10}


@pytest.mark.parametrize(
    "wrong", [spec_of(speakers=0, train=1), spec_of(train=-1), spec_of(train=1, label_noise=1.0)]
)
def test_impossible_numbers_are_refused(wrong):
    with pytest.raises(MerflowError, match=r"corpus\.demo"):
        clip_labels(wrong)
