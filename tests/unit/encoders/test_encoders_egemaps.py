"""eGeMAPS: what is given to openSMILE; openSMILE itself where it is installed (an extra)."""

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from merflow.encoders.load import load
from merflow.errors import MerflowError

SPEC = {"architecture": "egemaps"}
RATE = 16000


class Recorder:
    """Stands for openSMILE: keeps what it is given, and gives back its length."""

    def __init__(self, feature_set, feature_level):
        self.asked = (feature_set, feature_level)

    def process_signal(self, signal, rate):
        assert rate == RATE
        return pd.DataFrame([[float(len(signal))] * 88])


@pytest.fixture
def recorded(monkeypatch):
    fake = SimpleNamespace(
        __version__="9",
        Smile=Recorder,
        FeatureSet={"eGeMAPSv02": "set"},
        FeatureLevel=SimpleNamespace(Functionals="level"),
    )
    monkeypatch.setitem(sys.modules, "opensmile", fake)
    return fake


@pytest.fixture(scope="module")
def real():
    pytest.importorskip("opensmile", reason="the extra egemaps is not installed")
    return load("egemaps", SPEC, None)


def test_without_the_package_it_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "opensmile", None)
    with pytest.raises(MerflowError, match=r"\[egemaps\].*licence.*mfcc"):
        load("egemaps", SPEC, None)


def test_short_sounds_are_given_with_zeros_behind(recorded, sound):
    encoder = load("egemaps", SPEC, None)
    lengths = [encoder.encode([sound(n)])[0]["functionals"][0] for n in (0, 1, 959, 960, 2000)]
    assert lengths == [960, 960, 960, 960, 2000]
    short = sound(10)
    assert np.array_equal(encoder.prepare(short)[:10], short)
    assert not encoder.prepare(short)[10:].any()


def test_digest_follows_the_library(recorded):
    first = load("egemaps", SPEC, None).digest
    recorded.__version__ = "10"
    assert load("egemaps", SPEC, None).digest != first


@pytest.mark.parametrize("samples", [0, 1, 320, 959, 960, 961, 4800])
def test_everything_is_finite(real, samples):
    random = np.random.default_rng(samples)
    sounds = [
        np.zeros(samples),
        np.full(samples, 0.3),
        random.standard_normal(samples),
        np.sign(random.standard_normal(samples)),
    ]
    for vectors in real.encode([sound.astype(np.float32) for sound in sounds]):
        assert vectors["functionals"].shape == (88,)
        assert vectors["functionals"].dtype == np.float32


def test_neighbours_change_no_bit(real, sound):
    sounds = [sound(samples) for samples in (3000, 100, 16000)]
    together = real.encode(sounds)
    for vectors, alone in zip(together, sounds, strict=True):
        single = load("egemaps", SPEC, None).encode([alone])[0]
        assert np.array_equal(vectors["functionals"], single["functionals"])


def test_pitch_of_a_tone_rises_with_it(real):
    time = np.arange(RATE) / RATE
    harmonics = [sum(np.sin(2 * np.pi * f * k * time) / k for k in range(1, 8)) for f in (110, 220)]
    low, high = (real.encode([(0.2 * h).astype(np.float32)])[0]["functionals"] for h in harmonics)
    assert high[0] - low[0] == pytest.approx(12, abs=0.2)  # F0 mean, in semitones
