"""Two drawn heads side by side, and the sound of one of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.corpus.demo.clips import clip_frames, clip_sound
from merflow.corpus.demo.labels import clip_labels
from merflow.faces.cascade import Cascade
from merflow.faces.extract import face_of_clip
from merflow.faces.speaking import going_together
from merflow.media.mux import write_clip
from merflow.media.sound import RATE

WIDTH, FPS = 240, 25.0
DEMO = {"seed": 5, "clips": {"train": 6, "test1": 0, "test2": 0}, "speakers": 6}
DEMO |= {"label_noise": 0.0, "duration_s": 4.0, "fps": FPS, "width": WIDTH, "height": 180}


@pytest.fixture(scope="module")
def heads():
    """Frames and sound of two talking heads."""
    found = []
    for label in clip_labels(DEMO)[:2]:
        sound = clip_sound(label, DEMO)
        found.append((list(clip_frames(label, DEMO, sound)), sound))
    return found


@pytest.mark.parametrize("left", [0, 1])
@pytest.mark.parametrize("heard", [0, 1])
def test_the_one_who_is_heard_is_followed(spec, heads, tmp_path, left, heard):
    frames = [np.hstack(pair) for pair in zip(heads[left][0], heads[1 - left][0], strict=True)]
    write_clip(tmp_path / "two.mp4", frames, FPS, heads[heard][1], RATE)
    settings = spec | {"person": "speaking", "fps": 5.0}
    clip = face_of_clip(tmp_path / "two.mp4", Cascade(360, 0.2), settings)
    assert clip.facts.person == "speaking"
    centres = (clip.track[:, 2] + clip.track[:, 4] / 2)[~np.isnan(clip.track[:, 2])]
    assert len(clip.track) == 20
    assert len(centres) >= 15
    assert ((centres < WIDTH) == (heard == left)).all()


def test_without_a_sound_that_tells_it_is_the_largest_and_said_so(spec, heads, tmp_path):
    frames = [np.hstack(pair) for pair in zip(heads[0][0], heads[1][0], strict=True)][:50]
    write_clip(tmp_path / "two.mp4", frames, FPS, np.zeros(2 * RATE), RATE)
    clips = [
        face_of_clip(tmp_path / "two.mp4", Cascade(360, 0.2), spec | {"person": person})
        for person in ("speaking", "largest")
    ]
    assert clips[0].facts.person == "largest"
    assert clips[0].facts.reason == "speaker not told: there is no sound"
    assert clips[1].facts.reason == ""
    sides = [np.nanmedian(clip.track[:, 2]) < WIDTH for clip in clips]
    assert sides[0] == sides[1]


@given(st.integers(0, 2**31), st.integers(-2, 2))
def test_a_mouth_that_follows_the_sound_goes_together_with_it(seed, shift):
    rng = np.random.default_rng(seed)
    loud = np.convolve(rng.exponential(size=140), np.ones(5) / 5, mode="valid")
    mouth = np.roll(loud, -shift) * 3 + 0.2
    mouth[rng.integers(0, len(mouth), 9)] = np.nan
    assert going_together(mouth, loud, 3) > 0.8
    assert going_together(mouth, rng.exponential(size=len(loud)), 3) < 0.6


def test_a_person_hardly_seen_goes_together_with_nothing():
    mouth = np.full(40, np.nan)
    mouth[:8] = np.arange(8)
    assert going_together(mouth, np.arange(40.0), 3) == -1
    assert going_together(np.ones(40), np.arange(40.0), 3) == -1
