"""Small clips and recordings for the tests of the noun."""

import numpy as np
import soundfile

from merflow.media.mux import write_timed_clip
from merflow.noise.noisy_corpus import TestClip
from merflow.storage.digest import file_sha256


def speech(seconds, seed=0, rate=16000):
    """Return a sound of changing loudness, as speech has, with a spectrum that falls."""
    draws = np.random.default_rng(seed)
    grain = np.convolve(draws.standard_normal(round(seconds * rate)), np.ones(8) / 8, "same")
    pulse = 1 + np.sin(np.arange(grain.size) / rate * 2 * np.pi * 4)
    return (0.15 * grain * pulse).astype(np.float32)


def moving(count, height=48, width=64):
    """Yield frames with a bright bar that moves."""
    for number in range(count):
        frame = np.full((height, width, 3), 40, np.uint8)
        frame[:, 3 * number % width : 3 * number % width + 9] = (220, 180, 90)
        yield frame


def write_source(path, times, seconds=1.0, seed=0, height=48, width=64):
    """Write a clip whose frames stand at the given times."""
    frames = zip(times, moving(len(times), height, width), strict=True)
    write_timed_clip(path, frames, speech(seconds, seed), 16000)
    return path


def write_recordings(folder, count, seconds=0.7):
    """Write noise recordings, shorter than the clips."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        soundfile.write(folder / f"{number}.wav", speech(seconds, 100 + number), 16000)
    return folder


def listed(root, paths, split="test1"):
    """Return clips of the corpus, named by their files."""
    return [
        TestClip(path.stem, split, path.relative_to(root).as_posix(), file_sha256(path))
        for path in paths
    ]
