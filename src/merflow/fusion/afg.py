"""Attention-guided feature gathering (AFG), eqs. 1 to 3."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

Scores = Literal["vector", "flattened"]


class Afg(nn.Module):
    """Gathers N aligned states of D dimensions into one, for each model of a stack.

    The paper writes W in R^{D x N}, whose scores have shape N x N; read as the challenge
    baseline it follows: W in R^{D x 1}, b in R^N (docs/paper.md, reading 2). With ``flattened``
    scores W maps all ND numbers to N scores instead.

    Attributes:
        fan_in: Inputs of a score, for initial values.
    """

    def __init__(self, models: int, count: int, width: int, scores: Scores = "vector"):
        """Make modules for ``count`` states (N) of ``width`` dimensions (D)."""
        super().__init__()
        inputs, outputs = (width, 1) if scores == "vector" else (count * width, count)
        self.scores: Scores = scores
        self.fan_in = inputs
        self.weight = nn.Parameter(torch.zeros(models, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(models, 1, count))

    def attention(self, states: Float[Tensor, "M batch N D"]) -> Float[Tensor, "M batch N"]:
        """Return alpha of eq. 2, which sums to one over the N states."""
        models, batch, count, _ = states.shape
        if self.scores == "vector":
            scores = torch.bmm(states.flatten(1, 2), self.weight).view(models, batch, count)
        else:
            scores = torch.bmm(states.flatten(2), self.weight)
        return torch.softmax(scores + self.bias, dim=-1)

    def forward(self, states: list[Float[Tensor, "M batch D"]]) -> Float[Tensor, "M batch D"]:
        """Return the fused state of eq. 3: eq. 1 stacks the states, eq. 2 weighs them."""
        stacked = torch.stack(states, dim=2)
        return (self.attention(stacked).unsqueeze(-1) * stacked).sum(dim=2)
