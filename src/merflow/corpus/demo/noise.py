"""A small folder of speech laid out like MUSAN's, for augmentation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from jaxtyping import Int16

from merflow.corpus.demo.speech import Utterance, fit, sentences_for, speak
from merflow.corpus.demo.voices import Prosody, draw_sentences, draw_voice
from merflow.media.sound import RATE
from merflow.seeds import generator
from merflow.storage.atomic import replacing

FILES = 8
FILE_S = 6.0
FOLDER = Path("speech", "librivox")


def generate_noise(spec: Mapping[str, Any], out: str | Path) -> list[Path]:
    """Write ``<out>/speech/librivox/speech-librivox-0000.wav`` and on; return the paths.

    Each file holds some sentences of one speaker, 16 kHz mono PCM16, 6 s. Its speakers speak in no
    clip and in no test clip's babble. The same seed gives the same bytes.

    Args:
        spec: ``corpus.demo`` of ``params.yaml``; only ``seed`` is used.
        out: The root of the noise folder.

    Raises:
        MerflowError: praat-parselmouth is missing.
    """
    paths = []
    for number in range(FILES):
        path = Path(out) / FOLDER / f"speech-librivox-{number:04d}.wav"
        with replacing(path) as temporary:
            soundfile.write(temporary, noise_samples(spec["seed"], number), RATE, subtype="PCM_16")
        paths.append(path)
    print(f"demo noise: {len(paths)} files of {FILE_S:g} s", flush=True)
    return paths


def noise_samples(seed: int, number: int) -> Int16[np.ndarray, " samples"]:
    """Return the samples of one noise file."""
    rng = generator(seed, "demo-noise", number)
    prosody = Prosody(
        pitch=rng.uniform(0.9, 1.15),
        pitch_range=rng.uniform(0.7, 1.4),
        tempo=rng.uniform(0.9, 1.1),
        level_db=-22.0,
        brightness=rng.uniform(0.3, 0.5),
        question=False,
    )
    sentences = draw_sentences(rng, sentences_for(FILE_S, prosody.tempo) + 1)
    voice = draw_voice(seed, "noise", number)
    (speech,) = speak([Utterance(voice, tuple(sentences), prosody)])
    return np.rint(fit(speech, FILE_S, rng) * 32767).astype(np.int16)
