"""The features of a test split, clean and at each SNR."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from merflow.encoders.registry import parse_feature
from merflow.errors import MerflowError
from merflow.noise.manifest import read_noise
from merflow.options import named
from merflow.training.cache import read_rows
from merflow.training.data import Dataset, Rows, join
from merflow.training.labels import Labels

CLEAN = "clean"


@dataclass(frozen=True)
class Inputs:
    """Features of one test split, by SNR.

    Attributes:
        labels: The clips of the split.
        clean: ``ENCODER=SHARD`` of clean clips.
        noisy: ``ENCODER=SHARD`` of the split's corrupted copies; encoders of sound alone.
        draws: The manifest of these copies, which says the SNR of each.
        features: All that may be asked for, e.g. ``HL(18)``.
        audio: The encoders of sound; what the others see is not corrupted.
    """

    labels: Labels
    clean: Sequence[str]
    noisy: Sequence[str]
    draws: Path
    features: Sequence[str]
    audio: Sequence[str]

    def dataset(self, features: Sequence[str], level: str | int) -> Dataset:
        """Return the clips of the split with some features.

        Args:
            features: In the order of their columns.
            level: ``clean``, or an SNR in dB.

        Raises:
            MerflowError: A shard is missing or damaged, or lacks a clip's sound at this SNR.
        """
        rows = {name: self._rows[name] for name in features}
        if level != CLEAN:
            rows |= {name: self._at(name, int(level)) for name in self._heard if name in rows}
        # A test has no folds, so none can be short of clips.
        return join(replace(self.labels, fold_count=0), rows)

    @cached_property
    def _pairs(self) -> dict[str, tuple[str, str]]:
        return {name: parse_feature(name) for name in self.features}

    @cached_property
    def _rows(self) -> dict[str, Rows]:
        return read_rows(named(self.clean, "--features"), self._pairs, "--features")

    @cached_property
    def _heard(self) -> dict[str, Rows]:
        """The corrupted copies of all SNRs, by feature."""
        pairs = {name: pair for name, pair in self._pairs.items() if pair[0] in self.audio}
        return read_rows(named(self.noisy, "--noise-features"), pairs, "--noise-features")

    @cached_property
    def _levels(self) -> Mapping[tuple[str, int], int]:
        """The SNR of each (clip, copy)."""
        return {(row.clip, row.copy): row.snr_db for row in read_noise(self.draws)}

    def _at(self, feature: str, snr_db: int) -> Rows:
        """Return the copies with one SNR in the place of the clean originals."""
        rows = self._heard[feature]
        keys = zip(rows.clips, rows.copies.tolist(), strict=True)
        own = np.array([self._levels.get(key) == snr_db for key in keys], dtype=bool)
        clips = [clip for clip, chosen in zip(rows.clips, own, strict=True) if chosen]
        lacking = set(self.labels.clips) - set(clips)
        if lacking:
            raise MerflowError(
                f"the shards of {feature} lack the clip '{min(lacking)}' at {snr_db} dB: draw the "
                "noise and extract the features again"
            )
        return Rows(clips, np.zeros(len(clips), np.int64), rows.values[own])


def split_labels(labels: Labels, split: str) -> Labels:
    """Return the clips of one split.

    Raises:
        MerflowError: There are none.
    """
    own = labels.take(np.array([name == split for name in labels.split], dtype=bool))
    if not len(own):
        raise MerflowError(
            f"report.robustness.split is {split!r}, but the manifest has no clip of it: name "
            "another split, or set report.robustness to null"
        )
    return own
