"""What the demo HuBERT predicts: measurements in its own frames, clusters, hidden stretches."""

import numpy as np
import torch

from merflow.encoders.demo.acoustics import HOP, WINDOW, frame_count, measure
from merflow.encoders.demo.clusters import SIZES, Codebooks, entropies
from merflow.encoders.demo.initial import build_hubert
from merflow.encoders.demo.masking import SPAN, hidden_frames


def buzz(pitch: float, seconds: float = 1.0) -> np.ndarray:
    """Return a harmonic sound."""
    time = np.arange(round(16_000 * seconds)) / 16_000
    return sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 15)).astype(np.float32)


def test_there_are_as_many_measurements_as_frames_of_the_network() -> None:
    model = build_hubert(16, 1)
    for samples in (WINDOW, WINDOW + HOP - 1, WINDOW + HOP, 16_000, 32_000, 32_081):
        sound = np.random.default_rng(samples).standard_normal(samples).astype(np.float32)
        count = int(model._get_feat_extract_output_lengths(torch.tensor(samples)))
        measured = measure(sound)
        assert frame_count(samples) == count
        assert {len(getattr(measured, name)) for name in SIZES} == {count}


def test_a_click_is_measured_in_the_frames_that_see_it() -> None:
    sound = np.full(16_000, 1e-4, np.float32) * np.random.default_rng(0).standard_normal(16_000)
    place = 8000
    sound[place - 20 : place + 20] += 1.0
    loudness = measure(sound.astype(np.float32)).loudness[:, 0]
    starts = HOP * np.arange(len(loudness))
    sees = (starts <= place - 20) & (place + 20 <= starts + WINDOW)
    assert (
        loudness[sees].min()
        > loudness[(starts > place + 20) | (starts + WINDOW < place - 20)].max()
    )


def test_pitch_is_measured_and_level_does_not_matter() -> None:
    for pitch in (80.0, 120.0, 200.0, 350.0):
        measured = measure(buzz(pitch)).pitch[5:-5]
        assert (measured[:, 2] == 1).all()
        assert np.abs(measured[:, 0] - np.log2(pitch / 150)).max() < 0.06
        assert np.abs(measured[:, 1]).max() < 0.06
    loud, quiet = measure(buzz(150.0)), measure(0.01 * buzz(150.0))
    np.testing.assert_allclose(loud.loudness, quiet.loudness, atol=0.02)
    np.testing.assert_allclose(loud.pitch, quiet.pitch, atol=0.02)


def test_silence_is_measured() -> None:
    for sound in (np.zeros(4000, np.float32), np.full(4000, 0.1, np.float32)):
        measured = measure(sound)
        assert all(np.isfinite(getattr(measured, name)).all() for name in SIZES)
        assert (measured.pitch[:, 2] == 0).all()


def test_the_same_sounds_and_seed_give_the_same_clusters() -> None:
    random = np.random.default_rng(1)
    measured = [
        measure(buzz(p) + 0.1 * random.standard_normal(16_000).astype(np.float32))
        for p in random.uniform(80, 300, 12)
    ]
    one, again = (Codebooks(measured, 7).codes(measured[0]) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert one.shape == (frame_count(16_000), len(SIZES))
    assert (one.max(axis=0) < list(SIZES.values())).all()
    for column in range(one.shape[1]):
        assert (
            len(
                np.unique(
                    np.concatenate([Codebooks(measured, 7).codes(m) for m in measured[:4]])[
                        :, column
                    ]
                )
            )
            > 1
        )


def test_entropy_is_that_of_a_guess_by_frequency() -> None:
    codes = np.array([[0, 0], [1, 0], [2, 0], [3, 1]])
    expected = [np.log(4), -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))]
    np.testing.assert_allclose(entropies(codes), expected, rtol=1e-6)


def test_stretches_are_hidden_whole_in_every_clip() -> None:
    hidden = hidden_frames(1, 2, 300, 49)
    assert hidden.any(axis=1).all()
    assert 0.15 < hidden.mean() < 0.4
    edges = np.diff(np.pad(hidden, ((0, 0), (1, 1))).astype(int), axis=1)
    for row in edges:
        first, last = np.flatnonzero(row == 1), np.flatnonzero(row == -1)
        assert all(end - start >= SPAN or end == 49 for start, end in zip(first, last, strict=True))
    np.testing.assert_array_equal(hidden, hidden_frames(1, 2, 300, 49))
    assert (hidden != hidden_frames(1, 3, 300, 49)).any()
    assert hidden_frames(1, 2, 4, 2).any(axis=1).all()
