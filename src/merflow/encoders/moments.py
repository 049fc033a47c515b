"""From frames to an utterance: the mean over time, and the standard deviation by option."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor


def with_deviation(spec: Mapping[str, Any]) -> bool:
    """Return whether an encoder's settings ask for the standard deviation beside the mean."""
    return bool(spec.get("statistics", "mean") == "mean_std")


class Moments:
    """Mean and standard deviation over the frames of one clip, which may come in pieces.

    Sums are kept in float64, on the device of the frames, so that hundreds of frames lose nothing.
    """

    def __init__(self, deviation: bool) -> None:
        """Start with no frame; ``deviation``: append the population standard deviation."""
        self._deviation = deviation
        self._count = 0
        self._sum: Tensor | None = None
        self._squares: Tensor | None = None

    def add(self, frames: Float[Tensor, "frames dim"]) -> None:
        """Take in the next frames, of any floating type."""
        wide = frames.double()
        total = wide.sum(dim=0)
        self._sum = total if self._sum is None else self._sum + total
        if self._deviation:
            squares = wide.square().sum(dim=0)
            self._squares = squares if self._squares is None else self._squares + squares
        self._count += len(frames)

    def vector(self) -> Float32[np.ndarray, "_dim"]:
        """Return the mean, and after it the deviation if asked for.

        Raises:
            ValueError: There was no frame; such clips have no row in the cache.
        """
        if self._sum is None or not self._count:
            raise ValueError("a clip without frames has no mean")
        mean = self._sum / self._count
        if self._squares is None:
            return mean.float().cpu().numpy()
        variance = (self._squares / self._count - mean.square()).clamp(min=0)
        return torch.cat([mean, variance.sqrt()]).float().cpu().numpy()
