"""Speech is there, as long as asked, as told, and the same in every process."""

import hashlib
import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from merflow.corpus.demo.speech import RATE, Utterance, fit, require_parselmouth, speak
from merflow.corpus.demo.voices import FEMALE, MALE, Prosody, draw_voice
from merflow.errors import MerflowError
from merflow.seeds import generator

parselmouth = pytest.importorskip("parselmouth")
CALM = Prosody(0.9, 0.6, 0.9, -28.0, 0.2, False)
EXCITED = Prosody(1.3, 1.6, 1.2, -20.0, 0.6, False)
SENTENCE = ("He left his coat in the other room",)


def said(prosody=CALM, number=0):
    return Utterance(draw_voice(0, "clip", number), SENTENCE, prosody)


def digest(sounds):
    return hashlib.sha256(b"".join(sound.tobytes() for sound in sounds)).hexdigest()


def pitch(sound):
    track = parselmouth.Sound(sound.astype(float), RATE).to_pitch(0.01, 60, 500)
    frequency = track.selected_array["frequency"]
    return np.median(frequency[frequency > 0])


@pytest.fixture(scope="module")
def sounds():
    return speak([said()]), speak([said(EXCITED)])


def test_prosody_is_heard(sounds):
    (calm,), (excited,) = sounds
    voice = draw_voice(0, "clip", 0)
    assert pitch(calm) == pytest.approx(voice.pitch_hz * 0.9, rel=0.08)
    assert pitch(excited) == pytest.approx(voice.pitch_hz * 1.3, rel=0.08)
    assert calm.size / excited.size == pytest.approx(1.2 / 0.9, rel=0.1)
    level = 20 * np.log10(np.sqrt(np.mean(excited**2, dtype=np.float64)))
    assert level == pytest.approx(-20.0, abs=0.1)


def test_what_was_spoken_before_does_not_matter(sounds):
    speak([said(EXCITED, 1)])
    assert digest(speak([said()])) == digest(sounds[0])


def test_another_process_speaks_the_same(sounds):
    code = (
        "import hashlib\n"
        "from merflow.corpus.demo.speech import Utterance, speak\n"
        "from merflow.corpus.demo.voices import Prosody, draw_voice\n"
        f"prosody = Prosody({CALM.pitch}, {CALM.pitch_range}, {CALM.tempo}, {CALM.level_db},"
        f" {CALM.brightness}, False)\n"
        f"sound = speak([Utterance(draw_voice(0, 'clip', 0), {SENTENCE!r}, prosody)])[0]\n"
        "print(hashlib.sha256(sound.tobytes()).hexdigest())\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == digest(sounds[0])


@pytest.mark.parametrize("duration_s", [0.5, 1.03, 4.0])
def test_a_fitted_sound_is_exactly_as_long_as_asked_and_never_silent(sounds, duration_s):
    sound = fit(sounds[0][0], duration_s, generator(0, "test-fit"))
    assert sound.dtype == np.float32
    assert sound.shape == (round(duration_s * RATE),)
    assert np.abs(sound).max() <= 1.0
    assert np.sqrt(np.mean(sound**2)) > 0.005
    for piece in np.array_split(sound, 20):
        assert np.abs(piece).max() > 0


def test_speakers_of_clips_babble_and_noise_share_no_voice():
    heard = {
        purpose: {draw_voice(0, purpose, number).variant for number in range(40)}
        for purpose in ("clip", "babble", "noise")
    }
    assert all(heard[purpose] == {*MALE[purpose], *FEMALE[purpose]} for purpose in heard)
    assert len(set.union(*heard.values())) == sum(len(voices) for voices in heard.values())


def test_a_missing_synthesiser_is_told_with_its_cure(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MerflowError, match=r'pip install "merflow\[demo\]"'):
        require_parselmouth()


def test_an_error_of_the_synthesiser_is_one_sentence():
    broken = said()
    object.__setattr__(broken.voice, "variant", "Nobody")
    with pytest.raises(MerflowError, match="Nobody"):
        speak([broken])
