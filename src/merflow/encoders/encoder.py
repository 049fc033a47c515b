"""What every loaded encoder offers to the feature cache."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32

from merflow.errors import MerflowError

Vectors = dict[str, Float32[np.ndarray, "_dim"]]


class Encoder(ABC):
    """A frozen network that maps each clip to one vector per layer.

    Attributes:
        modality: ``audio`` (inputs are float32 sounds of shape [samples], 16 kHz mono) or
            ``visual`` (inputs are uint8 RGB crops of shape [frames, height, width, 3]).
        layers: The names of the layers, first to last.
        digest: Hex sha256 of the weight file.
    """

    modality: Literal["audio", "visual"]
    layers: list[str]
    digest: str

    @abstractmethod
    def encode_clip(self, clip: Any) -> Vectors:
        """Return the utterance mean of every layer of one clip."""

    def encode(self, clips: Sequence[Any]) -> list[Vectors]:
        """Return, for each clip, the utterance mean of every layer.

        A clip's vectors depend on that clip alone, never on its neighbours in the list.

        Raises:
            MerflowError: A layer came out as infinity or NaN.
        """
        return [self._finite(self.encode_clip(clip)) for clip in clips]

    def _finite(self, vectors: Vectors) -> Vectors:
        for layer, vector in vectors.items():
            if not np.isfinite(vector).all():
                raise MerflowError(
                    f"layer {layer} of the weights with sha256 {self.digest[:12]} came out as "
                    "infinity or NaN: the weight file or the clip is damaged"
                )
        return vectors
