"""A made-up table of MER2023's size, for the benchmarks of training: labels, folds, features.

Labels follow the statistics of MER2023 (proportions of the emotions, valence by emotion on a grid
of .25). Features are low-rank: a latent of each clip carries its emotion, its valence
and, larger than both, numbers that mean nothing; random matrices map it to the widths of
the real layers, with noise on every column. Audio and pictures see the clip through noises of
their own, so that fusing them helps; a part of the noise is common to both, so that nothing
reaches 1. How much a layer tells follows its depth, as in Figure 4.

The strengths were set by hand so that scores land near those of the paper: weighted F1 about .77
for all five features of its systems.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from merflow.seeds import generator
from merflow.training.data import Dataset, Rows, join
from merflow.training.labels import Labels

CLASSES = ("neutral", "angry", "happy", "sad", "worried", "surprise")
SHARES = (0.26, 0.24, 0.20, 0.11, 0.14, 0.05)
VALENCE = ((-0.1, 0.7), (-2.5, 0.95), (1.8, 0.75), (-2.4, 1.0), (-1.0, 0.8), (-0.4, 1.3))
SIZES = {"train": 3373, "test1": 411, "test2": 412}
FOLDS = 5

SPEECH = {f"HL({index})": 1024 for index in range(25)}
FACES = {
    "RF": {"1": 256, "2": 512, "3": 1024, "4": 2048, "pooling": 2048, "conv5_3_3x3_relu": 512},
    "MR": {"stem": 64, "layer1": 64, "layer2": 128, "block1": 512, "block2": 1024},
}
WIDTHS = SPEECH | {
    f"{encoder}({layer})": width
    for encoder, layers in FACES.items()
    for layer, width in layers.items()
}
"""The 36 layers and their real widths."""

# How much of the clip a layer shows: 1 is all that its modality has.
SHOWN = {
    "RF": {"1": 0.25, "2": 0.4, "3": 0.65, "4": 0.9, "pooling": 0.9, "conv5_3_3x3_relu": 0.85},
    "MR": {"stem": 0.1, "layer1": 0.25, "layer2": 0.45, "block1": 0.75, "block2": 0.95},
}
PEAK, RISE, FALL = 18, 12.0, 7.0  # of HL: the best layer, and how fast it gets worse on both sides
# Emotions that are taken for one another, and how much of one is in the other's prototype.
ALIKE = ((0, 4, 0.5), (3, 4, 0.5), (0, 3, 0.3), (1, 5, 0.4), (2, 5, 0.3), (1, 3, 0.3))
EMOTION, FEELING = 1.9, 0.9  # size of the two meaningful parts of the latent
AMBIGUOUS = 0.35  # noise of the clip itself, common to audio and pictures
SEEN_THROUGH = {"audio": 0.9, "visual": 1.1}  # noise of a modality, common to its layers
OWN = 0.4  # noise of a layer's own
NUISANCE, NUISANCE_SIZE = 24, 2.0  # numbers that mean nothing, and their size
COLUMN = 3.5  # noise of a column, independent of all others


@dataclass(frozen=True)
class Table:
    """A made-up corpus; everything follows from the seed, feature by feature.

    Attributes:
        seed: Of all draws.
        clips: Clips of each split; smaller for a quick look.
    """

    seed: int = 2023
    sizes: tuple[tuple[str, int], ...] = tuple(SIZES.items())

    @cached_property
    def labels(self) -> Labels:
        """Splits, emotions, valences and five stratified folds."""
        split = [name for name, count in self.sizes for _ in range(count)]
        emotion = np.concatenate([_emotions(self.seed, name, count) for name, count in self.sizes])
        draws = generator(self.seed, "valence").standard_normal(len(emotion))
        mean, spread = np.array(VALENCE)[emotion].T
        valence = np.clip(np.round((mean + spread * draws) * 4) / 4, -5, 5)
        fold = _folds(self.seed, emotion, np.array([name == "train" for name in split]))
        clips = tuple(f"clip{row:05d}" for row in range(len(emotion)))
        return Labels(clips, tuple(split), fold, emotion, valence, FOLDS)

    @cached_property
    def _meant(self) -> np.ndarray:
        """What a clip shows: its emotion and its valence, with noise of its own."""
        emotion = self.labels.emotion
        parts = [EMOTION * _prototypes()[emotion], FEELING * self.labels.valence[:, None]]
        latent = np.concatenate(parts, axis=1)
        return latent + AMBIGUOUS * generator(self.seed, "clip").standard_normal(latent.shape)

    def rows(self, feature: str) -> Rows:
        """Return the vectors of a feature, float32, not standardised."""
        width, shown = WIDTHS[feature], shown_by(feature)
        modality = "audio" if feature in SPEECH else "visual"
        encoder = feature.partition("(")[0]
        seen = SEEN_THROUGH[modality] * self._normal(self._meant.shape, "modality", modality)
        own = OWN * self._normal(self._meant.shape, "layer", feature)
        clips = len(self.labels)
        nuisance = NUISANCE_SIZE * self._normal((clips, NUISANCE), "nuisance", encoder)
        latent = np.concatenate([shown * (self._meant + seen) + own, nuisance], axis=1)
        mapped = latent @ self._normal((latent.shape[1], width), "map", feature)
        noise = generator(self.seed, "column", feature)
        mapped += COLUMN * noise.standard_normal(mapped.shape, dtype=np.float32)
        scale = np.exp(0.5 * self._normal((width,), "scale", feature))
        values = (mapped + self._normal((width,), "offset", feature)) * scale
        copies = np.zeros(clips, dtype=np.int64)
        return Rows(self.labels.clips, copies, values.astype(np.float32))

    def _normal(self, shape: tuple[int, ...], purpose: str, name: str) -> np.ndarray:
        return generator(self.seed, purpose, name).standard_normal(shape)

    def dataset(self, features: Sequence[str], tests: bool = True) -> Dataset:
        """Return the dataset of some features; without ``tests`` of the training split alone."""
        labels = self.labels
        if not tests:
            labels = labels.take(labels.fold >= 0)
        return join(labels, {feature: self.rows(feature) for feature in features})


def small(clips: int = 400) -> Table:
    """Return a table of so many training clips, for a quick look."""
    return Table(sizes=(("train", clips), ("test1", 60), ("test2", 60)))


def shown_by(feature: str) -> float:
    """Return how much of a clip a layer shows, 0..1."""
    encoder, layer = feature.rstrip(")").split("(")
    if encoder != "HL":
        return SHOWN[encoder][layer]
    away = int(layer) - PEAK
    return float(np.exp(-0.5 * (away / (RISE if away < 0 else FALL)) ** 2))


def _emotions(seed: int, split: str, count: int) -> np.ndarray:
    """Return emotions in the given shares, shuffled."""
    counts = np.floor(np.array(SHARES) * count).astype(int)
    counts[0] += count - counts.sum()
    return generator(seed, "emotion", split).permutation(np.repeat(np.arange(len(SHARES)), counts))


def _folds(seed: int, emotion: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return random folds stratified by emotion, -1 outside the training split."""
    fold = np.full(len(emotion), -1, dtype=np.int64)
    order = generator(seed, "fold").permutation(np.flatnonzero(train))
    by_emotion = order[np.argsort(emotion[order], kind="stable")]
    fold[by_emotion] = np.arange(len(by_emotion)) % FOLDS
    return fold


def _prototypes() -> np.ndarray:
    """Return where each emotion lies, unit length; similar ones lie closer."""
    places = np.eye(len(CLASSES))
    for one, other, share in ALIKE:
        places[one, other] += share
        places[other, one] += share
    return places / np.linalg.norm(places, axis=1, keepdims=True)
