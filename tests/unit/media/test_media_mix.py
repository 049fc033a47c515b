import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.errors import MerflowError
from merflow.media.mix import mix_at_snr, take_looped

seeds = st.integers(0, 2**32 - 1)


def sounds(seed, length, loudness=0.1):
    draw = np.random.default_rng(seed)
    return (draw.standard_normal((2, length)) * loudness).astype(np.float32)


def power(x):
    return np.mean(np.asarray(x, np.float64) ** 2)


@given(seeds, st.integers(200, 3000), st.floats(-10, 30), st.floats(1e-3, 9), st.floats(1e-3, 9))
def test_the_snr_asked_for_is_realised(seed, length, snr_db, speech_level, noise_level):
    speech, noise = sounds(seed, length)
    speech, noise = speech * speech_level, noise * noise_level
    mixed = mix_at_snr(speech, noise, snr_db).astype(np.float64)
    # The mix is gain * (speech + scaled noise); least squares separates the two again.
    parts, *_ = np.linalg.lstsq(np.stack([speech, noise], 1).astype(np.float64), mixed, rcond=None)
    realised = 10 * np.log10(power(parts[0] * speech) / power(parts[1] * noise))
    assert realised == pytest.approx(snr_db, abs=0.1)


@given(seeds, st.floats(-10, 5))
def test_a_mix_never_clips(seed, snr_db):
    speech, noise = sounds(seed, 500, loudness=0.9)
    mixed = mix_at_snr(np.clip(speech, -1, 1), noise, snr_db)
    assert mixed.dtype == np.float32
    assert np.abs(mixed).max() <= 1.0


def test_a_mix_that_stays_in_range_leaves_the_speech_at_its_level():
    speech = np.array([0.1, -0.1, 0.1, -0.1])
    noise = np.array([0.5, 0.5, -0.5, -0.5])
    wanted = speech + noise * (0.1 / 10**0.5 / 0.5)
    np.testing.assert_allclose(mix_at_snr(speech, noise, 10.0), wanted, rtol=1e-6)


def test_silent_noise_leaves_the_speech_as_it_is():
    speech = sounds(0, 100)[0]
    np.testing.assert_array_equal(mix_at_snr(speech, np.zeros(100, np.float32), 5.0), speech)


@given(st.integers(0, 100), st.floats(-10, 30))
def test_silence_gets_no_noise_and_stays_finite(length, snr_db):
    noise = sounds(0, length)[1]
    mixed = mix_at_snr(np.zeros(length, np.float32), noise, snr_db)
    np.testing.assert_array_equal(mixed, np.zeros(length))


@given(st.integers(1, 50), st.integers(0, 200), st.integers(0, 200))
def test_looping_starts_over_at_the_end(size, offset, length):
    noise = np.arange(size, dtype=np.float32)
    taken = take_looped(noise, offset, length)
    assert taken.tolist() == [(offset + place) % size for place in range(length)]


def test_noise_without_samples_is_told():
    with pytest.raises(MerflowError, match="no samples"):
        take_looped(np.zeros(0), 0, 10)
