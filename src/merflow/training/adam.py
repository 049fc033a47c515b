"""Adam on lists of tensors: the step that every trained number takes."""

from collections.abc import Sequence

import torch
from torch import Tensor

FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8


class Moments:
    """Adam's two running means of some tensors, beside them.

    Attributes:
        first: Of the gradients.
        second: Of their squares.
    """

    def __init__(self, values: Tensor):
        """Start at zero."""
        self.first, self.second = torch.zeros_like(values), torch.zeros_like(values)


@torch.no_grad()
def adam_step(
    values: Sequence[Tensor],
    gradients: Sequence[Tensor],
    first: Sequence[Tensor],
    second: Sequence[Tensor],
    steps: Sequence[Tensor],
    rate: float,
    l2: float,
) -> None:
    """Change values by their gradients, in place (Adam: Kingma, Ba 2015, with an L2 term).

    The kernel of ``torch.optim.Adam(fused=True)`` with its default betas, called without its
    optimiser, whose import takes longer than training a small system, and which steps parameter
    by parameter.

    Args:
        values: What is trained.
        gradients: Of each value.
        first: :attr:`Moments.first` of each value.
        second: :attr:`Moments.second` of each value.
        steps: Of each value, how many steps it has taken with this one; a scalar each.
        rate: Learning rate.
        l2: Weight decay.
    """
    torch._fused_adam_(
        list(values),
        list(gradients),
        list(first),
        list(second),
        [],
        list(steps),
        lr=rate,
        beta1=FIRST,
        beta2=SECOND,
        weight_decay=l2,
        eps=EPSILON,
        amsgrad=False,
        maximize=False,
    )
