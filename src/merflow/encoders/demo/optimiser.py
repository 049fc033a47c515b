"""Adam whose state can be put away and taken up again to the last bit."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

EPSILON = 1e-8


class Adam:
    """Adam (Kingma, Ba 2015) with decoupled weight decay, by PyTorch's fused kernel.

    PyTorch's own class imports its compiler when it is made, which takes two seconds. Parameters
    without a gradient are left alone and start their own count of steps when they get one.

    Attributes:
        parameters: By name.
    """

    def __init__(
        self,
        parameters: Mapping[str, nn.Parameter],
        second: float,
        decay: float = 0.0,
        factors: Mapping[str, float] | None = None,
    ) -> None:
        """Start at step 0.

        Args:
            parameters: By name.
            second: Decay rate of the second moment; that of the first is .9.
            decay: Decoupled weight decay, for a rate of 1.
            factors: Factors on the rate of some parameters.
        """
        self.parameters = dict(parameters)
        self._second, self._decay = second, decay
        self._factors = dict(factors or {})
        self._moments = {
            name: (torch.zeros_like(value), torch.zeros_like(value), torch.zeros(()))
            for name, value in self.parameters.items()
        }

    def clear(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters.values():
            parameter.grad = None

    @torch.no_grad()
    def step(self, rate: float, most: float) -> None:
        """Change the parameters by their gradients, whose joint norm is cut to ``most``."""
        gradients = {n: p.grad for n, p in self.parameters.items() if p.grad is not None}
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(list(gradients.values()))))
        torch._foreach_mul_(list(gradients.values()), torch.clamp(most / (norm + 1e-6), max=1.0))
        for factor in sorted({self._factors.get(name, 1.0) for name in gradients}):
            names = [name for name in gradients if self._factors.get(name, 1.0) == factor]
            means, squares, steps = zip(*(self._moments[name] for name in names), strict=True)
            torch._foreach_add_(list(steps), 1)
            torch._fused_adamw_(
                [self.parameters[name] for name in names],
                [gradients[name] for name in names],
                *(list(means), list(squares), [], list(steps)),
                lr=rate * factor,
                beta1=0.9,
                beta2=self._second,
                weight_decay=self._decay,
                eps=EPSILON,
                amsgrad=False,
                maximize=False,
            )

    def state(self) -> dict[str, Tensor]:
        """Return the moments and step counts by name."""
        kinds = ("mean", "square", "steps")
        return {
            f"{kind}/{name}": value
            for name, moments in self._moments.items()
            for kind, value in zip(kinds, moments, strict=True)
        }
