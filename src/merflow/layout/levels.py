"""Where a test split at fixed SNRs lies: its draws, and its features beside the others."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from merflow.encoders.registry import parse_feature
from merflow.layout.data import RESULTS, DataLayout
from merflow.storage.digest import digest8

LEVELS = "snr"
"""What stands for the test split where ``clean`` and ``noise`` stand for training clips."""


@dataclass(frozen=True)
class LevelsLayout(DataLayout):
    """Paths and digests of the noise at fixed SNRs, for the setting ``report.robustness``."""

    @cached_property
    def levels_key(self) -> str:
        """Digest of a test split at fixed SNRs; what is drawn for training does not count."""
        noise = self.config["noise"]
        source = self._noise_source(self.robustness is not None)
        declared = {"source": noise["source"], "seed": noise["seed"], **source}
        return f"{LEVELS}-{digest8([declared, self.levels_spec()])}"

    def levels_spec(self) -> dict[str, Any]:
        """Settings of the noise at fixed SNRs, as its command takes them."""
        told = self.robustness or {"split": None, "snr": []}
        return {**told, "snr": sorted(told["snr"]), "seed": self.config["noise"]["seed"]}

    @property
    def levels_manifest(self) -> str:
        """The noise of a test split at fixed SNRs."""
        return f"{RESULTS}/noise/{self.levels_key}/{self.corpus_key}.csv"

    @cached_property
    def heard(self) -> list[str]:
        """The encoders of sound that some system reads, but precomputed ones."""
        systems = self.config["fusion"]["systems"]
        read = {parse_feature(feature)[0] for system in systems for feature in system["features"]}
        return sorted(n for n in read if self.modality(n) == "audio" and not self.precomputed(n))

    def condition(self, augmentation: str) -> str:
        """Name of the feature cache's condition, of :data:`LEVELS` too."""
        return self.levels_key if augmentation == LEVELS else super().condition(augmentation)

    def conditions(self, augmentations: list[str]) -> list[tuple[str, str]]:
        """(encoder, augmentation) of all features, and of what is heard at fixed SNRs.

        Sounds alone are corrupted there, and encoded where a system reads them.
        """
        levels = [(name, LEVELS) for name in self.heard if self.robustness]
        return super().conditions(augmentations) + levels
