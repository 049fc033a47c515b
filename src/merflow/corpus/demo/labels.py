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
# A share under this would leave five folds of 40 clips without the class.
LEAST_SHARE = 0.075


@dataclass(frozen=True)
class Label:
    """One clip of the corpus.

    Attributes:
        index: Place in the whole list; a part of the work is ``index % parts``.
        clip: Name, such as ``train_0007``.
        split: ``train``, ``test1`` or ``test2``.
        emotion: One of :data:`CLASSES`.
        valence: -5..5 in steps of .25.
        speaker: Name, such as ``speaker_03``.
    """

    index: int
    clip: str
    split: str
    emotion: str
    valence: float
    speaker: str


def clip_labels(spec: Mapping[str, Any]) -> list[Label]:
    """Return the labels of all clips, split by split in the order of ``spec["clips"]``.

    A clip's label depends on the seed, the number of speakers, its split and its number in it, so
    that clips can be added without changing those that are there. Class shares and valence follow
    the rounded statistics of MER 2023's training set, but for a floor under the rarest class.

    Args:
        spec: ``corpus.demo`` of ``params.yaml``: ``seed``, ``clips`` (split -> number) and
            ``speakers`` are used.

    Raises:
        MerflowError: A number of clips or speakers that makes no sense.
    """
    if spec["speakers"] < 1 or any(number < 0 for number in spec["clips"].values()):
        raise MerflowError(
            "corpus.demo in params.yaml needs one speaker at least and no negative number of clips"
        )
    labels: list[Label] = []
    for split, number in spec["clips"].items():
        emotions = _emotions(spec["seed"], split, number)
        for place, emotion in enumerate(emotions):
            clip = f"{split}_{place:04d}"
            labels.append(
                Label(
                    index=len(labels),
                    clip=clip,
                    split=split,
                    emotion=emotion,
                    valence=_valence(spec["seed"], clip, emotion),
                    speaker=_speaker(spec["seed"], split, place, spec["speakers"]),
                )
            )
    return labels


def _emotions(seed: int, split: str, number: int) -> list[str]:
    """Return the first classes of an endless sequence that keeps to the shares at every length.

    At each place the class that lags its share most is next, so every class stands within about
    one clip of its share; the start of the sequence is drawn.
    """
    shares = np.maximum(SHARES, LEAST_SHARE)
    shares = shares / shares.sum()
    lag = generator(seed, "demo-classes", split).uniform(0.0, 0.4, len(CLASSES))
    chosen: list[str] = []
    for _ in range(number):
        lag += shares
        furthest = int(np.argmax(lag))
        lag[furthest] -= 1.0
        chosen.append(CLASSES[furthest])
    return chosen


def _valence(seed: int, clip: str, emotion: str) -> float:
    """Draw a clip's valence on the grid of .25."""
    rng = generator(seed, "demo-valence", clip)
    drawn = rng.normal(VALENCE_MEAN[emotion], VALENCE_SD[emotion])
    return float(np.clip(round(drawn / VALENCE_STEP) * VALENCE_STEP, -VALENCE_END, VALENCE_END))


def _speaker(seed: int, split: str, place: int, speakers: int) -> str:
    """Return the speaker of a place; each run of ``speakers`` places holds everyone once."""
    turn, within = divmod(place, speakers)
    order = generator(seed, "demo-speakers", split, turn).permutation(speakers)
    return f"speaker_{order[within]:02d}"
