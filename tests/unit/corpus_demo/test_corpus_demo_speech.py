"""Speech is there, as long as asked, as told, and the same in every process."""

import hashlib
import importlib.util
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from merflow.corpus.demo.speech import (
    RATE,
    TREMOR_HZ,
    Utterance,
    colour,
    fit,
    require_parselmouth,
    speak,
)
from merflow.corpus.demo.voices import FEMALE, MALE, Prosody, Voice, draw_voice, habitual
from merflow.errors import MerflowError
from merflow.seeds import generator

parselmouth = pytest.importorskip("parselmouth")
CALM = Prosody(0.9, 0.6, 0.9, -28.0, 0.2, False)
EXCITED = Prosody(1.3, 1.6, 1.2, -20.0, 0.6, False)
SENTENCE = ("He left his coat in the other room",)


def said(prosody=CALM, number=0):
    return Utterance(plain(draw_voice(0, "clip", number)), SENTENCE, prosody)


def plain(voice):
    """Return a voice without habits."""
    return Voice(voice.variant, voice.formants, voice.pitch_hz, voice.female)


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
    voice = said().voice
    assert pitch(calm) == pytest.approx(voice.pitch_hz * 0.9, rel=0.08)
    assert pitch(excited) == pytest.approx(voice.pitch_hz * 1.3, rel=0.08)
    assert calm.size / excited.size == pytest.approx(1.2 / 0.9, rel=0.1)
    level = 20 * np.log10(np.sqrt(np.mean(excited**2, dtype=np.float64)))
    assert level == pytest.approx(-20.0, abs=0.1)


def tone(seconds=2.0, hertz=200.0):
    """Return a tone whose loudness goes up and down once a second."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.sin(2 * np.pi * hertz * time) * (0.6 + 0.4 * np.cos(2 * np.pi * time))


def rms(samples, pieces):
    return np.array([np.sqrt(np.mean(piece**2)) for piece in np.array_split(samples, pieces)])


def strength_at(samples, low, high):
    """Return the share of the energy between two frequencies."""
    energy = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(samples.size, 1 / RATE)
    return energy[(hertz >= low) & (hertz < high)].sum() / energy.sum()


def test_loudness_contour_breath_tremor_and_brightness_are_heard():
    still = replace(CALM, brightness=0.0)
    plainly = colour(tone(), still)
    assert plainly == pytest.approx(tone())
    falling = rms(colour(tone(), replace(still, fall_db=6.0)), 2)
    assert 20 * np.log10(falling[0] / falling[1]) == pytest.approx(3.0, abs=0.3)
    swung = rms(colour(tone(), replace(still, swing=1.6)), 20)
    assert swung.max() / swung.min() > 1.5 * rms(plainly, 20).max() / rms(plainly, 20).min()
    trembling = rms(colour(tone(), replace(still, tremor=0.4)), 200) / rms(plainly, 200)
    peak = np.abs(np.fft.rfft(trembling - trembling.mean())).argmax() / 2.0
    assert peak == pytest.approx(TREMOR_HZ)
    hissing = colour(tone(), replace(still, breath=0.5))
    assert strength_at(hissing, 2000, 8000) > 0.05 > strength_at(plainly, 2000, 8000)
    speech = tone() + 0.2 * tone(hertz=3000)
    bright, dark = (colour(speech, replace(still, brightness=b)) for b in (0.8, -0.3))
    assert strength_at(bright, 2000, 4000) > 2 * strength_at(dark, 2000, 4000)


def test_speakers_have_habits_that_a_prosody_lies_on():
    voices = [draw_voice(0, "clip", number) for number in range(24)]
    tempos = [habitual(voice, CALM).tempo / CALM.tempo for voice in voices]
    assert tempos == pytest.approx([voice.tempo for voice in voices])
    assert 0.02 < np.std(tempos) < 0.15
    assert len({voice.pitch_range for voice in voices}) == 24
    assert habitual(plain(voices[0]), CALM) == CALM


def test_of_speech_that_is_too_long_the_end_is_kept():
    speech = np.full(2 * RATE, 0.1, np.float32)
    speech[-RATE // 2 :] = 0.5
    kept = fit(speech, 1.0, generator(0, "test-fit"))
    assert kept[-100:] == pytest.approx(np.full(100, 0.5), abs=0.01)
    assert kept[1000:7000] == pytest.approx(np.full(6000, 0.1), abs=0.01)


def test_what_was_spoken_before_does_not_matter(sounds):
    speak([said(EXCITED, 1)])
    assert digest(speak([said()])) == digest(sounds[0])


def test_another_process_speaks_the_same(sounds):
    code = (
        "import hashlib\n"
        "from merflow.corpus.demo.speech import Utterance, speak\n"
        "from merflow.corpus.demo.voices import Prosody, Voice\n"
        f"prosody = Prosody({CALM.pitch}, {CALM.pitch_range}, {CALM.tempo}, {CALM.level_db},"
        f" {CALM.brightness}, False)\n"
        f"sound = speak([Utterance({said().voice!r}, {SENTENCE!r}, prosody)])[0]\n"
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
