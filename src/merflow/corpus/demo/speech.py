"""Short synthetic utterances: eSpeak through praat-parselmouth, then PSOLA."""

import importlib.util
import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np
from jaxtyping import Float32

from merflow.corpus.demo.voices import Prosody, Voice, habitual
from merflow.errors import MerflowError
from merflow.media.sound import RATE

LANGUAGE = "English (Great Britain)"
PITCH_FLOOR, PITCH_CEILING = 60.0, 600.0
WORDS_A_MINUTE = 210
SPEAKING_S = 1.8  # about what one of the sentences takes at tempo 1
FLOOR_DB = -66.0
LONGEST_S = 120.0  # a request takes a fraction of a second
FADE_S = 0.01
PEAK = 0.97
PSOLA_SEED = HISS_SEED = 1
ENVELOPE_S = 0.06
QUIETEST = 0.05  # below this share of the loudest, all is treated alike: pauses stay pauses
TREMOR_HZ = 9.0
Sound = Float32[np.ndarray, " samples"]


@dataclass(frozen=True)
class Utterance:
    """What one speaker says in one go: sentences without their final mark."""

    voice: Voice
    sentences: tuple[str, ...]
    prosody: Prosody


def require_parselmouth() -> None:
    """Raise a :class:`MerflowError` where the synthesiser is not installed."""
    if importlib.util.find_spec("parselmouth") is None:
        raise MerflowError(
            "the demo corpus is spoken by praat-parselmouth, which is not installed here: "
            'pip install "merflow[demo]"'
        )


def speak(utterances: list[Utterance]) -> list[Sound]:
    """Return each utterance as 16 kHz mono at its level; the same request gives the same bytes.

    eSpeak keeps a state from one call to the next, which would make a sound depend on all that
    was spoken before; so each request runs in a new process that has spoken nothing. These come
    from a fork server, which takes some milliseconds.

    Raises:
        MerflowError: praat-parselmouth is missing or the synthesiser failed.
    """
    require_parselmouth()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "parselmouth", "parselmouth.praat"])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(sender, utterances))
    process.start()
    sender.close()
    try:
        # Rare requests keep PSOLA going for ever.
        if not receiver.poll(LONGEST_S):
            process.kill()
        answer = receiver.recv()
    except EOFError:
        answer = (
            f"its process ended early, or said nothing for {LONGEST_S:.0f} s; another "
            "corpus.demo.seed or another seed of the encoder may do"
        )
    finally:
        receiver.close()
        process.join()
    if isinstance(answer, str):
        voice = utterances[0].voice.variant
        raise MerflowError(f"the synthesiser could not speak with voice {voice}: {answer}")
    return answer


def _answer(sender: Connection, utterances: list[Utterance]) -> None:
    """Speak in this process and send the sounds, or the error's text."""
    try:
        sender.send([_utter(utterance) for utterance in utterances])
    except Exception as error:
        sender.send(f"{type(error).__name__}: {error}")
    finally:
        sender.close()


def _utter(utterance: Utterance) -> Sound:
    """Synthesise, shift and colour one utterance; only for a process that has spoken nothing."""
    from parselmouth.praat import call, run

    voice, prosody = utterance.voice, habitual(utterance.voice, utterance.prosody)
    mark = "?" if prosody.question else "."
    text = " ".join(f"{sentence}{mark}" for sentence in utterance.sentences)
    synthesiser = call("Create SpeechSynthesizer", LANGUAGE, voice.variant)
    call(synthesiser, "Speech output settings", RATE, 0.01, 1.0, 1.0, WORDS_A_MINUTE, "IPA")
    made = call(synthesiser, "To Sound", text, "no")
    plain = made[0] if isinstance(made, list) else made
    # PSOLA fills voiceless stretches at random, from a generator that starts at the time of day.
    run(f"random_initializeWithSeedUnsafelyButPredictably ({PSOLA_SEED})")
    shifted = call(
        plain,
        "Change gender",  # PSOLA: formants, median pitch, pitch range and tempo in one pass
        PITCH_FLOOR,
        PITCH_CEILING,
        voice.formants,
        voice.pitch_hz * prosody.pitch,
        prosody.pitch_range,
        1.0 / prosody.tempo,
    )
    coloured = colour(_trim(shifted.values[0]), prosody)
    level = np.sqrt(np.mean(coloured**2))
    return (coloured * (10 ** (prosody.level_db / 20) / max(level, 1e-9))).astype(np.float32)


def colour(samples: np.ndarray, prosody: Prosody) -> np.ndarray:
    """Give speech at 16 kHz its loudness contour, its breath and its brightness (source: ours).

    Args:
        samples: Of shape (samples,), float64.
        prosody: ``swing``, ``fall_db``, ``tremor``, ``breath`` and ``brightness`` are used.
    """
    loud = _envelope(samples)
    time = np.arange(samples.size) / RATE
    share = time / max(time[-1], 1e-9) - 0.5
    gain = np.maximum(loud / loud.max(), QUIETEST) ** (prosody.swing - 1)
    gain *= 10 ** (-prosody.fall_db * share / 20)
    gain *= 1 + prosody.tremor * np.sin(2 * np.pi * TREMOR_HZ * time)
    hiss = np.random.default_rng(HISS_SEED).standard_normal(samples.size + 1)
    # The difference of neighbours is a hiss without low frequencies, of variance 2.
    voiced = gain * (samples + prosody.breath * loud * np.diff(hiss) / 2**0.5)
    return voiced - prosody.brightness * np.concatenate([[0.0], voiced[:-1]])


def _envelope(samples: np.ndarray) -> np.ndarray:
    """Return the RMS around each sample, above 0."""
    width = min(round(ENVELOPE_S * RATE), samples.size)
    total = np.concatenate([[0.0], np.cumsum(samples**2)])
    first = np.clip(np.arange(samples.size) - width // 2, 0, samples.size - width)
    return np.sqrt(np.maximum((total[first + width] - total[first]) / width, 1e-12))


def _trim(samples: np.ndarray) -> np.ndarray:
    """Cut the silence before and after speech."""
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
    return samples[loud[0] : loud[-1] + 1] if loud.size else samples


def sentences_for(duration_s: float, tempo: float) -> int:
    """Return how many sentences fill a duration, about."""
    return max(1, round(duration_s * tempo / SPEAKING_S))


def fit(speech: Sound, duration_s: float, rng: np.random.Generator) -> Sound:
    """Return a sound of exactly ``duration_s``: padded, or cut to its end, never all zero.

    A quiet noise lies under all of it. A sound that would clip is turned down. Of speech that is
    too long the end is kept, faded in: there the pitch rises or falls.
    """
    length = round(duration_s * RATE)
    room = rng.normal(0.0, 10 ** (FLOOR_DB / 20), length)
    slack = max(0, length - speech.size)
    start = round(slack * rng.uniform(0.2, 0.8))
    kept = speech[max(0, speech.size - length) :].astype(np.float64)
    fade = min(kept.size, round(FADE_S * RATE))
    if kept.size < speech.size:
        kept[:fade] *= np.linspace(0.0, 1.0, fade)
    room[start : start + kept.size] += kept
    return (room * min(1.0, PEAK / np.abs(room).max(initial=1e-9))).astype(np.float32)
