"""MFCC and prosody against sounds whose answers are known, and against the formulas."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy

from merflow.encoders.cepstrum import centred, cepstrum, slopes, spectra
from merflow.encoders.load import load
from merflow.encoders.pitch import pitch
from merflow.encoders.prosody import prosody

RATE = 16000


@pytest.fixture(scope="module")
def encoder():
    return load("mfcc", {"architecture": "mfcc"}, None)


def tone(hertz, seconds=1.0, amplitude=0.3):
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def noise(seconds=1.0, amplitude=0.1, seed=0):
    drawn = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return (amplitude * drawn).astype(np.float32)


def told(sound):
    samples = centred(sound)
    return prosody(samples, spectra(samples))


def literal_cepstrum(sound):
    """One sum after the other, as the formulas are printed."""
    sound = np.asarray(sound, np.float64)
    sound = sound - sound.mean()
    hann = scipy.signal.get_window("hann", 400, fftbins=True)
    top = 2595 * np.log10(1 + 8000 / 700)
    bottom = 2595 * np.log10(1 + 20 / 700)
    corners = [700 * (10 ** (m / 2595) - 1) for m in np.linspace(bottom, top, 42)]
    hertz = np.linspace(0, 8000, 257)
    energies = []
    for start in range(0, len(sound) - 399, 160):
        power = np.abs(np.fft.fft(hann * sound[start : start + 400], 512)[:257]) ** 2
        energies.append(
            [np.sum(power * np.interp(hertz, corners[b : b + 3], [0, 1, 0])) for b in range(40)]
        )
    floor = max(1e-10, 1e-8 * np.max(energies))
    logs = np.log(np.maximum(energies, floor))
    steps = np.arange(40) + 0.5
    waves = np.array([np.cos(np.pi * k * steps / 40) for k in range(20)])
    scale = np.full(20, np.sqrt(2 / 40))
    scale[0] = np.sqrt(1 / 40)
    return (logs @ waves.T) * scale


def test_cepstrum_is_that_of_the_formulas():
    sound = noise(0.2) * np.linspace(0, 1, 3200, dtype=np.float32) + tone(300, 0.2)
    assert cepstrum(spectra(centred(sound))) == pytest.approx(literal_cepstrum(sound), abs=1e-4)


def test_slopes_of_a_line_are_its_own_and_of_a_constant_zero():
    line = np.stack([3.0 * np.arange(30), np.full(30, 7.0)], axis=1)
    assert slopes(line)[4:-4] == pytest.approx(np.tile([3.0, 0.0], (22, 1)))
    assert slopes(line)[:, 1] == pytest.approx(0)


def test_mfcc_layer_is_mean_and_deviation_of_coefficients_and_slopes(encoder):
    sound = noise(0.5)
    values = cepstrum(spectra(centred(sound)))
    moving = slopes(values)
    parts = [values.mean(axis=0), values.std(axis=0), moving.mean(axis=0), moving.std(axis=0)]
    assert encoder.encode([sound])[0]["mfcc"] == pytest.approx(np.concatenate(parts), abs=1e-5)


@pytest.mark.parametrize("hertz", [65, 110, 220, 330, 440, 590])
@pytest.mark.parametrize("amplitude", [1.0, 0.001])
def test_pitch_of_a_tone_is_the_tone_s(hertz, amplitude):
    found, aperiodicity = pitch(centred(tone(hertz, amplitude=amplitude)))
    assert np.abs(found / hertz - 1).max() < 0.01
    assert aperiodicity[5:-5].max() < 0.05


def test_pitch_of_harmonics_is_the_fundamental_even_where_it_is_missing():
    buzz = sum(tone(150 * k) for k in range(1, 8))
    assert np.median(pitch(centred(buzz))[0]) == pytest.approx(150, rel=0.01)
    assert np.median(pitch(centred(buzz - tone(150)))[0]) == pytest.approx(150, rel=0.01)


def test_pitch_does_not_depend_on_how_many_frames_there_are():
    sound = noise(12.0) + tone(200, 12.0)
    whole, part = pitch(centred(sound))[0], pitch(centred(sound)[: 8 * RATE])[0]
    assert whole[: len(part) - 5] == pytest.approx(part[:-5])


def test_melody_of_a_tone_and_of_a_rise():
    still = told(tone(300))
    assert still["pitch mean"] == pytest.approx(1.0, abs=0.01)  # an octave above 150 Hz
    assert still["pitch deviation"] < 0.01
    assert still["voiced share"] == 1
    time = np.arange(2 * RATE) / RATE
    phase = 2 * np.pi * 150 * (2 ** (0.5 * time) - 1) / (0.5 * np.log(2))
    rise = told((0.3 * np.sin(phase)).astype(np.float32))
    assert rise["pitch slope"] == pytest.approx(0.5, rel=0.02)
    assert rise["pitch 90 %"] - rise["pitch 10 %"] == pytest.approx(0.8, rel=0.05)


def test_voiced_stretches_are_counted():
    gap = np.zeros(RATE // 2, np.float32)
    found = told(np.concatenate([tone(200, 0.5), gap, tone(200, 0.5), gap]))
    assert found["voiced share"] == pytest.approx(0.5, abs=0.06)
    assert found["voiced stretches a second"] == pytest.approx(1.0, rel=0.02)
    assert found["voiced stretch seconds"] == pytest.approx(0.5, abs=0.06)


def test_noise_is_voiceless_and_flat_and_a_tone_is_not():
    hiss, hum = told(noise()), told(tone(1000))
    assert hiss["voiced share"] < 0.05
    assert hiss["flatness mean"] > hum["flatness mean"] + 2
    assert hum["centroid mean"] == pytest.approx(1000, rel=0.01)
    assert hum["zero crossings mean"] == pytest.approx(2 * 1000 / RATE, rel=0.02)
    assert hiss["centroid mean"] == pytest.approx(4000, rel=0.05)


def test_doubling_the_amplitude_moves_the_level_alone(encoder):
    sound = (0.2 * noise() + tone(170)) * np.linspace(0.1, 1, RATE, dtype=np.float32)
    once, twice = told(sound), told(2 * sound)
    for name in once:
        louder = name in ("level mean", "level 10 %", "level 50 %", "level 90 %")
        moved = 20 * np.log10(2) if louder else 0
        assert twice[name] - once[name] == pytest.approx(moved, abs=1e-4), name
    quiet, loud = (encoder.encode([s])[0]["mfcc"] for s in (sound, 2 * sound))
    moved = np.zeros(80)
    moved[0] = np.sqrt(40) * np.log(4)
    assert loud - quiet == pytest.approx(moved, abs=1e-4)


@pytest.mark.parametrize("samples", [0, 1, 320, 399, 400, 401, 1024, 16000])
def test_everything_is_finite_and_of_one_size(encoder, samples):
    random = np.random.default_rng(samples)
    sounds = [
        np.zeros(samples),
        np.full(samples, 0.3),
        np.full(samples, 1e-30),
        random.standard_normal(samples),
        np.sign(random.standard_normal(samples)),
        1e-6 * random.standard_normal(samples),
        np.eye(1, samples)[0] if samples else np.zeros(0),
    ]
    with np.errstate(all="raise", under="ignore"):
        encoded = encoder.encode([sound.astype(np.float32) for sound in sounds])
    for vectors in encoded:
        assert {layer: v.shape for layer, v in vectors.items()} == {"mfcc": (80,), "prosody": (33,)}
        assert all(np.isfinite(v).all() and v.dtype == np.float32 for v in vectors.values())


def test_silence_says_so():
    found = told(np.zeros(RATE, np.float32))
    assert found["voiced share"] == found["heard share"] == found["pitch mean"] == 0
    assert found["level mean"] == pytest.approx(-100)


def test_neighbours_threads_and_a_second_encoder_change_no_bit(encoder):
    sounds = [noise(length, seed=k) for k, length in enumerate((0.3, 2.0, 0.01, 1.1))]
    alone = [load("mfcc", {"architecture": "mfcc"}, None).encode([sound])[0] for sound in sounds]
    with ThreadPoolExecutor(4) as pool:
        threaded = encoder.encode_finite(list(pool.map(encoder.prepare, sounds)))
    for many in (encoder.encode(sounds), threaded):
        for mine, theirs in zip(many, alone, strict=True):
            assert list(mine) == list(theirs) == encoder.layers
            assert all(np.array_equal(mine[layer], theirs[layer]) for layer in mine)


def test_digest_follows_the_libraries(encoder, monkeypatch):
    assert load("mfcc", {"architecture": "mfcc"}, None).digest == encoder.digest
    monkeypatch.setattr("scipy.__version__", "0")
    assert load("mfcc", {"architecture": "mfcc"}, None).digest != encoder.digest
