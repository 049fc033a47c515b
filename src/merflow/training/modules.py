"""Layers whose random numbers follow from their names, so that systems share them.

Two systems that have a module of the same name start it with the same weights and drop the same
units in the same step, whatever else they are made of (common random numbers; source: ours).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from merflow.seeds import generator, seed_of


class KeyedDropout(nn.Module):
    """Dropout with a random stream of its own, set by :func:`key`.

    Attributes:
        share: Probability that a unit is zeroed in training; the others are scaled up.
    """

    def __init__(self, share: float):
        """Make a dropout that zeroes this share of the units."""
        super().__init__()
        self.share = share
        self.stream: torch.Generator | None = None

    def forward(self, values: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Return the values with some units zeroed; in evaluation unchanged."""
        if not self.training or self.share == 0.0:
            return values
        if self.stream is None:
            raise RuntimeError("key() must be called before training")
        kept = torch.empty_like(values).bernoulli_(1.0 - self.share, generator=self.stream)
        return values * kept.div_(1.0 - self.share)


class DimensionAlign(nn.Module):
    """DA-Mat: linear map to D dimensions, ReLU, dropout (docs/paper.md, reading 12)."""

    def __init__(self, dim: int, width: int, dropout: float):
        """Make the alignment of a feature of ``dim`` dimensions to ``width``."""
        super().__init__()
        self.linear = nn.Linear(dim, width)
        self.dropout = KeyedDropout(dropout)

    def forward(self, feature: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch width"]:
        """Return the aligned hidden state."""
        return self.dropout(torch.relu(self.linear(feature)))


def key(network: nn.Module, seed: int, fold: int) -> None:
    """Give a network's parameters their initial values and its dropouts their streams, in place.

    Values are uniform in PyTorch's default range of a linear layer, +-1/sqrt(inputs); a module
    with parameters of its own says its inputs in ``fan_in``.

    Args:
        network: The network to start.
        seed: Training seed.
        fold: Held-out fold.
    """
    for name, module in network.named_modules():
        if isinstance(module, KeyedDropout):
            module.stream = torch.Generator().manual_seed(seed_of(seed, "dropout", name, fold))
        for own, parameter in module.named_parameters(recurse=False):
            fan_in = module.in_features if isinstance(module, nn.Linear) else module.fan_in
            bound = 1.0 / math.sqrt(fan_in)
            draws = generator(seed, "init", f"{name}.{own}", fold).uniform(
                -bound, bound, tuple(parameter.shape)
            )
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(draws))
