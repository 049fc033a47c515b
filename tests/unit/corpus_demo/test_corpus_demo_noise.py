"""The noise folder looks like MUSAN's and never changes."""

import numpy as np
import soundfile

from merflow.corpus.demo.noise import FILES, generate_noise, noise_samples


def test_the_folder_is_laid_out_like_musan(tmp_path):
    paths = generate_noise({"seed": 3}, tmp_path)
    assert len(paths) == FILES
    assert paths[0] == tmp_path / "speech" / "librivox" / "speech-librivox-0000.wav"
    for path in paths:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
        assert info.frames == 6 * 16000
    samples, _ = soundfile.read(paths[1], dtype="int16")
    assert np.array_equal(samples, noise_samples(3, 1))
    # Speech, not a short utterance in a long silence.
    seconds = np.abs(samples.astype(float)).reshape(6, -1).max(1)
    assert np.all(seconds > 0.05 * 32768)


def test_another_seed_gives_other_noise():
    assert not np.array_equal(noise_samples(3, 0), noise_samples(4, 0))
