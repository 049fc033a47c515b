"""Face and voice each tell a part of the label."""

from dataclasses import astuple

import numpy as np

from merflow.corpus.demo.labels import clip_labels
from merflow.corpus.demo.portrayal import face_of, voice_of

LABELS = clip_labels({"seed": 5, "speakers": 12, "clips": {"train": 900}})
EMOTION = np.array([label.emotion for label in LABELS])
VALENCE = np.array([label.valence for label in LABELS])
FACE = np.array([astuple(face_of(label, 5)) for label in LABELS], float)
VOICE = np.array([astuple(voice_of(label, 5)) for label in LABELS], float)


def nearest_class(shown):
    """Return the share of clips of the second half nearest to their own class's first half."""
    half = len(LABELS) // 2
    scaled = (shown - shown.mean(0)) / shown.std(0)
    classes = np.unique(EMOTION)
    centres = np.array([scaled[:half][EMOTION[:half] == name].mean(0) for name in classes])
    distance = ((scaled[half:, None] - centres) ** 2).sum(-1)
    return float(np.mean(classes[distance.argmin(1)] == EMOTION[half:]))


def test_face_and_voice_are_partial_and_complete_each_other():
    face, voice = nearest_class(FACE), nearest_class(VOICE)
    both = nearest_class(np.hstack([FACE, VOICE]))
    assert 0.45 < face < 0.90
    assert 0.40 < voice < 0.85
    assert both > max(face, voice)


def test_valence_moves_the_mouth_within_every_class():
    for emotion in np.unique(EMOTION):
        inside = emotion == EMOTION
        assert np.corrcoef(VALENCE[inside], FACE[inside, 3])[0, 1] > 0.2


def test_angry_voices_are_louder_and_quicker_than_sad_ones():
    angry, sad = (VOICE[emotion == EMOTION].mean(0) for emotion in ("angry", "sad"))
    assert np.all(angry[:5] > sad[:5])
