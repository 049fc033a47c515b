"""Adam over all parameters as one vector."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8


class FlatAdam:
    """Adam (Kingma, Ba 2015) with an L2 term, as ``torch.optim.Adam`` with its default betas.

    PyTorch's own optimiser imports its compiler when it is made, which takes longer than
    training a small system, and steps parameter by parameter. Here the parameters and their
    gradients are views of two vectors, so that a step is a handful of calls.

    Attributes:
        values: All parameters, one after the other.
        gradients: Their gradients, which ``backward`` adds to.
    """

    def __init__(self, groups: Sequence[tuple[Sequence[nn.Parameter], float]], rate: float):
        """Take over parameters: their storage and gradients become views of the vectors.

        Args:
            groups: Parameters and their L2 term.
            rate: Learning rate.
        """
        parameters = [parameter for group, _ in groups for parameter in group]
        self.rate, self.steps = rate, 0
        self.values = torch.cat([parameter.detach().flatten() for parameter in parameters])
        self.gradients, self.mean, self.square = (torch.zeros_like(self.values) for _ in range(3))
        sizes = [parameter.numel() for parameter in parameters]
        views = zip(self.values.split(sizes), self.gradients.split(sizes), strict=True)
        for parameter, (value, gradient) in zip(parameters, views, strict=True):
            parameter.data = value.view(parameter.shape)
            parameter.grad = gradient.view(parameter.shape)
        self.decay: Float[Tensor, " all"] = torch.cat(
            [self.values.new_full((sum(map(torch.numel, group)),), l2) for group, l2 in groups]
        )

    def clear(self) -> None:
        """Set the gradients to zero before ``backward``."""
        self.gradients.zero_()

    @torch.no_grad()
    def step(self) -> None:
        """Change the parameters by their gradients."""
        self.steps += 1
        gradients = torch.addcmul(self.gradients, self.values, self.decay)
        self.mean.lerp_(gradients, 1 - FIRST)
        self.square.mul_(SECOND).addcmul_(gradients, gradients, value=1 - SECOND)
        spread = self.square.sqrt().div_(math.sqrt(1 - SECOND**self.steps)).add_(EPSILON)
        self.values.addcdiv_(self.mean, spread, value=-self.rate / (1 - FIRST**self.steps))
