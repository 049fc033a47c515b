"""The noise of the noisy test split: babble in the sound, lost detail in the picture."""

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float32, UInt8

from merflow.corpus.demo.speech import Utterance, fit, sentences_for, speak
from merflow.corpus.demo.voices import Prosody, draw_sentences, draw_voice
from merflow.media.blur import pyramid_blur
from merflow.media.mix import mix_at_snr
from merflow.media.sound import RATE
from merflow.seeds import generator

SNR_DB = (5, 6, 7, 8, 9, 10)
BLUR_LEVELS = (0, 1, 2)
TALKERS = 4
BABBLERS = 1000  # so many speakers to draw from
Frame = UInt8[np.ndarray, "height width 3"]


def babble(
    seed: int, clip: str, duration_s: float, rng: np.random.Generator
) -> Float32[np.ndarray, " samples"]:
    """Return several people talking at once, none of whom speaks in a clip or a noise file."""
    said = []
    for _ in range(TALKERS):
        voice = draw_voice(seed, "babble", int(rng.integers(BABBLERS)))
        prosody = Prosody(
            pitch=rng.uniform(0.9, 1.15),
            pitch_range=rng.uniform(0.7, 1.4),
            tempo=rng.uniform(0.9, 1.15),
            level_db=-26.0,
            brightness=rng.uniform(0.3, 0.5),
            question=False,
        )
        number = sentences_for(duration_s, prosody.tempo)
        said.append(Utterance(voice, tuple(draw_sentences(rng, number)), prosody))
    length = round(duration_s * RATE)
    # Talkers start at different places of what they say, and go round.
    turned = [np.roll(sound, int(rng.integers(sound.size))) for sound in speak(said)]
    mixed = np.array([np.resize(sound, length) for sound in turned])
    return fit(
        mixed.sum(axis=0, dtype=np.float32), duration_s, generator(seed, "demo-babble-floor", clip)
    )


def corrupt_sound(
    sound: Float32[np.ndarray, " samples"], seed: int, clip: str
) -> Float32[np.ndarray, " samples"]:
    """Mix a clip's sound with babble at an SNR of 5..10 dB, drawn by (seed, clip)."""
    rng = generator(seed, "demo-corrupt-sound", clip)
    snr_db = float(rng.choice(SNR_DB))
    return mix_at_snr(sound, babble(seed, clip, sound.size / RATE, rng), snr_db)


def blur_level(seed: int, clip: str) -> int:
    """Draw how often a clip's picture is halved and doubled again."""
    return int(generator(seed, "demo-corrupt-picture", clip).choice(BLUR_LEVELS))


def blur_frames(frames: Iterable[Frame], seed: int, clip: str) -> Iterator[Frame]:
    """Yield the frames of a clip at its drawn blur."""
    level = blur_level(seed, clip)
    for frame in frames:
        yield pyramid_blur(frame, level)
