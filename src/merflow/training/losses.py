"""The losses of emotion and valence, and their plain sum."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from merflow.training.decoders import Decoded


@dataclass(frozen=True)
class Truth:
    """What the rows of a batch are; rows of weight 0 only fill the batch up.

    Attributes:
        emotion: True classes.
        valence: True valences.
        weight: 1 over the number of a model's rows for each of them, 0 for a row that fills up.
    """

    emotion: Int[Tensor, "M batch"]
    valence: Float[Tensor, "M batch"]
    weight: Float[Tensor, "M batch"]


class Losses(NamedTuple):
    """The losses of each model of a stack.

    Attributes:
        total: What is minimised.
        emotion: L_e.
        valence: L_v; None without valence.
    """

    total: Float[Tensor, " M"]
    emotion: Float[Tensor, " M"]
    valence: Float[Tensor, " M"] | None


def emotion_loss(decoded: Decoded, truth: Truth) -> Float[Tensor, " M"]:
    """Return L_e: cross-entropy, mean over each model's rows."""
    told = torch.log_softmax(decoded.logits, dim=-1).gather(-1, truth.emotion[..., None])
    return -(told.squeeze(-1) * truth.weight).sum(-1)


def valence_loss(predicted: Float[Tensor, "M batch"], truth: Truth) -> Float[Tensor, " M"]:
    """Return L_v: mean squared error over each model's rows."""
    return ((predicted - truth.valence).square() * truth.weight).sum(-1)


class Loss(nn.Module):
    """A loss of both tasks, which may have parameters of its own."""

    def forward(self, decoded: Decoded, truth: Truth) -> Losses:
        """Return the losses of a batch."""
        of_emotion = emotion_loss(decoded, truth)
        if decoded.valence is None:
            return Losses(self.combine(of_emotion, None), of_emotion, None)
        of_valence = valence_loss(decoded.valence, truth)
        return Losses(self.combine(of_emotion, of_valence), of_emotion, of_valence)

    def combine(
        self, of_emotion: Float[Tensor, " M"], of_valence: Float[Tensor, " M"] | None
    ) -> Float[Tensor, " M"]:
        """Return what is minimised."""
        raise NotImplementedError

    def deltas(self) -> Float[Tensor, "M 2"] | None:
        """Return the present weights delta1, delta2; None for a loss without any."""
        return None


class SumLoss(Loss):
    """L_e + L_v, or L_e alone without valence (docs/paper.md, reading 10)."""

    def combine(
        self, of_emotion: Float[Tensor, " M"], of_valence: Float[Tensor, " M"] | None
    ) -> Float[Tensor, " M"]:
        """Return the plain sum."""
        return of_emotion if of_valence is None else of_emotion + of_valence
