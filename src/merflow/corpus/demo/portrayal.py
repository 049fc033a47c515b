"""How an emotion shows: mostly its valence in the face, mostly its arousal in the voice.

Each clip shows only part of it, with noise of its own, so that neither face nor voice alone gives
the label away, and together they give more than either. All numbers are ours.
"""

import numpy as np

from merflow.corpus.demo.features import Expression
from merflow.corpus.demo.labels import VALENCE_MEAN, Label
from merflow.corpus.demo.voices import Prosody
from merflow.seeds import generator

# brow raise, inner brow, eye open, mouth curve, mouth open, mouth width, nose wrinkle
REST = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0])
FULL = {
    "neutral": REST,
    "angry": np.array([-0.45, -0.90, 0.90, -0.25, 0.02, 0.96, 0.50]),
    "happy": np.array([0.10, 0.05, 0.84, 0.55, 0.06, 1.14, 0.10]),
    "sad": np.array([0.00, 0.75, 0.76, -0.40, 0.00, 0.94, 0.00]),
    "worried": np.array([0.35, 0.65, 1.10, -0.20, 0.04, 0.97, 0.10]),
    "surprise": np.array([0.90, 0.10, 1.34, 0.00, 0.20, 0.93, 0.00]),
}
SPREAD = np.array([0.30, 0.34, 0.10, 0.20, 0.02, 0.05, 0.12])
LEAST = np.array([-0.6, -1.0, 0.66, -1.0, 0.0, 0.86, 0.0])
MOST = np.array([1.0, 1.0, 1.40, 1.0, 0.3, 1.22, 0.8])
CURVE_OF_VALENCE, INNER_OF_VALENCE = 0.15, 0.06

AROUSAL = {
    "neutral": 0.0,
    "angry": 1.0,
    "happy": 0.55,
    "sad": -0.9,
    "worried": 0.3,
    "surprise": 0.9,
}
AROUSAL_SD = 0.24
QUESTIONS = {"surprise": 0.7, "worried": 0.3}
USUAL_QUESTIONS = 0.1


def face_of(label: Label, seed: int) -> Expression:
    """Return the expression of a clip with the lips closed as far as the emotion lets them."""
    rng = generator(seed, "demo-face", label.clip)
    strength = rng.beta(2.0, 1.6)
    shown = REST + strength * (FULL[label.emotion] - REST)
    shown[3] += CURVE_OF_VALENCE * label.valence * (0.35 + 0.65 * strength)
    shown[1] += INNER_OF_VALENCE * (label.valence - VALENCE_MEAN[label.emotion])
    shown += rng.normal(0.0, SPREAD)
    return Expression(*(float(part) for part in np.clip(shown, LEAST, MOST)))


def voice_of(label: Label, seed: int) -> Prosody:
    """Return the prosody of a clip."""
    rng = generator(seed, "demo-voice", label.clip)
    arousal = rng.normal(AROUSAL[label.emotion], AROUSAL_SD)
    lift = 0.10 * label.valence + rng.normal(0, 0.15)
    return Prosody(
        pitch=float(2 ** np.clip(0.26 * arousal + 0.3 * lift + rng.normal(0, 0.05), -0.5, 0.7)),
        pitch_range=float(np.clip(1.1 + 0.7 * arousal + 0.8 * lift, 0.2, 2.5)),
        tempo=float(np.clip(1.0 + 0.17 * arousal + rng.normal(0, 0.05), 0.7, 1.4)),
        level_db=float(np.clip(-24.0 + 4.0 * arousal + rng.normal(0, 1.5), -32.0, -16.0)),
        brightness=float(np.clip(0.4 + 0.3 * arousal + rng.normal(0, 0.08), 0.0, 0.9)),
        question=bool(rng.random() < QUESTIONS.get(label.emotion, USUAL_QUESTIONS)),
    )
