"""Joint decoding of emotion and valence (JDEV), eqs. 5 to 8."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from merflow.training.decoders import Decoded
from merflow.training.modules import StackedLinear

BranchInput = Literal["probabilities", "logits"]


class JointDecoder(nn.Module):
    """Valence from the fused state and from the decided emotion.

    ``emotion`` is W_e, b_e; ``valence`` W_v, b_v; ``branch`` W_ev, b_ev; ``final`` W_vv, b_vv.
    The heads that the baseline decoder has too bear the same names, so that they start alike.
    Shapes are b_e in R^C and scalars else (docs/paper.md, reading 4); the branch sees the
    probabilities of eq. 5, whose gradient flows into the classifier, or the logits (reading 6).
    """

    def __init__(
        self, models: int, width: int, classes: int, branch_input: BranchInput = "probabilities"
    ):
        """Make the decoders of a state of ``width`` dimensions into ``classes`` emotions."""
        super().__init__()
        self.branch_input: BranchInput = branch_input
        self.emotion = StackedLinear(models, width, classes)
        self.valence = StackedLinear(models, width, 1)
        self.branch = StackedLinear(models, classes, 1)
        self.final = StackedLinear(models, 2, 1)

    def forward(self, hidden: Float[Tensor, "M batch width"]) -> Decoded:
        """Return e~ of eq. 5 and v^ of eq. 6."""
        logits = self.emotion(hidden)
        decided = torch.softmax(logits, dim=-1) if self.branch_input == "probabilities" else logits
        direct = self.valence(hidden)
        by_emotion = torch.tanh(self.branch(decided))
        return Decoded(logits, self.final(torch.cat([direct, by_emotion], dim=-1)).squeeze(-1))
