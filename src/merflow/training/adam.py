"""Adam over all parameters as one vector."""

from collections.abc import Sequence

import torch
from torch import nn

FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8


class FlatAdam:
    """Adam (Kingma, Ba 2015) with an L2 term, as ``torch.optim.Adam`` with its default betas.

    PyTorch's own optimiser imports its compiler when it is made, which takes longer than
    training a small system, and steps parameter by parameter. Here the parameters and their
    gradients are views of two vectors, and a step is one pass over each group of them: the
    kernel of ``torch.optim.Adam(fused=True)``, called without its optimiser.

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
        self.rate = rate
        self.steps = torch.zeros(())
        self.values = torch.cat([parameter.detach().flatten() for parameter in parameters])
        self.gradients, mean, square = (torch.zeros_like(self.values) for _ in range(3))
        sizes = [parameter.numel() for parameter in parameters]
        views = zip(self.values.split(sizes), self.gradients.split(sizes), strict=True)
        for parameter, (value, gradient) in zip(parameters, views, strict=True):
            parameter.data = value.view(parameter.shape)
            parameter.grad = gradient.view(parameter.shape)
        counts = [sum(map(torch.numel, group)) for group, _ in groups]
        vectors = (self.values, self.gradients, mean, square)
        parts = zip(*(vector.split(counts) for vector in vectors), strict=True)
        self._parts = [
            (part, l2) for part, (_, l2) in zip(parts, groups, strict=True) if part[0].numel()
        ]

    def clear(self) -> None:
        """Set the gradients to zero before ``backward``."""
        self.gradients.zero_()

    @torch.no_grad()
    def step(self) -> None:
        """Change the parameters by their gradients."""
        self.steps += 1
        for (values, gradients, mean, square), l2 in self._parts:
            torch._fused_adam_(
                *([values], [gradients], [mean], [square], [], [self.steps]),
                lr=self.rate,
                beta1=FIRST,
                beta2=SECOND,
                weight_decay=l2,
                eps=EPSILON,
                amsgrad=False,
                maximize=False,
            )
