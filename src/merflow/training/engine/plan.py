"""Which models are trained together: by settings alone, never by cores, time or what is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from merflow.errors import MerflowError

# Weights, gradients and Adam's moments of the models of a stack, in bytes. On a CPU a larger stack
# spreads the cost of the many small operations over more models, which ends where a model is large
# itself; on a GPU the number of kernels is what costs.
STATE_BYTES = {"cpu": 64 * 2**20, "cuda": 4 * 2**30}
BYTES_PER_PARAMETER = 16


@dataclass(frozen=True)
class Engine:
    """How training runs; results differ by rounding at most.

    Attributes:
        device: ``cpu`` or ``cuda``.
        stack: Models trained side by side; None: what suits the device.
    """

    device: str = "cpu"
    stack: int | None = None

    def place(self) -> torch.device:
        """Return the device; raises :class:`MerflowError` if there is none."""
        if self.device == "cuda" and not torch.cuda.is_available():
            raise MerflowError(
                "the setting device is 'cuda', but PyTorch finds no GPU here: set probes.device "
                "and fusion.device to cpu, or run where there is one"
            )
        return torch.device(self.device)

    def members(self, dims: Sequence[int], width: int, folds: int) -> int:
        """Return how many cross-validations form a stack; at least one.

        Args:
            dims: Dimension of each feature.
            width: What features are aligned to.
            folds: Models of a cross-validation.
        """
        models = self.stack
        if models is None:
            models = STATE_BYTES[self.device] // (BYTES_PER_PARAMETER * sum(dims) * width)
        return max(1, models // folds)
