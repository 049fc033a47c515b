"""What generated speakers say: every property of the voice drawn by itself, no emotion."""

from dataclasses import fields

import numpy as np
from jaxtyping import Float32

from merflow.corpus.demo.speech import Utterance, fit, speak
from merflow.corpus.demo.voices import Prosody, Voice, draw_sentences, draw_voice
from merflow.encoders.demo.made import Arrays, speaker_name
from merflow.seeds import generator

UTTERANCES = 6  # of each speaker
SECONDS = 2.0
RANGES = {
    "pitch": (-0.5, 0.75),  # octaves
    "pitch_range": (0.3, 1.8),
    "tempo": (0.7, 1.4),
    "level_db": (-34.0, -16.0),
    "brightness": (-0.3, 0.9),
    "breath": (0.0, 0.8),
    "swing": (0.5, 1.8),
    "fall_db": (-8.0, 8.0),
    "tremor": (0.0, 0.5),
}
QUESTIONS = 0.3


def sounds_of(seed: int, number: int) -> Arrays:
    """Return ``sounds`` of one speaker, float32 [6, samples] at 16 kHz, 2 s each.

    Raises:
        MerflowError: The synthesiser is missing or failed.
    """
    rng = generator(seed, "demo-pretraining-room", speaker_name(number))
    sounds: list[Float32[np.ndarray, " samples"]] = speak(utterances_of(seed, number))
    return {"sounds": np.stack([fit(sound, SECONDS, rng) for sound in sounds])}


def utterances_of(seed: int, number: int) -> list[Utterance]:
    """Return what one speaker says and how."""
    voice = draw_voice(seed, "pretraining", number)
    rng = generator(seed, "demo-pretraining-speech", speaker_name(number))
    return [
        Utterance(voice, tuple(draw_sentences(rng, 1)), draw_prosody(voice, rng))
        for _ in range(UTTERANCES)
    ]


def draw_prosody(voice: Voice, rng: np.random.Generator) -> Prosody:
    """Draw each property of the voice evenly from its range."""
    known = [field.name for field in fields(Prosody) if field.name in RANGES]
    drawn = {name: float(rng.uniform(*RANGES[name])) for name in known}
    drawn["pitch"] = 2 ** drawn["pitch"]
    # A speaker's habit comes on top of it; the synthesiser can hang where it is doubled.
    drawn["pitch_range"] /= voice.pitch_range
    return Prosody(question=bool(rng.random() < QUESTIONS), **drawn)
