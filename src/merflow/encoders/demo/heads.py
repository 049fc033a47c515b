"""What actions are read with while a face network learns; thrown away afterwards."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

# The layer whose vector shall tell the actions, and modules whose inputs, maps in the middle of
# the network, are read with their places, by architecture.
LAST = {"resnet50_ferplus": "pooling", "manet": "block2"}
PLACES = {
    "resnet50_ferplus": ("conv4_1_1x1_reduce", "conv5_1_1x1_reduce", "conv5_3_1x1_reduce"),
    "manet": ("layer3_2", "layer4_2", "layer4_2.1"),
}
GRID = 7  # places a side that a map is read at


class ActionHeads(nn.Module):
    """Linear heads on the last layer's vector and on maps before it.

    With their places the actions are easily read, and what is learned so the last layer, which
    has lost the places, can use. Source: ours, after "Deeply-supervised nets" (Lee et al. 2015).
    """

    def __init__(self, network: nn.Module, kind: str, targets: int) -> None:
        """Attach to a network in training mode; all heads start at zero."""
        super().__init__()
        self._kind = kind
        self._maps: dict[str, Tensor] = {}
        self._hooks = [
            network.get_submodule(name).register_forward_pre_hook(self._keep(name))
            for name in PLACES[kind]
        ]
        with torch.no_grad():
            vector = network(torch.zeros(2, 3, 224, 224))[LAST[kind]]
        self.norm = nn.BatchNorm1d(vector.shape[1], affine=False, track_running_stats=False)
        self.last = nn.Linear(vector.shape[1], targets)
        self.maps = nn.ModuleList(
            nn.Linear(self._maps[name].shape[1] * GRID**2, targets) for name in PLACES[kind]
        )
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, outputs: dict[str, Tensor]) -> list[Float[Tensor, "batch targets"]]:
        """Return every head's guess, of what the network has just given."""
        vector = self.norm(outputs[LAST[self._kind]])
        guesses = [self.last(vector) / vector.shape[1] ** 0.5]
        for name, head in zip(PLACES[self._kind], self.maps, strict=True):
            guesses.append(head(functional.adaptive_avg_pool2d(self._maps[name], GRID).flatten(1)))
        return guesses

    def detach(self) -> None:
        """Leave the network as it was."""
        for hook in self._hooks:
            hook.remove()
        self._maps.clear()

    def _keep(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            self._maps[name] = inputs[0]

        return hook
