"""Layers of several models at once, whose random numbers follow from their names.

Every module holds the parameters of a stack of models along a leading axis: ``M`` models of the
same form, which differ in their fold, their seed or their features. A single model is a stack of
one. Two systems that have a module of the same name start it with the same weights and drop the
same units in the same step, whatever else they are made of (common random numbers; source: ours).
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from merflow.seeds import generator


class StackedLinear(nn.Module):
    """A linear map of each model of a stack: ``x W + b`` with W in R^{inputs x outputs}.

    Attributes:
        fan_in: Inputs of an output, for initial values.
    """

    def __init__(self, models: int, inputs: int, outputs: int):
        """Make the maps, all zero until :func:`initialise`."""
        super().__init__()
        self.fan_in = inputs
        self.weight = nn.Parameter(torch.zeros(models, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(models, 1, outputs))

    def forward(self, values: Float[Tensor, "M batch inputs"]) -> Float[Tensor, "M batch outputs"]:
        """Return each model's map of its own rows."""
        return torch.baddbmm(self.bias, values, self.weight)


class DimensionAlign(nn.Module):
    """DA-Mat: linear map to D dimensions, ReLU, dropout (docs/paper.md, reading 12).

    The map's product and what follows it are apart, because the engine takes the product, where
    nearly all of the work is, in its own hands (:mod:`merflow.training.engine.aligned`).
    """

    def __init__(self, models: int, dim: int, width: int):
        """Make the alignment of a feature of ``dim`` dimensions to ``width``."""
        super().__init__()
        self.linear = StackedLinear(models, dim, width)

    def project(self, feature: Float[Tensor, "M batch dim"]) -> Float[Tensor, "M batch width"]:
        """Return ``x W``, without the bias."""
        return torch.bmm(feature, self.linear.weight)

    def activate(
        self,
        projected: Float[Tensor, "M batch width"],
        kept: Float[Tensor, "M batch width"] | None,
    ) -> Float[Tensor, "M batch width"]:
        """Return the aligned hidden state.

        Args:
            projected: From :meth:`project`.
            kept: Dropout: 0 for a dropped unit, 1 / (1 - share) else; None in evaluation.
        """
        state = torch.relu(projected + self.linear.bias)
        return state if kept is None else state * kept


def initialise(network: nn.Module, models: Sequence[tuple[int, int]]) -> None:
    """Give the parameters of each model their initial values, in place.

    Values are uniform in PyTorch's default range of a linear layer, +-1/sqrt(inputs); a module
    with parameters of its own says its inputs in ``fan_in``.

    Args:
        network: The stack to start.
        models: Seed and held-out fold of each model.
    """
    for name, module in network.named_modules():
        for own, parameter in module.named_parameters(recurse=False):
            bound = 1.0 / math.sqrt(module.fan_in)
            for index, (seed, fold) in enumerate(models):
                draws = generator(seed, "init", f"{name}.{own}", fold).uniform(
                    -bound, bound, tuple(parameter.shape[1:])
                )
                with torch.no_grad():
                    parameter[index].copy_(torch.from_numpy(draws))
