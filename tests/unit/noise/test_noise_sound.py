import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from merflow.errors import MerflowError
from merflow.media.mix import take_looped
from merflow.media.sound import read_sound
from merflow.noise.manifest import NoiseRow
from merflow.noise.sound import corrupt_sound, read_excerpt


def row(noise_file, offset=0, snr_db=7):
    return NoiseRow("clip", 1, noise_file, offset, snr_db, "identity", 0.0, 0, "0" * 64)


def rms(sound):
    return np.sqrt(np.mean(np.asarray(sound, np.float64) ** 2))


@pytest.fixture
def recordings(tmp_path):
    draws = np.random.default_rng(0)
    soundfile.write(tmp_path / "native.wav", draws.uniform(-0.4, 0.4, 20000), 16000)
    soundfile.write(tmp_path / "native.flac", draws.uniform(-0.4, 0.4, 20000), 16000)
    soundfile.write(tmp_path / "stereo.wav", draws.uniform(-0.4, 0.4, (30000, 2)), 44100)
    soundfile.write(tmp_path / "float.wav", draws.normal(0, 0.6, 9000), 16000, subtype="FLOAT")
    return tmp_path


NAMES = ["native.wav", "native.flac", "stereo.wav", "float.wav"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("snr_db", [5, 11])
def test_the_snr_is_realised_within_a_tenth_of_a_db(recordings, name, snr_db):
    speech = np.random.default_rng(1).uniform(-0.1, 0.1, 48000).astype(np.float32)
    mixed = corrupt_sound(speech, row(name, 777, snr_db), recordings)
    assert mixed.shape == speech.shape
    assert mixed.dtype == np.float32
    assert 20 * np.log10(rms(speech) / rms(mixed - speech)) == pytest.approx(snr_db, abs=0.1)


def test_a_loud_clip_keeps_its_ratio_and_does_not_clip(recordings):
    speech = np.sign(np.sin(np.arange(32000) / 9)).astype(np.float32)
    mixed = corrupt_sound(speech, row("native.wav", 3, 5), recordings)
    noise = read_excerpt(recordings / "native.wav", 3, 32000)
    parts, *_ = np.linalg.lstsq(np.stack([speech, noise], 1), mixed, rcond=None)
    assert np.abs(mixed).max() == pytest.approx(1.0)
    ratio = parts[0] * rms(speech) / (parts[1] * rms(noise))
    assert 20 * np.log10(ratio) == pytest.approx(5, abs=0.1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("offset", "length"), [(0, 100), (1234, 7000), (8000, 50000), (123456, 9)])
def test_an_excerpt_is_a_piece_of_the_looped_recording(recordings, name, offset, length):
    whole = take_looped(read_sound(recordings / name), offset, length)
    np.testing.assert_array_equal(read_excerpt(recordings / name, offset, length), whole)


def test_an_unreadable_recording_is_named(tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"RIFF nonsense")
    for name in ("bad.wav", "absent.wav", "../x.wav"):
        with pytest.raises(MerflowError, match=name) as raised:
            corrupt_sound(np.ones(10, np.float32), row(name), tmp_path)
        assert "\n" not in str(raised.value)


@pytest.fixture(scope="module")
def lengths(tmp_path_factory):
    """Recordings of 40 to 20000 samples, some of them no 16 kHz mono PCM."""
    folder = tmp_path_factory.mktemp("lengths")
    for length in LENGTHS:
        noise = np.random.default_rng(length).uniform(-0.6, 0.6, length)
        soundfile.write(folder / f"{length}.wav", noise, 16000)
        soundfile.write(folder / f"{length} float.wav", noise, 16000, subtype="FLOAT")
    return folder


LENGTHS = [40, 999, 20000]
pieces = {
    "size": st.sampled_from(LENGTHS),
    "form": st.sampled_from(["", " float"]),
    "offset": st.integers(0, 25000),
    "length": st.integers(300, 6000),
}


def literal_loop(noise, offset, length):
    """Put the recording behind itself until it is long enough, and cut the piece out."""
    looped = noise
    while looped.size < offset + length:
        looped = np.concatenate([looped, noise])
    return looped[offset : offset + length]


@given(**pieces)
def test_a_looped_piece_is_the_literal_one(lengths, size, form, offset, length):
    path = lengths / f"{size}{form}.wav"
    noise, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(
        read_excerpt(path, offset, length), literal_loop(noise, offset, length)
    )


@given(**pieces, snr_db=st.integers(-10, 30), level=st.floats(1e-3, 5), seed=st.integers(0, 999))
def test_the_drawn_snr_is_realised_for_any_clip(
    lengths, size, form, offset, length, snr_db, level, seed
):
    # From -60 dB to clipped square waves.
    speech = np.random.default_rng(seed).standard_normal(length) * level
    speech = np.clip(speech, -1, 1).astype(np.float32)
    name = f"{size}{form}.wav"
    mixed = corrupt_sound(speech, row(name, offset, snr_db), lengths).astype(np.float64)
    assert np.abs(mixed).max() <= 1.0
    noise, _ = soundfile.read(lengths / name, dtype="float32")
    added = literal_loop(noise, offset, length)
    parts = np.stack([speech, added], 1).astype(np.float64)
    (a, b), *_ = np.linalg.lstsq(parts, mixed, rcond=None)
    assert 20 * np.log10(a * rms(speech) / (b * rms(added))) == pytest.approx(snr_db, abs=0.1)
    np.testing.assert_allclose(parts @ [a, b], mixed, atol=1e-5)
