"""A sound without any network: statistics of its mel cepstrum, and of its prosody.

``mfcc``: of the coefficients 0 to 19 the mean and the population standard deviation over frames,
then the same of their slopes (80 values). ``prosody``: see :mod:`merflow.encoders.prosody` (33
values). Both are computed in ``prepare``, hence in the threads that read ahead.

Source: ours, of textbook parts, with numpy and scipy alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy
from jaxtyping import Float32

from merflow.encoders.cepstrum import Sound, centred, cepstrum, slopes, spectra
from merflow.encoders.encoder import Encoder, Vectors
from merflow.encoders.prosody import prosody
from merflow.encoders.registry import layers_of
from merflow.storage.digest import settings_digest


class MfccEncoder(Encoder):
    """Statistics over the frames of one sound."""

    modality: Literal["audio"] = "audio"

    def __init__(self, layers: list[str]) -> None:
        """Take down which libraries compute."""
        self.layers = layers
        self.digest = settings_digest(["mfcc", "numpy", np.__version__, "scipy", scipy.__version__])

    def prepare(self, clip: Sound) -> Vectors:
        """Return the vectors; any length will do, silence and no sample at all too."""
        samples = centred(clip)
        power = spectra(samples)
        coefficients = cepstrum(power)
        moving = slopes(coefficients)
        told = prosody(samples, power)
        return {
            "mfcc": _statistics(coefficients, moving),
            "prosody": np.array(list(told.values()), np.float32),
        }

    def encode_prepared(self, prepared: Sequence[Vectors]) -> list[Vectors]:
        """Return what is there already."""
        return list(prepared)


def _statistics(*parts: np.ndarray) -> Float32[np.ndarray, "_dim"]:
    values = [value for part in parts for value in (part.mean(axis=0), part.std(axis=0))]
    return np.concatenate(values).astype(np.float32)


def load(spec: Mapping[str, Any], path: Path | None) -> MfccEncoder:
    """Return the encoder; there is no file to read."""
    return MfccEncoder(layers_of(spec))
