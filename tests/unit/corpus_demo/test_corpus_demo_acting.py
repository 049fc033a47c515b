"""Lips follow the sound, eyes blink, heads stay near their place."""

import numpy as np
import pytest

from merflow.corpus.demo.acting import glances, lids, lips, loudness, sway
from merflow.corpus.demo.clips import clip_frames, clip_sound
from merflow.corpus.demo.labels import clip_labels
from merflow.corpus.demo.portrait import MOUTH_LEVEL
from merflow.corpus.demo.speech import RATE
from merflow.seeds import generator


def test_loudness_is_one_where_the_sound_is_loudest():
    sound = np.concatenate([np.zeros(RATE), np.full(RATE, 0.5), np.zeros(RATE)]).astype("f4")
    times = np.array([0.5, 1.5, 2.5])
    assert loudness(sound, RATE, times) == pytest.approx([0, 1, 0])
    assert loudness(np.zeros(RATE, np.float32), RATE, times) == pytest.approx([0, 0, 0])


def test_lips_open_with_the_sound_and_shut_in_silence():
    loud = np.linspace(0, 1, 50)
    opening = lips(loud, 0.05)
    assert opening[0] == pytest.approx(0.05)
    assert np.all(np.diff(opening) >= 0)
    assert np.corrcoef(opening, loud)[0, 1] > 0.95
    assert opening.max() <= 0.85


def test_eyes_are_open_most_of_the_time_and_blink():
    times = np.arange(0, 60, 0.08)
    factor = lids(times, generator(0, "test-lids"))
    assert factor.min() < 0.5
    assert 0.9 < np.mean(factor > 0.5) < 1.0


def test_eyes_rest_somewhere_and_jump():
    times = np.arange(0, 60, 0.08)
    looks = glances(times, generator(0, "test-glances"))
    assert np.abs(looks).max() <= 1.0
    assert np.abs(looks.mean(0)).max() < 0.2
    moved = np.any(np.diff(looks, axis=0) != 0, axis=1)
    assert 0.02 < moved.mean() < 0.3
    assert glances(times[:0], generator(0, "test-glances")).shape == (0, 2)


def test_a_head_sways_slowly_and_not_far():
    times = np.arange(0, 30, 0.08)
    moved = sway(times, generator(0, "test-sway"))
    assert np.abs(moved).max() <= 1.0
    assert np.abs(np.diff(moved)).max() < 0.3


def test_the_mouth_seen_in_a_clip_follows_its_sound(tiny):
    spec = tiny | {"duration_s": 2.0, "fps": 12.5, "width": 240, "height": 180}
    label = clip_labels(spec)[0]
    sound = clip_sound(label, spec)
    frames = np.array(list(clip_frames(label, spec, sound)))
    assert frames.shape == (25, 180, 240, 3)
    loud = loudness(sound, RATE, (np.arange(25) + 0.5) / 12.5)
    row, column = round((0.51 + MOUTH_LEVEL * 0.335) * 180), 120
    patch = frames[:, row - 14 : row + 20, column - 30 : column + 30, 1].astype(float)
    changed = np.abs(patch - np.median(patch[loud < 0.1], axis=0)).mean((1, 2))
    assert np.corrcoef(changed, loud)[0, 1] > 0.5
