"""The form that probes and fusion systems share: aligned features, a fusion, a decoder."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from jaxtyping import Float
from torch import Tensor, nn

from merflow.training.decoders import Decoded
from merflow.training.losses import Loss
from merflow.training.modules import DimensionAlign

States = Sequence[Float[Tensor, "M batch _"]]


class AlignedNetwork(nn.Module):
    """DA-Mat for each feature, then their fusion, then the decoder; for a stack of models.

    Attributes:
        align: By feature, in the order of the inputs.
    """

    def __init__(self, align: Mapping[str, DimensionAlign], fuse: nn.Module, decoder: nn.Module):
        """Join alignments by feature name, a fusion of their states and a decoder."""
        super().__init__()
        self.align = nn.ModuleDict(align)
        self.fuse = fuse
        self.decoder = decoder

    def forward(self, features: States, kept: States | None = None) -> Decoded:
        """Return logits and valence of a batch of each model; the reference of all training.

        Args:
            features: Standardised, in the order of the alignments.
            kept: Dropout of each feature, see :meth:`DimensionAlign.activate`.
        """
        projected = zip(self.alignments(), features, strict=True)
        return self.decode([align.project(feature) for align, feature in projected], kept)

    def decode(self, projected: States, kept: States | None = None) -> Decoded:
        """Return logits and valence from projected features: all but the products of DA-Mat."""
        masks = [None] * len(projected) if kept is None else kept
        aligned = zip(self.alignments(), projected, masks, strict=True)
        decoded: Decoded = self.decoder(
            self.fuse([align.activate(x, mask) for align, x, mask in aligned])
        )
        return decoded

    def alignments(self) -> list[DimensionAlign]:
        """Return DA-Mat of each feature, in order."""
        return [cast(DimensionAlign, align) for align in self.align.values()]


Build = Callable[[int], tuple[AlignedNetwork, Loss]]
"""Makes an untrained stack of so many models, and their loss."""
