"""The unimodal model of Figure 4: one feature, aligned, and two linear heads."""

from jaxtyping import Float
from torch import Tensor, nn

from merflow.training.decoders import BaselineDecoder
from merflow.training.modules import DimensionAlign
from merflow.training.network import AlignedNetwork

# One name for every layer, so that all start alike and drop the same units.
FEATURE = "layer"


class Alone(nn.Module):
    """No fusion: there is one state."""

    def forward(self, states: list[Float[Tensor, "M batch D"]]) -> Float[Tensor, "M batch D"]:
        """Return the state."""
        (state,) = states
        return state


def probe(models: int, dim: int, width: int, classes: int, valence: bool) -> AlignedNetwork:
    """Return a stack of probes of features of ``dim`` dimensions, aligned to ``width``."""
    decoder = BaselineDecoder(models, width, classes, valence)
    return AlignedNetwork({FEATURE: DimensionAlign(models, dim, width)}, Alone(), decoder)
