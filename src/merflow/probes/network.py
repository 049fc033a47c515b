"""The unimodal model of Figure 4: one feature, aligned, and two linear heads."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from merflow.training.decoders import BaselineDecoder, Decoded
from merflow.training.modules import DimensionAlign


class Probe(nn.Module):
    """DA-Mat and the baseline decoder; the same random numbers for every layer."""

    def __init__(self, dim: int, width: int, dropout: float, classes: int, valence: bool):
        """Make the model of a feature of ``dim`` dimensions, aligned to ``width``."""
        super().__init__()
        self.align = DimensionAlign(dim, width, dropout)
        self.decoder = BaselineDecoder(width, classes, valence)

    def forward(self, features: Sequence[Float[Tensor, "batch dim"]]) -> Decoded:
        """Return logits and valence of a batch; there is one feature."""
        (feature,) = features
        return self.decoder(self.align(feature))
