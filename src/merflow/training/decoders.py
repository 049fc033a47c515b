"""The baseline decoder, and what every decoder gives."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from merflow.training.modules import StackedLinear


class Decoded(NamedTuple):
    """What the decoders of a stack say about a batch of each model.

    Attributes:
        logits: Unnormalised scores of the classes, e~ of eq. 5.
        valence: Predicted valence, v^ of eq. 6; None without valence.
    """

    logits: Float[Tensor, "M batch classes"]
    valence: Float[Tensor, "M batch"] | None


class BaselineDecoder(nn.Module):
    """Two linear heads on the fused state (the paper's "Baseline"; docs/paper.md, reading 10)."""

    def __init__(self, models: int, width: int, classes: int, valence: bool):
        """Make the heads; without ``valence`` there is the emotion head alone."""
        super().__init__()
        self.emotion = StackedLinear(models, width, classes)
        self.valence = StackedLinear(models, width, 1) if valence else None

    def forward(self, hidden: Float[Tensor, "M batch width"]) -> Decoded:
        """Return class logits and, with valence, one number a clip."""
        valence = None if self.valence is None else self.valence(hidden).squeeze(-1)
        return Decoded(self.emotion(hidden), valence)
