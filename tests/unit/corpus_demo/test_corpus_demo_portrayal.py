"""Face and voice each tell a part of the label."""

from dataclasses import astuple, replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score
from sklearn.preprocessing import StandardScaler

from merflow.corpus.demo.clips import speaker_of
from merflow.corpus.demo.features import habitual as resting
from merflow.corpus.demo.labels import CLASSES, clip_labels
from merflow.corpus.demo.portrayal import face_of, second_of, voice_of
from merflow.corpus.demo.voices import habitual

SEED = 5
LABELS = clip_labels({"seed": SEED, "speakers": 24, "label_noise": 0.06, "clips": {"train": 1200}})
EMOTION = np.array([label.emotion for label in LABELS])
ACTED = np.array([label.acted for label in LABELS])
VALENCE = np.array([label.valence for label in LABELS])
HALF = len(LABELS) // 2


def shown(label):
    """Return the numbers of a clip's face and voice with the habits of its speaker."""
    voice, who = speaker_of(SEED, label.speaker)
    said = habitual(voice, voice_of(label, SEED))
    said = replace(said, pitch=np.log2(said.pitch * voice.pitch_hz), level_db=0.0)
    return astuple(resting(who, face_of(label, SEED))), (*astuple(said), voice.female)


FACE, VOICE = (np.array(part, float) for part in zip(*map(shown, LABELS), strict=True))


def told(numbers):
    """Return the emotions that a linear model of the first half gives to the second half."""
    scaler = StandardScaler().fit(numbers[:HALF])
    model = LogisticRegression(max_iter=2000)
    model.fit(scaler.transform(numbers[:HALF]), EMOTION[:HALF])
    return model.predict(scaler.transform(numbers[HALF:]))


@pytest.fixture(scope="module")
def answers():
    both = np.hstack([FACE, VOICE])
    return {name: told(n) for name, n in {"face": FACE, "voice": VOICE, "both": both}.items()}


def test_face_and_voice_are_partial_and_complete_each_other(answers):
    face, voice, both = (
        f1_score(EMOTION[HALF:], answers[name], average="weighted")
        for name in ("face", "voice", "both")
    )
    assert 0.65 < face < 0.85
    assert 0.65 < voice < 0.85
    assert max(face, voice) + 0.05 < both < 0.94


def test_voices_tell_sad_from_worried_and_faces_tell_happy_from_angry_and_surprise(answers):
    def mistaken(by, first, second):
        seen = confusion_matrix(EMOTION[HALF:], answers[by], labels=CLASSES, normalize="true")
        here, there = CLASSES.index(first), CLASSES.index(second)
        return (seen[here, there] + seen[there, here]) / 2

    for pair in (("sad", "worried"), ("sad", "neutral"), ("worried", "neutral")):
        assert mistaken("voice", *pair) < mistaken("face", *pair) + 0.02
    for pair in (("happy", "angry"), ("surprise", "angry"), ("surprise", "happy")):
        assert mistaken("face", *pair) < mistaken("voice", *pair)


def test_valence_is_seen_and_heard_within_every_class():
    heard = VOICE[:, 1] + VOICE[:, 4]  # range and brightness
    for emotion in CLASSES:
        inside = emotion == ACTED
        assert np.corrcoef(VALENCE[inside], FACE[inside, 3])[0, 1] > 0.2
        assert np.corrcoef(VALENCE[inside], heard[inside])[0, 1] > 0.1


def test_angry_voices_are_wider_quicker_and_brighter_than_sad_ones():
    angry, sad = (VOICE[emotion == ACTED].mean(0) for emotion in ("angry", "sad"))
    assert np.all(angry[1:3] > sad[1:3])
    assert angry[4] > sad[4]


def test_some_clips_mix_two_emotions():
    mixed = [second_of(label, SEED) for label in LABELS]
    assert all(second != label.acted for (second, _), label in zip(mixed, LABELS, strict=True))
    shares = np.array([share for _, share in mixed])
    assert 0.3 < np.mean(shares > 0) < 0.5
    assert shares.max() < 0.5


def test_portrayals_stay_within_what_can_be_drawn_and_said():
    faces, voices = ([f(label, SEED) for label in LABELS[:300]] for f in (face_of, voice_of))
    assert all(-1 <= face.mouth_curve <= 1 and 0.6 < face.eye_open <= 1.4 for face in faces)
    assert all(0.7 <= voice.tempo <= 1.4 and 0.6 < voice.pitch < 1.8 for voice in voices)
    assert all(0 <= voice.breath <= 0.8 and -0.3 <= voice.brightness <= 0.9 for voice in voices)
