"""How an emotion shows: mostly its valence in the face, mostly its arousal in the voice.

Angry, worried and sad faces are near to each other; their voices lie far apart. Neutral, happy and
worried voices are near to each other; their faces lie far apart. Each clip shows only part of its
emotion, mixed with some of another, on the habits of its speaker and with noise of its own, so that
neither face nor voice gives the label away, and together they tell more than either. All numbers
are ours, and all are here.
"""

from dataclasses import dataclass

import numpy as np

from merflow.corpus.demo.features import Expression
from merflow.corpus.demo.labels import CLASSES, VALENCE_MEAN, Label
from merflow.corpus.demo.voices import Prosody
from merflow.seeds import generator

# --- both ---------------------------------------------------------------------------------------
MIXED_SHARE = 0.4  # of the clips show a second emotion, up to so strongly
MIXED_MOST = 0.4
STRENGTH = (
    3.0,
    1.2,
)  # of a beta distribution: how strongly the emotion shows, face and voice apart

# --- face: brow raise, inner brow, eye open, mouth curve, mouth open, mouth width, nose wrinkle ---
REST = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0])
FULL = {
    "neutral": REST,
    "angry": np.array([-0.40, -0.65, 0.92, -0.45, 0.02, 0.96, 0.40]),
    "happy": np.array([0.10, 0.05, 0.84, 0.60, 0.06, 1.14, 0.10]),
    "sad": np.array([0.00, 0.50, 0.78, -0.60, 0.00, 0.94, 0.05]),
    "worried": np.array([0.35, 0.60, 1.06, -0.40, 0.03, 0.96, 0.15]),
    "surprise": np.array([0.80, 0.10, 1.30, 0.00, 0.20, 0.93, 0.00]),
}
SPREAD = np.array([0.20, 0.24, 0.08, 0.16, 0.02, 0.05, 0.10])
LEAST = np.array([-0.6, -1.0, 0.66, -1.0, 0.0, 0.86, 0.0])
MOST = np.array([1.0, 1.0, 1.40, 1.0, 0.3, 1.22, 0.8])
# Added for each point of valence above what is usual for the emotion.
FACE_OF_VALENCE = np.array([0.02, 0.07, 0.0, 0.17, 0.0, 0.02, -0.03])

# --- voice --------------------------------------------------------------------------------------
AROUSAL = {
    "neutral": -0.1,
    "angry": 1.0,
    "happy": 0.45,
    "sad": -0.95,
    "worried": 0.1,
    "surprise": 0.85,
}
AROUSAL_SD = 0.18
LIFT_OF_VALENCE, LIFT_SD = 0.24, 0.16  # a pleased voice is lifted: wider in pitch and brighter


@dataclass(frozen=True)
class Sounds:
    """How one number of :class:`Prosody` comes about: at rest, and added for each point.

    ``arousal`` is about -1..1, ``lift`` about -.5..5; ``spread`` is the noise of a clip.
    """

    rest: float
    arousal: float
    lift: float
    spread: float
    least: float
    most: float


PITCH_OCTAVES = Sounds(0.0, 0.32, 0.12, 0.08, -0.5, 0.75)
VOICE = {
    "pitch_range": Sounds(1.15, 0.55, 0.50, 0.15, 0.2, 2.5),
    "tempo": Sounds(1.0, 0.16, 0.03, 0.06, 0.7, 1.4),
    "level_db": Sounds(-24.0, 4.0, 0.0, 1.5, -34.0, -16.0),
    "brightness": Sounds(0.32, 0.32, 0.26, 0.09, -0.3, 0.9),
    "breath": Sounds(0.22, -0.18, 0.0, 0.09, 0.0, 0.8),
    "swing": Sounds(1.05, 0.40, -0.20, 0.13, 0.5, 1.8),
    "fall_db": Sounds(1.5, -3.5, -3.5, 1.8, -8.0, 8.0),
    "tremor": Sounds(0.04, 0.0, 0.0, 0.06, 0.0, 0.6),
}
# What arousal does not tell, at full strength.
QUALITY = {
    "sad": {"breath": 0.20, "fall_db": 3.0},
    "worried": {"tremor": 0.27, "breath": 0.14},
}
QUESTIONS = {"surprise": 0.7, "worried": 0.3}
USUAL_QUESTIONS = 0.1


def second_of(label: Label, seed: int) -> tuple[str, float]:
    """Draw the emotion that is mixed into a clip, alike in face and voice, and its strength."""
    rng = generator(seed, "demo-mixture", label.clip)
    second = str(rng.choice([name for name in CLASSES if name != label.acted]))
    share = rng.uniform(0, MIXED_MOST) if rng.random() < MIXED_SHARE else 0.0
    return second, float(share)


def face_of(label: Label, seed: int) -> Expression:
    """Return the expression of a clip with the lips closed as far as the emotion lets them."""
    rng = generator(seed, "demo-face", label.clip)
    second, share = second_of(label, seed)
    strength = rng.beta(*STRENGTH)
    full = (1 - share) * FULL[label.acted] + share * FULL[second]
    shown = REST + strength * (full - REST)
    shown += FACE_OF_VALENCE * (label.felt - VALENCE_MEAN[label.acted])
    shown += rng.normal(0.0, SPREAD)
    return Expression(*(float(part) for part in np.clip(shown, LEAST, MOST)))


def voice_of(label: Label, seed: int) -> Prosody:
    """Return the prosody of a clip."""
    rng = generator(seed, "demo-voice", label.clip)
    second, share = second_of(label, seed)
    strength = rng.beta(*STRENGTH)
    meant = (1 - share) * AROUSAL[label.acted] + share * AROUSAL[second]
    arousal = rng.normal((0.4 + 0.6 * strength) * meant, AROUSAL_SD)
    lift = LIFT_OF_VALENCE * label.felt + rng.normal(0, LIFT_SD)
    quality = QUALITY.get(label.acted, {})

    def drawn(sounds: Sounds, quality: float = 0.0) -> float:
        mean = sounds.rest + sounds.arousal * arousal + sounds.lift * lift + strength * quality
        return float(np.clip(mean + rng.normal(0, sounds.spread), sounds.least, sounds.most))

    pitch = 2 ** drawn(PITCH_OCTAVES)
    numbers = {name: drawn(sounds, quality.get(name, 0.0)) for name, sounds in VOICE.items()}
    question = bool(rng.random() < QUESTIONS.get(label.acted, USUAL_QUESTIONS))
    return Prosody(pitch=pitch, question=question, **numbers)
