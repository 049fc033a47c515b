"""The paired permutation test between two systems: is one better, or did the clips fall so.

Were the two systems equally good, what they say of a clip could as well have been said by the
other. So their predictions of each clip are exchanged or left, in all trainings at once (these
are no further clips), and the difference is scored anew. A clip stays in its stratum (fold).
Source: Edgington and Onghena 2007, paired randomisation; the strata and sums are ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt8

from merflow.report.sums import agreement
from merflow.seeds import generator
from merflow.training.scores import combine

METRICS = ("weighted_f1", "mse", "com", "ccc")
"""What is tested, by the names of :data:`merflow.report.sums.METRICS`; the first alone without
valence."""
SAID, TOLD = [0, 1, 3, 5], [2, 4]
"""Of the moments: those that depend on what is said, and those of the labels alone."""
BLOCK = 1000
"""Exchanges held at once: 1000 x 3,373 clips are 27 MB."""
ROUNDING = 1e-10
"""Differences nearer than this are taken for equal: sums of floats depend on their order."""


@dataclass(frozen=True)
class Exchanges:
    """Which clips are exchanged in each draw, one bit a clip.

    Attributes:
        bits: Packed along the clips.
        clips: How many clips there are.
        complete: Whether these are all of the 2^clips exchanges, each once.
    """

    bits: UInt8[np.ndarray, "draws bytes"]
    clips: int
    complete: bool

    @classmethod
    def drawn(cls, clips: int, draws: int, seed: int, *names: object) -> "Exchanges":
        """Draw exchanges of ``clips`` clips; ``names`` is what they are of, e.g. the split."""
        width = -(-clips // 8)
        held = generator(seed, "permutation", *names).bytes(draws * width)
        return cls(np.frombuffer(held, np.uint8).reshape(draws, width), clips, False)

    @classmethod
    def all(cls, clips: int) -> "Exchanges":
        """Return every exchange of a few clips."""
        numbers = np.arange(2**clips)[:, None]
        bits = (numbers >> np.arange(clips) & 1).astype(np.uint8)
        return cls(np.packbits(bits, axis=1), clips, True)

    def among(self, kept: Bool[np.ndarray, " clips"]) -> "Exchanges":
        """Return the exchanges of some of the clips: all of them, if no more than the draws.

        A clip is exchanged in the same draws, whichever others are kept.
        """
        count = int(kept.sum())
        if self.complete or 2**count <= len(self.bits):
            return Exchanges.all(count)
        if count == self.clips:
            return self
        packed = [np.packbits(block[:, kept].astype(bool), axis=1) for block in self.blocks()]
        return Exchanges(np.concatenate(packed), count, False)

    def blocks(self) -> Iterator[Float64[np.ndarray, "block clips"]]:
        """Yield the exchanges as numbers 0 and 1, :data:`BLOCK` at a time."""
        for first in range(0, len(self.bits), BLOCK):
            rows = self.bits[first : first + BLOCK]
            yield np.unpackbits(rows, axis=1, count=self.clips).astype(np.float64)


@dataclass(frozen=True)
class Margins:
    """What :data:`METRICS` need of clips that are never reweighted.

    An exchange leaves the true classes and valences of a stratum as they are, so that of a
    confusion matrix hits and predicted classes are enough: a third of the sums.

    Attributes:
        true: How many clips have each class.
        told: Sums of the true valence and of its square; None without valence.
        terms: Of each clip: hit of each class, prediction of each class and, with valence, the
            squared error, and of what is said itself, square and product with the true one.
    """

    true: Float64[np.ndarray, " classes"]
    told: Float64[np.ndarray, " 2"] | None
    terms: Float64[np.ndarray, "seeds clips terms"]

    @classmethod
    def of(cls, sums: Float64[np.ndarray, "seeds clips sums"], classes: int) -> "Margins":
        """Take the terms from those of :func:`merflow.report.sums.clip_sums`."""
        confusion = sums[..., : classes**2].reshape(*sums.shape[:2], classes, classes)
        hits, said = np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-2)
        true, moments = confusion[0].sum(axis=(0, 2)), sums[..., classes**2 :]
        if not moments.shape[-1]:
            return cls(true, None, np.concatenate([hits, said], axis=-1))
        told = moments[0][:, TOLD].sum(axis=0)
        return cls(true, told, np.concatenate([hits, said, moments[..., SAID]], axis=-1))

    def scores(
        self, sums: Float64[np.ndarray, "*batch terms"]
    ) -> Float64[np.ndarray, "*batch metrics"]:
        """Return the :data:`METRICS` of sums of the terms over all clips.

        As :func:`merflow.report.sums.metrics_of` has them.
        """
        count, clips = len(self.true), self.true.sum()
        both = self.true + sums[..., count : 2 * count]
        f1 = np.divide(2 * sums[..., :count], both, out=np.zeros(both.shape), where=both > 0)
        weighted = (f1 * (self.true / clips)).sum(axis=-1)
        if self.told is None:
            return weighted[..., None]
        mse, said, said_square, product = np.moveaxis(sums[..., 2 * count :] / clips, -1, 0)
        told, told_square = self.told / clips
        # One moment after the other in memory, for the same reason as the draws are.
        every = np.broadcast_arrays(mse, said, told, said_square, told_square, product)
        ccc, _ = agreement(np.moveaxis(np.stack(every), 0, -1))
        return np.stack([weighted, mse, combine(weighted, mse), ccc], axis=-1)


def differences(
    first: Float64[np.ndarray, "seeds clips sums"],
    second: Float64[np.ndarray, "seeds clips sums"],
    stratum: Int64[np.ndarray, " clips"],
    exchanged: Float64[np.ndarray, "draws clips"],
    classes: int,
) -> Float64[np.ndarray, "draws metrics"]:
    """Return the differences ``first - second`` after each exchange, as of :meth:`Margins.scores`.

    Each is the mean over strata, then over seeds, of the difference of the metrics, which are
    computed anew from the exchanged sums.

    Args:
        first: From :func:`merflow.report.sums.clip_sums`.
        second: The same of the other system, on the same clips and seeds.
        stratum: Of each clip.
        exchanged: 1 where a clip's predictions change sides.
        classes: Number of classes.
    """
    found = []
    for value in np.unique(stratum):
        members = stratum == value
        one, other = (Margins.of(sums[:, members], classes) for sums in (first, second))
        seeds, clips, width = one.terms.shape
        step = (other.terms - one.terms).transpose(0, 2, 1).reshape(seeds * width, clips)
        summed = (step @ exchanged[:, members].T).reshape(seeds, width, len(exchanged))
        # The draws lie side by side in memory: sums over a few classes are slow otherwise.
        moved = summed.transpose(2, 0, 1)
        gained = one.scores(one.terms.sum(axis=1) + moved)
        found.append((gained - other.scores(other.terms.sum(axis=1) - moved)).mean(axis=1))
    return np.mean(found, axis=0)


@dataclass(frozen=True)
class Permuted:
    """The observed difference among those that exchanges give.

    The arrays are of :data:`METRICS`.

    Attributes:
        p: Two-sided: the share of exchanges whose difference is at least as far from 0. Of drawn
            exchanges the observed one counts too, so that p is never 0 (Phipson and Smyth 2010).
        sd: Standard deviation of the differences after exchanges: what chance does.
    """

    p: Float64[np.ndarray, " metrics"]
    sd: Float64[np.ndarray, " metrics"]


def permute(
    first: Float64[np.ndarray, "seeds clips sums"],
    second: Float64[np.ndarray, "seeds clips sums"],
    stratum: Int64[np.ndarray, " clips"],
    exchanges: Exchanges,
    classes: int,
) -> Permuted:
    """Test the difference of two systems on the clips that both predict.

    Args:
        first: As :func:`differences`.
        second: As :func:`differences`.
        stratum: As :func:`differences`.
        exchanges: Of these clips.
        classes: Number of classes.
    """
    as_is = np.zeros((1, first.shape[1]))
    observed = differences(first, second, stratum, as_is, classes)[0]
    drawn = np.concatenate(
        [differences(first, second, stratum, block, classes) for block in exchanges.blocks()]
    )
    extreme = (np.abs(drawn) >= np.abs(observed) - ROUNDING).sum(axis=0)
    counted = 0 if exchanges.complete else 1
    # Their mean is 0 by construction; of few draws the sample's own is not.
    return Permuted(
        p=(extreme + counted) / (len(drawn) + counted), sd=np.sqrt((drawn**2).mean(axis=0))
    )
