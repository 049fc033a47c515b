"""Acoustic clusters, what the demo HuBERT predicts: one codebook for each kind of measurement."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Int64
from sklearn.cluster import MiniBatchKMeans

from merflow.encoders.demo.acoustics import Acoustics
from merflow.seeds import seed_of

# Number of clusters, and the weight of each column against its deviation (pitch: in octaves).
SIZES = {"spectrum": 64, "timbre": 32, "loudness": 16, "pitch": 32}
SLOPES = 0.7
PITCH_WEIGHTS = (4.0, 6.0, 2.0, 1.0)
LEARN_BATCH, PASSES = 4096, 30

Codes = Int64[np.ndarray, "frames codebooks"]


class Codebooks:
    """K-means of each kind of measurement, learned from some sounds.

    Source: the cluster ensemble with product quantisation of HuBERT (Hsu et al. 2021, II-C);
    which measurements, and their weights, are ours.
    """

    def __init__(self, measured: Sequence[Acoustics], seed: int) -> None:
        """Learn the centres; the same sounds and seed give the same centres."""
        self._scales = {
            name: np.concatenate([getattr(sound, name) for sound in measured]).std(axis=0) + 1e-6
            for name in SIZES
        }
        self._books = {}
        for name, size in SIZES.items():
            rows = np.concatenate([self._weighted(name, sound) for sound in measured])
            self._books[name] = MiniBatchKMeans(
                min(size, len(rows)),
                random_state=seed_of(seed, "demo-clusters", name) % 2**32,
                n_init=1,
                batch_size=LEARN_BATCH,
                max_iter=PASSES,
            ).fit(rows)

    def codes(self, sound: Acoustics) -> Codes:
        """Return the nearest centre of each frame in each codebook."""
        codes = [book.predict(self._weighted(name, sound)) for name, book in self._books.items()]
        return np.stack(codes, axis=1).astype(np.int64)

    def _weighted(self, name: str, sound: Acoustics) -> Float32[np.ndarray, "frames _"]:
        values = getattr(sound, name)
        if name == "pitch":
            return (values * PITCH_WEIGHTS).astype(np.float32)
        weights = np.ones(values.shape[1])
        if name != "timbre":
            weights[values.shape[1] // 2 :] = SLOPES
        return (values * weights / self._scales[name]).astype(np.float32)


def entropies(codes: Int64[np.ndarray, "_ codebooks"]) -> Float32[np.ndarray, " codebooks"]:
    """Return the entropy of each codebook's use in nats: the loss of who knows only frequencies."""
    found = []
    for column in codes.T:
        shares = np.bincount(column) / len(column)
        shares = shares[shares > 0]
        found.append(max(1e-3, float(-(shares * np.log(shares)).sum())))
    return np.array(found, np.float32)
