"""eGeMAPSv02: 88 functionals of a sound, by openSMILE.

The package ``opensmile`` is an extra, for its licence is not merflow's: audEERING's licence gives
it free of charge for private use, teaching and research, and not for commercial products or any
other commercial use (read the LICENSE in the package).

A sound shorter than openSMILE's longest frame, 60 ms, is followed by zeros up to that length.
The library promises nothing about threads, so the work is done in ``encode_prepared``.

Source: Eyben et al., "The Geneva minimalistic acoustic parameter set" (2016).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32

from merflow.encoders.encoder import Encoder, Vectors
from merflow.encoders.registry import layers_of
from merflow.errors import MerflowError
from merflow.media.sound import RATE
from merflow.storage.digest import settings_digest

SHORTEST = 960  # samples
FEATURE_SET = "eGeMAPSv02"

Sound = Float32[np.ndarray, "_samples"]


class EgemapsEncoder(Encoder):
    """openSMILE's functionals of one sound."""

    modality: Literal["audio"] = "audio"

    def __init__(self, layers: list[str], opensmile: Any) -> None:
        """Make the extractor of the given module."""
        self.layers = layers
        self.digest = settings_digest(["egemaps", FEATURE_SET, "opensmile", opensmile.__version__])
        self._smile = opensmile.Smile(
            feature_set=opensmile.FeatureSet[FEATURE_SET],
            feature_level=opensmile.FeatureLevel.Functionals,
        )

    def prepare(self, clip: Sound) -> Sound:
        """Return the sound, with zeros behind it where it is too short."""
        return np.pad(clip, (0, max(0, SHORTEST - len(clip))))

    def encode_prepared(self, prepared: Sequence[Sound]) -> list[Vectors]:
        """Encode one sound after the other."""
        return [{layer: self._functionals(sound) for layer in self.layers} for sound in prepared]

    def _functionals(self, sound: Sound) -> Float32[np.ndarray, "88"]:
        table = self._smile.process_signal(sound, RATE)
        return table.to_numpy(np.float32)[0]


def load(spec: Mapping[str, Any], path: Path | None) -> EgemapsEncoder:
    """Return the encoder; there is no file to read.

    Raises:
        MerflowError: The package opensmile is not installed.
    """
    try:
        import opensmile
    except ImportError as error:
        raise MerflowError(
            "the encoder architecture egemaps needs the package opensmile, which is not installed: "
            'run `pip install -e ".[egemaps]"` in the project\'s folder if its licence (research '
            "and private use only) suits you, or set the encoder's architecture to mfcc"
        ) from error
    return EgemapsEncoder(layers_of(spec), opensmile)
