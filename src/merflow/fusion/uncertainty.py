"""Losses that weigh the two tasks by trained uncertainties, eq. 9 and its two relatives."""

import math

import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn
from torch.nn import functional

from merflow.errors import MerflowError
from merflow.training.losses import Loss

# Eq. 9 is singular at delta = 0 and undefined below -1: delta stays above this floor.
FLOOR = 1e-4


class UncertaintyLoss(Loss):
    """A weighted sum of L_e and L_v with trained weights delta = softplus(rho) + 1e-4.

    Attributes:
        rho: The two trained numbers, for emotion and valence; Adam must not decay them.
    """

    def __init__(self, models: int, delta_init: float):
        """Start all deltas at ``delta_init``; raises :class:`MerflowError` if it is too small."""
        super().__init__()
        if not FLOOR < delta_init < math.inf:
            raise MerflowError(
                f"the setting jdev.delta_init is {delta_init}: set it to a number above {FLOOR}"
            )
        above = delta_init - FLOOR
        # The inverse of softplus, written so that it overflows for no argument.
        self.rho = nn.Parameter(torch.full((models, 2), above + math.log(-math.expm1(-above))))

    def deltas(self) -> Float[Tensor, "M 2"]:
        """Return delta1 and delta2 of each model, always positive."""
        return self._deltas().to(self.rho.dtype)

    def _deltas(self) -> Float64[Tensor, "M 2"]:
        # PyTorch takes the last few numbers of a tensor one by one, and its softplus and log
        # round these differently in float32: a model's bits would depend on its place in a stack.
        return functional.softplus(self.rho.double()) + FLOOR

    def combine(
        self, of_emotion: Float[Tensor, " M"], of_valence: Float[Tensor, " M"] | None
    ) -> Float[Tensor, " M"]:
        """Return the weighted sum of the two losses with its regularising terms.

        Raises:
            ValueError: The decoder gave no valence; there is then nothing to weigh.
        """
        if of_valence is None:
            raise ValueError("a loss that weighs two tasks needs a decoder of valence")
        return self.weigh(of_emotion.double(), of_valence.double()).to(of_emotion.dtype)

    def weigh(
        self, of_emotion: Float64[Tensor, " M"], of_valence: Float64[Tensor, " M"]
    ) -> Float64[Tensor, " M"]:
        """Return :meth:`combine` of two losses, in float64."""
        raise NotImplementedError


class PaperLoss(UncertaintyLoss):
    """Eq. 9: L_e / d1^2 + L_v / (2 d2^2) + log(1 + d1) + log(1 + d2)."""

    def weigh(
        self, of_emotion: Float64[Tensor, " M"], of_valence: Float64[Tensor, " M"]
    ) -> Float64[Tensor, " M"]:
        """Return eq. 9."""
        first, second = self._deltas().unbind(-1)
        weighted = of_emotion / first**2 + of_valence / (2 * second**2)
        return weighted + torch.log1p(first) + torch.log1p(second)


class KendallLoss(UncertaintyLoss):
    """Kendall, Gal, Cipolla 2018: L_e / s1^2 + L_v / (2 s2^2) + log s1 + log s2."""

    def weigh(
        self, of_emotion: Float64[Tensor, " M"], of_valence: Float64[Tensor, " M"]
    ) -> Float64[Tensor, " M"]:
        """Return the loss of Kendall et al."""
        first, second = self._deltas().unbind(-1)
        weighted = of_emotion / first**2 + of_valence / (2 * second**2)
        return weighted + torch.log(first) + torch.log(second)


class LiebelLoss(UncertaintyLoss):
    """Liebel, Koerner 2018: the sum over both tasks of L / (2 s^2) + log(1 + s^2)."""

    def weigh(
        self, of_emotion: Float64[Tensor, " M"], of_valence: Float64[Tensor, " M"]
    ) -> Float64[Tensor, " M"]:
        """Return the loss of Liebel and Koerner."""
        squares = self._deltas() ** 2
        losses = torch.stack([of_emotion, of_valence], dim=-1)
        return (losses / (2 * squares) + torch.log1p(squares)).sum(-1)


UNCERTAINTY_LOSSES: dict[str, type[UncertaintyLoss]] = {
    "paper": PaperLoss,
    "kendall": KendallLoss,
    "liebel": LiebelLoss,
}
