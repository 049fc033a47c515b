"""The synthesiser's voices, shared out so that no noise is spoken by a speaker of a clip."""

from dataclasses import dataclass, replace

import numpy as np

from merflow.seeds import generator

# By purpose: clips, babble of the noisy test clips, noise files for augmentation, and the speech
# that the demo encoders learn from, whose speakers share a clip's variants but are others.
MALE = {
    "clip": ("Male1", "Male2", "Male3", "Male4"),
    "babble": ("Male5",),
    "noise": ("Male6", "Male7"),
    "pretraining": ("Male1", "Male2", "Male3", "Male4"),
}
FEMALE = {
    "clip": ("Female1", "Female2", "Female3"),
    "babble": ("Female4",),
    "noise": ("Female5",),
    "pretraining": ("Female1", "Female2", "Female3"),
}

MOST_BRIGHT = 0.95

SENTENCES = (
    "The train to the city leaves at nine",
    "They moved the meeting to the second floor",
    "The letter is on the table by the door",
    "We have been waiting here since noon",
    "My brother is bringing the keys tonight",
    "The window in the kitchen was open all day",
    "She told them about it this morning",
    "There is a new teacher at the school",
    "He left his coat in the other room",
    "The shop at the corner closes on Monday",
    "You can see the river from the bridge",
    "The doctor called about the results",
    "Somebody has parked in front of the gate",
    "The children are already in the garden",
    "I found the old pictures in a box",
    "The bus was late again this evening",
)


@dataclass(frozen=True)
class Voice:
    """One speaker's voice and habits, which come on top of every :class:`Prosody`.

    Attributes:
        variant: Name of the synthesiser's voice.
        formants: Factor on the formants, as of a shorter (above 1) vocal tract.
        pitch_hz: Median pitch in neutral speech.
        female: Decides over the face as well.
        pitch_range: Factor on the excursions of the pitch.
        tempo: Factor on the speed.
        level_db: Decibels added to the level.
        brightness: Added to the brightness.
        breath: Added to the breath.
    """

    variant: str
    formants: float
    pitch_hz: float
    female: bool
    pitch_range: float = 1.0
    tempo: float = 1.0
    level_db: float = 0.0
    brightness: float = 0.0
    breath: float = 0.0


@dataclass(frozen=True)
class Prosody:
    """How something is said.

    Attributes:
        pitch: Factor on the speaker's median pitch, .7..1.7.
        pitch_range: Factor on the excursions of the pitch, .2..2.5.
        tempo: Factor on the speed, .7..1.4.
        level_db: RMS of the speech against full scale, -34..-16.
        brightness: -.3 (dark, relaxed) .. .9 (bright, tense): how much the high frequencies rise.
        question: Whether the pitch rises at the end.
        breath: 0..1, hiss that follows the voice; at 1 it is nearly as loud as the voice.
        swing: Exponent on the loudness, .5 (even) .. 1.8 (stressed against unstressed).
        fall_db: By how much the loudness falls from the first word to the last, -8..8.
        tremor: 0..0.6, depth of a flutter of the loudness, 9 times a second.
    """

    pitch: float
    pitch_range: float
    tempo: float
    level_db: float
    brightness: float
    question: bool
    breath: float = 0.0
    swing: float = 1.0
    fall_db: float = 0.0
    tremor: float = 0.0


def habitual(voice: Voice, prosody: Prosody) -> Prosody:
    """Return a prosody with a speaker's habits on top; its ``pitch`` is relative to theirs."""
    return replace(
        prosody,
        pitch_range=prosody.pitch_range * voice.pitch_range,
        tempo=prosody.tempo * voice.tempo,
        level_db=prosody.level_db + voice.level_db,
        brightness=min(prosody.brightness + voice.brightness, MOST_BRIGHT),
        breath=max(prosody.breath + voice.breath, 0.0),
    )


def draw_voice(seed: int, purpose: str, number: int) -> Voice:
    """Return voice ``number`` of a purpose: ``clip``, ``babble``, ``noise`` or ``pretraining``.

    Sexes alternate; the noises share no variant with each other or with a clip.
    """
    rng = generator(seed, "demo-speaker", purpose, number)
    female = number % 2 == 1
    variants = (FEMALE if female else MALE)[purpose]
    return Voice(
        variant=variants[number // 2 % len(variants)],
        formants=float(rng.uniform(0.94, 1.08)),
        pitch_hz=float(rng.uniform(165, 215) if female else rng.uniform(90, 130)),
        female=female,
        pitch_range=float(np.exp(rng.normal(0, 0.15))),
        tempo=float(np.exp(rng.normal(0, 0.06))),
        level_db=float(rng.normal(0, 1.5)),
        brightness=float(rng.normal(0, 0.08)),
        breath=float(np.abs(rng.normal(0, 0.08))),
    )


def draw_sentences(rng: np.random.Generator, number: int) -> list[str]:
    """Draw sentences, none twice before all were drawn."""
    order = np.concatenate(
        [rng.permutation(len(SENTENCES)) for _ in range(-(-number // len(SENTENCES)))]
    )
    return [SENTENCES[place] for place in order[:number]]
