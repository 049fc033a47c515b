"""Who says what in which clip: the list of labels that follows from the settings alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from merflow.errors import MerflowError
from merflow.seeds import generator

CLASSES = ("neutral", "angry", "happy", "sad", "worried", "surprise")
SHARES = (0.26, 0.24, 0.20, 0.11, 0.14, 0.05)
VALENCE_MEAN = {
    "neutral": -0.1,
    "angry": -2.5,
    "happy": 1.8,
    "sad": -2.4,
    "worried": -1.0,
    "surprise": -0.4,
}
VALENCE_SD = {
    "neutral": 0.7,
    "angry": 0.95,
    "happy": 0.75,
    "sad": 1.0,
    "worried": 0.8,
    "surprise": 1.3,
}
VALENCE_STEP, VALENCE_END = 0.25, 5.0
# So many clips of each class come before the shares count, that folds and tests may hold them all.
FLOOR = 3
# Of the error in a written valence, which is the mean of a few people's: the rest of the spread is
# in how the clip was acted.
ANNOTATION_SD = 0.35


@dataclass(frozen=True)
class Label:
    """One clip of the corpus.

    Attributes:
        index: Place in the whole list; a part of the work is ``index % parts``.
        clip: Name, such as ``train_0007``.
        split: ``train``, ``test1`` or ``test2``.
        emotion: The written label, one of :data:`CLASSES`.
        valence: The written label, -5..5 in steps of .25.
        speaker: Name, such as ``speaker_03``.
        acted: The emotion that face and voice show; now and then not the written one.
        felt: The valence that they show, -5..5.
    """

    index: int
    clip: str
    split: str
    emotion: str
    valence: float
    speaker: str
    acted: str
    felt: float


def clip_labels(spec: Mapping[str, Any]) -> list[Label]:
    """Return the labels of all clips, split by split in the order of ``spec["clips"]``.

    A clip's label depends on the seed, the number of speakers, the label noise, its split and its
    number in it, so that clips can be added without changing those that are there. Class shares
    and valence follow the rounded statistics of MER 2023's training set, but for a floor under
    the rare classes. Written labels keep to them; what is acted follows from the written label
    (source: ours).

    Args:
        spec: ``corpus.demo`` of ``params.yaml``: ``seed``, ``clips`` (split -> number),
            ``speakers`` and ``label_noise`` (share of clips whose written emotion is not the
            acted one) are used.

    Raises:
        MerflowError: A number of clips or speakers or a share that makes no sense.
    """
    if spec["speakers"] < 1 or any(number < 0 for number in spec["clips"].values()):
        raise MerflowError(
            "corpus.demo in params.yaml needs one speaker at least and no negative number of clips"
        )
    if not 0 <= spec["label_noise"] < 1:
        raise MerflowError(
            f"corpus.demo.label_noise in params.yaml is {spec['label_noise']}; "
            "it is a share of the clips: 0 or more, under 1"
        )
    seed = spec["seed"]
    labels: list[Label] = []
    for split, number in spec["clips"].items():
        for place, emotion in enumerate(_emotions(seed, split, number)):
            clip = f"{split}_{place:04d}"
            valence = _valence(seed, clip, emotion)
            labels.append(
                Label(
                    index=len(labels),
                    clip=clip,
                    split=split,
                    emotion=emotion,
                    valence=valence,
                    speaker=_speaker(seed, split, place, spec["speakers"]),
                    acted=_acted(seed, clip, emotion, valence, spec["label_noise"]),
                    felt=_felt(seed, clip, emotion, valence),
                )
            )
    return labels


def _emotions(seed: int, split: str, number: int) -> list[str]:
    """Return the first classes of an endless sequence that keeps to the shares at every length.

    Each class comes :data:`FLOOR` times at first and by its share from then on. At each place the
    class that lags most is next, so every class stands within about one clip of what it should
    have; the start of the sequence is drawn.
    """
    lag = generator(seed, "demo-classes", split).uniform(0.0, 0.4, len(CLASSES))
    chosen: list[str] = []
    for place in range(number):
        equal = place < FLOOR * len(CLASSES)
        lag += 1 / len(CLASSES) if equal else np.array(SHARES)
        furthest = int(np.argmax(lag))
        lag[furthest] -= 1.0
        chosen.append(CLASSES[furthest])
    return chosen


def _valence(seed: int, clip: str, emotion: str) -> float:
    """Draw a clip's written valence on the grid of .25."""
    rng = generator(seed, "demo-valence", clip)
    drawn = rng.normal(VALENCE_MEAN[emotion], VALENCE_SD[emotion])
    return float(np.clip(round(drawn / VALENCE_STEP) * VALENCE_STEP, -VALENCE_END, VALENCE_END))


def _felt(seed: int, clip: str, emotion: str, valence: float) -> float:
    """Draw the valence that was acted, given what was written.

    Written is acted plus an error of :data:`ANNOTATION_SD`, and spreads as its class should; so
    acted given written is a normal distribution nearer to the mean of the class.
    """
    mean = VALENCE_MEAN[emotion]
    trusted = 1 - (ANNOTATION_SD / VALENCE_SD[emotion]) ** 2
    rng = generator(seed, "demo-felt", clip)
    drawn = rng.normal(mean + trusted * (valence - mean), ANNOTATION_SD * trusted**0.5)
    return float(np.clip(drawn, -VALENCE_END, VALENCE_END))


def _acted(seed: int, clip: str, emotion: str, valence: float, noise: float) -> str:
    """Draw the emotion that was acted: with probability ``noise`` another than the written one.

    People mistake what looks alike: the other is drawn by how common it is with that valence.
    """
    rng = generator(seed, "demo-acted", clip)
    if rng.random() >= noise:
        return emotion
    others = [name for name in CLASSES if name != emotion]
    weights = np.array([_density(name, valence) for name in others])
    return others[rng.choice(len(others), p=weights / weights.sum())]


def _density(emotion: str, valence: float) -> float:
    """Return how common clips of a class and a valence are, but for a constant factor."""
    spread = VALENCE_SD[emotion]
    distance = (valence - VALENCE_MEAN[emotion]) / spread
    return SHARES[CLASSES.index(emotion)] / spread * float(np.exp(-(distance**2) / 2))


def _speaker(seed: int, split: str, place: int, speakers: int) -> str:
    """Return the speaker of a place; each run of ``speakers`` places holds everyone once."""
    turn, within = divmod(place, speakers)
    order = generator(seed, "demo-speakers", split, turn).permutation(speakers)
    return f"speaker_{order[within]:02d}"
