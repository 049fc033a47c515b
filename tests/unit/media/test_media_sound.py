from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from merflow.media.container import ClipDefect
from merflow.media.sound import RATE, Resampler, read_sound


def tone(rate, seconds=1.0, frequency=440.0):
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)).astype(
        np.float32
    )


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_16_khz_mono_is_read_exactly(tmp_path: Path, suffix: str):
    soundfile.write(tmp_path / f"a.{suffix}", tone(RATE), RATE, subtype="PCM_16")
    wanted, _ = soundfile.read(tmp_path / f"a.{suffix}", dtype="float32")
    read = read_sound(tmp_path / f"a.{suffix}")
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, wanted)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_other_rates_are_resampled_to_the_last_sample(tmp_path: Path, rate: int):
    soundfile.write(tmp_path / "a.wav", tone(rate, 0.737), rate, subtype="FLOAT")
    read = read_sound(tmp_path / "a.wav")
    assert abs(read.size - 0.737 * RATE) <= 2
    wanted = tone(RATE, 0.737)[: read.size]
    np.testing.assert_allclose(read[200:-200], wanted[200 : read.size - 200], atol=0.01)


def test_channels_are_averaged(tmp_path: Path):
    both = np.stack([tone(RATE), 0.5 * tone(RATE)], axis=1)
    soundfile.write(tmp_path / "a.wav", both, RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_sound(tmp_path / "a.wav"), 0.75 * tone(RATE), atol=1e-6)


@pytest.mark.parametrize("channels", [6, 9, 42])
def test_of_many_channels_none_is_left_out_and_nothing_read_beyond(tmp_path: Path, channels: int):
    rng = np.random.default_rng(channels)
    sound = rng.uniform(-1, 1, (RATE, channels)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_sound(tmp_path / "a.wav"), sound.mean(axis=1), atol=1e-6)


def test_samples_beyond_the_range_and_not_numbers_are_mended(tmp_path: Path):
    bad = np.array([0.5, 3.0, -np.inf, np.nan, -0.25], np.float32)
    soundfile.write(tmp_path / "a.wav", bad, RATE, subtype="FLOAT")
    np.testing.assert_array_equal(read_sound(tmp_path / "a.wav"), [0.5, 1, -1, 0, -0.25])


def test_a_change_of_rate_inside_a_stream_goes_on():
    resampler, pieces = Resampler(), []
    for rate, layout, channels in ((RATE, "mono", 1), (2 * RATE, "stereo", 2)):
        samples = np.tile(tone(rate, 0.5), (channels, 1))
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate = rate
        pieces.append(resampler.feed(frame))
    pieces.append(resampler.flush())
    read = np.concatenate(pieces)
    assert abs(read.size - RATE) <= 2
    np.testing.assert_allclose(read[:7800], tone(RATE, 0.5)[:7800], atol=1e-6)


def test_a_sound_file_without_samples_is_a_defect(tmp_path: Path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), RATE)
    with pytest.raises(ClipDefect, match=r"a\.wav"):
        read_sound(tmp_path / "a.wav")
