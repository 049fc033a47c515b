"""The losses of emotion and valence, and their plain sum."""

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from merflow.training.decoders import Decoded


def emotion_loss(
    logits: Float[Tensor, "batch classes"], emotion: Int[Tensor, " batch"]
) -> Float[Tensor, ""]:
    """Return L_e: cross-entropy, mean over the batch."""
    return functional.cross_entropy(logits, emotion)


def valence_loss(
    predicted: Float[Tensor, " batch"], valence: Float[Tensor, " batch"]
) -> Float[Tensor, ""]:
    """Return L_v: mean squared error over the batch."""
    return functional.mse_loss(predicted, valence)


class Loss(nn.Module):
    """A loss of both tasks, which may have parameters of its own."""

    def forward(
        self,
        decoded: Decoded,
        emotion: Int[Tensor, " batch"],
        valence: Float[Tensor, " batch"],
    ) -> Float[Tensor, ""]:
        """Return the loss of a batch."""
        raise NotImplementedError

    def deltas(self) -> tuple[float, float] | None:
        """Return the present weights delta1, delta2; None for a loss without any."""
        return None


class SumLoss(Loss):
    """L_e + L_v, or L_e alone without valence (docs/paper.md, reading 10)."""

    def forward(
        self,
        decoded: Decoded,
        emotion: Int[Tensor, " batch"],
        valence: Float[Tensor, " batch"],
    ) -> Float[Tensor, ""]:
        """Return the loss of a batch."""
        loss = emotion_loss(decoded.logits, emotion)
        return loss if decoded.valence is None else loss + valence_loss(decoded.valence, valence)
