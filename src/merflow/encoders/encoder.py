"""What every loaded encoder offers to the feature cache."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32

from merflow.errors import MerflowError

Vectors = dict[str, Float32[np.ndarray, "_dim"]]


class Encoder(ABC):
    """A frozen network, or a fixed description, that maps each clip to one vector per layer.

    Attributes:
        modality: ``audio`` (inputs are float32 sounds of shape [samples], 16 kHz mono) or
            ``visual`` (inputs are uint8 RGB crops of shape [frames, height, width, 3]).
        layers: The names of the layers, first to last.
        digest: Hex sha256 of the weight file; without weights, of what decides the values beside
            the code, such as a library's version.
        if_infinite: What to do where a layer comes out as infinity or NaN.
    """

    modality: Literal["audio", "visual"]
    layers: list[str]
    digest: str
    if_infinite: str = "the weight file or the clip is damaged"

    @property
    def recipe_digest(self) -> str:
        """Hex digest of the weights and of all else that lies with them and decides the values."""
        return self.digest

    def prepare(self, clip: Any) -> Any:
        """Return what :meth:`encode_prepared` takes: the part that needs no network.

        May be called ahead of time in other threads, so it changes nothing of the encoder.
        """
        return clip

    @abstractmethod
    def encode_prepared(self, prepared: Sequence[Any]) -> list[Vectors]:
        """Return, for each prepared clip, one vector per layer.

        On a CPU a clip's vectors depend on that clip alone to the last bit, whatever its
        neighbours; on a GPU to rounding.
        """

    def encode(self, clips: Sequence[Any]) -> list[Vectors]:
        """Return, for each clip, one vector per layer: the mean over its frames.

        With ``statistics: mean_std`` the standard deviation follows the mean in each vector.

        Raises:
            MerflowError: A layer came out as infinity or NaN.
        """
        return self.encode_finite([self.prepare(clip) for clip in clips])

    def encode_finite(self, prepared: Sequence[Any]) -> list[Vectors]:
        """Return :meth:`encode_prepared` after a look for infinity and NaN.

        Raises:
            MerflowError: A layer came out as infinity or NaN.
        """
        return [self._finite(vectors) for vectors in self.encode_prepared(prepared)]

    def _finite(self, vectors: Vectors) -> Vectors:
        for layer, vector in vectors.items():
            if not np.isfinite(vector).all():
                raise MerflowError(
                    f"layer {layer} of the weights with sha256 {self.digest[:12]} came out as "
                    f"infinity or NaN: {self.if_infinite}"
                )
        return vectors
