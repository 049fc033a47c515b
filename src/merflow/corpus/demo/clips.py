"""One clip: its sound, its frames, its file."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from merflow.corpus.demo.acting import act, draw_rest, loudness
from merflow.corpus.demo.corruption import blur_frames, corrupt_sound
from merflow.corpus.demo.face import Face, Pose
from merflow.corpus.demo.features import Expression
from merflow.corpus.demo.identity import Identity, draw_identity
from merflow.corpus.demo.labels import Label
from merflow.corpus.demo.portrayal import face_of, voice_of
from merflow.corpus.demo.speech import Utterance, fit, sentences_for, speak
from merflow.corpus.demo.voices import Voice, draw_sentences, draw_voice
from merflow.media.mux import write_clip
from merflow.media.sound import RATE
from merflow.seeds import generator

NOISY_SPLIT = "test2"


@lru_cache(maxsize=256)
def speaker_of(seed: int, speaker: str) -> tuple[Voice, Identity]:
    """Return the voice and the looks of a speaker such as ``speaker_03``."""
    voice = draw_voice(seed, "clip", int(speaker.rsplit("_", 1)[1]))
    return voice, draw_identity(generator(seed, "demo-identity", speaker), voice.female)


def clip_sound(label: Label, spec: Mapping[str, Any]) -> Float32[np.ndarray, " samples"]:
    """Return the clean speech of a clip, 16 kHz mono, exactly ``duration_s`` long."""
    seed, duration_s = spec["seed"], spec["duration_s"]
    voice, _ = speaker_of(seed, label.speaker)
    prosody = voice_of(label, seed)
    rng = generator(seed, "demo-speech", label.clip)
    sentences = draw_sentences(rng, sentences_for(duration_s, prosody.tempo))
    (speech,) = speak([Utterance(voice, tuple(sentences), prosody)])
    return fit(speech, duration_s, rng)


def clip_scene(
    label: Label, spec: Mapping[str, Any], sound: Float32[np.ndarray, " samples"]
) -> tuple[Face, Iterator[tuple[Expression, Pose]]]:
    """Return who is seen in a clip, and how in each frame, with lips that follow ``sound``."""
    seed = spec["seed"]
    rng = generator(seed, "demo-acting", label.clip)
    times = (np.arange(max(1, round(spec["duration_s"] * spec["fps"]))) + 0.5) / spec["fps"]
    rest = draw_rest(rng)
    _, who = speaker_of(seed, label.speaker)
    face = Face(who, spec["width"], spec["height"], rest, rng.uniform(-1, 1), rng)
    return face, act(face_of(label, seed), rest, loudness(sound, RATE, times), times, rng)


def clip_frames(
    label: Label, spec: Mapping[str, Any], sound: Float32[np.ndarray, " samples"]
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Yield the clean RGB frames of a clip."""
    face, moments = clip_scene(label, spec, sound)
    for shown, pose in moments:
        yield face.draw(shown, pose)


def make_clip(label: Label, spec: Mapping[str, Any], path: Path) -> None:
    """Write one clip as mp4; its bytes follow from ``spec`` and ``label`` alone.

    Clips of ``test2`` get babble and blur over what would be their clean selves.
    """
    sound = clip_sound(label, spec)
    frames = clip_frames(label, spec, sound)
    if label.split == NOISY_SPLIT:
        sound = corrupt_sound(sound, spec["seed"], label.clip)
        frames = blur_frames(frames, spec["seed"], label.clip)
    write_clip(path, frames, spec["fps"], sound, RATE)
