"""MA-Net, global multi-scale and local attention features, the paper's MR.

A ResNet-18 trunk is followed by two branches. The local branch cuts the 28 x 28 map into four
patches, each with its own attention blocks (CBAM before the shortcut is added), and tiles them
back. The global branch has multi-scale blocks. Parameter names are those of the public checkpoint.

Source: Zhao, Liu, Wang, "Learning deep global multi-scale and local attention features for facial
expression recognition in the wild", IEEE TIP 30 (2021); Woo et al., "CBAM" (2018); names and
shapes of the public file. (The paper's reference [21] is another network called MANet.)
"""

import warnings
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from merflow.encoders.registry import MANET_LAYERS
from merflow.encoders.visual import (
    SIDE,
    Crops,
    Pictures,
    Planes,
    Recipe,
    VisualEncoder,
    load_network,
    resized,
)
from merflow.errors import MerflowError

CLASSES = 7
REDUCTION = 16  # of the channel attention
SCALES = 4  # groups of channels of a multi-scale block
FORWARD_ORDERS = (2021, 2023)

Map = Float[Tensor, "batch _channels _height _width"]


def _conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)


class Residual(nn.Module):
    """Shortcut plus a body; the shortcut is projected where size or channels change."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Build the first convolution and the shortcut."""
        super().__init__()
        self.conv1 = _conv3x3(inputs, outputs, stride)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def body(self, x: Map) -> Map:
        """Map the first convolution's output; defined by each kind of block."""
        raise NotImplementedError

    def forward(self, x: Map) -> Map:
        """Return relu(shortcut + body(relu(bn(conv(x)))))."""
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.body(self.bn1(self.conv1(x)).relu_()).add_(shortcut).relu_()


class BasicBlock(Residual):
    """The block of ResNet-18, in the trunk."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Add the second convolution."""
        super().__init__(inputs, outputs, stride)
        self.conv2 = _conv3x3(outputs, outputs)
        self.bn2 = nn.BatchNorm2d(outputs)

    def body(self, x: Map) -> Map:
        """Convolve and normalise."""
        return self.bn2(self.conv2(x))


class ChannelGate(nn.Module):
    """Weights channels by sigmoid(mlp(mean) + mlp(max))."""

    def __init__(self, channels: int) -> None:
        """Build the shared perceptron."""
        super().__init__()
        hidden = channels // REDUCTION
        self.mlp = nn.Sequential(
            nn.Flatten(), nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels)
        )
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Map) -> Map:
        """Return x times its channel weights."""
        scores = self.mlp(x.mean(dim=(2, 3))) + self.mlp(x.amax(dim=(2, 3)))
        return x * self.sigmoid(scores)[:, :, None, None]


class SpatialGate(nn.Module):
    """Weights places by sigmoid(bn(conv7x7([max over channels, mean over channels])))."""

    def __init__(self) -> None:
        """Build the 7 x 7 convolution."""
        super().__init__()
        conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.spatial = nn.Sequential(OrderedDict(conv=conv, bn=nn.BatchNorm2d(1)))
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Map) -> Map:
        """Return x times its spatial weights."""
        pooled = torch.cat([x.amax(dim=1, keepdim=True), x.mean(dim=1, keepdim=True)], dim=1)
        return x * self.sigmoid(self.spatial(pooled))


class AttentionBlock(BasicBlock):
    """A basic block whose body ends in CBAM, in the local branch."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Add the two gates."""
        super().__init__(inputs, outputs, stride)
        gates = OrderedDict(ChannelGate=ChannelGate(outputs), SpatialGate=SpatialGate())
        self.cbam = nn.Sequential(gates)

    def body(self, x: Map) -> Map:
        """Convolve, normalise, then weight channels and places."""
        return self.cbam(super().body(x))


class MultiScaleBlock(Residual):
    """Two chains of small convolutions over groups of channels, in the global branch.

    In each chain a group takes in what the group before it gave: y_k = bn(conv(relu(y_before) +
    x_k)); the chains' outputs are added. The first chain runs from group 1 to 4. The second runs
    1 to 4 in the code of 2021, of which the public checkpoint is, and 4 to 1 in that of 2023.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, forward_order: int = 2021) -> None:
        """Add the convolutions of both chains; ``forward_order`` is 2021 or 2023."""
        super().__init__(inputs, outputs, stride)
        self.forward_order = forward_order
        for chain in (1, 2):
            for group in range(1, SCALES + 1):
                width = outputs // SCALES
                self.add_module(f"conv{chain}_2_{group}", _conv3x3(width, width))
                self.add_module(f"bn{chain}_2_{group}", nn.BatchNorm2d(width))

    def body(self, x: Map) -> Map:
        """Return the sum of the two chains."""
        groups = x.chunk(SCALES, dim=1)
        upward = range(1, SCALES + 1)
        second = upward if self.forward_order == 2021 else reversed(upward)
        return self._chain(1, upward, groups) + self._chain(2, second, groups)

    def _chain(self, chain: int, order: Any, groups: tuple[Tensor, ...]) -> Tensor:
        outputs: dict[int, Tensor] = {}
        before = None
        for group in order:
            x = groups[group - 1]
            x = x if before is None else functional.relu(before) + x
            x = self.get_submodule(f"conv{chain}_2_{group}")(x)
            before = outputs[group] = self.get_submodule(f"bn{chain}_2_{group}")(x)
        return torch.cat([outputs[group] for group in sorted(outputs)], dim=1)


class MANet(nn.Module):
    """The network; ``width`` is the number of stem channels (64 in the public checkpoint)."""

    def __init__(self, width: int = 64, forward_order: int = 2021, classes: int = CLASSES) -> None:
        """Build all layers, under the public checkpoint's names."""
        super().__init__()
        w = width
        self.conv1 = nn.Conv2d(3, w, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(w)
        self.layer1 = nn.Sequential(BasicBlock(w, w, 1), BasicBlock(w, w, 1))
        self.layer2 = nn.Sequential(BasicBlock(w, 2 * w, 2), BasicBlock(2 * w, 2 * w, 1))
        for patch in range(1, 5):
            third = AttentionBlock(2 * w, 4 * w, 2), AttentionBlock(4 * w, 4 * w, 1)
            fourth = AttentionBlock(4 * w, 8 * w, 1), AttentionBlock(8 * w, 8 * w, 1)
            self.add_module(f"layer3_1_p{patch}", nn.Sequential(*third))
            self.add_module(f"layer4_1_p{patch}", nn.Sequential(*fourth))
        order = forward_order
        self.layer3_2 = nn.Sequential(
            MultiScaleBlock(2 * w, 4 * w, 2, order), MultiScaleBlock(4 * w, 4 * w, 1, order)
        )
        self.layer4_2 = nn.Sequential(
            MultiScaleBlock(4 * w, 8 * w, 2, order), MultiScaleBlock(8 * w, 8 * w, 1, order)
        )
        self.fc_1 = nn.Linear(8 * w, classes)
        self.fc_2 = nn.Linear(8 * w, classes)

    def forward(self, x: Float[Tensor, "batch 3 side side"]) -> dict[str, Float[Tensor, "batch _"]]:
        """Return one vector per layer, spatial means; blocks are [local branch, global branch]."""
        x = self.bn1(self.conv1(x)).relu_()
        stem = functional.max_pool2d(x, 3, stride=2, padding=1)
        first = self.layer1(stem)
        second = self.layer2(first)
        local3, local4 = self._local(second)
        global3 = self.layer3_2(second)
        global4 = self.layer4_2(global3)
        means = {
            "stem": [stem],
            "layer1": [first],
            "layer2": [second],
            "block1": [local3, global3],
            "block2": [local4, global4],
            "block1_local": [local3],
            "block1_global": [global3],
            "block2_local": [local4],
            "block2_global": [global4],
        }
        return {
            layer: torch.cat([part.mean(dim=(2, 3)) for part in parts], dim=1)
            for layer, parts in means.items()
        }

    def _local(self, x: Map) -> tuple[Map, Map]:
        """Return the outputs of layer3 and layer4 of the four patches, tiled back."""
        rows = [half.chunk(2, dim=3) for half in x.chunk(2, dim=2)]
        thirds, fourths = [], []
        for patch, cut in enumerate([rows[0][0], rows[0][1], rows[1][0], rows[1][1]], start=1):
            thirds.append(self.get_submodule(f"layer3_1_p{patch}")(cut))
            fourths.append(self.get_submodule(f"layer4_1_p{patch}")(thirds[-1]))
        return _tiled(thirds), _tiled(fourths)


def _tiled(patches: list[Tensor]) -> Tensor:
    return torch.cat([torch.cat(patches[:2], dim=3), torch.cat(patches[2:], dim=3)], dim=2)


def pictures(crops: Crops) -> Pictures:
    """Return crops resized to 224 x 224, whatever their shape."""
    return np.stack([resized(crop, SIDE, SIDE) for crop in crops])


def scaled(values: Planes) -> Planes:
    """Return R, G, B of 0..255 scaled to 0..1; there is no mean or deviation."""
    return values / 255


pixels = Recipe(pictures, scaled)


def load(spec: Mapping[str, Any], path: Path) -> VisualEncoder:
    """Return the encoder with the weights of MA-Net's RAF-DB checkpoint or of the demo.

    Raises:
        MerflowError: ``forward_order`` is unknown, or as in
            :func:`merflow.encoders.visual.load_network`.
    """
    order = spec.get("forward_order", 2021)
    if order not in FORWARD_ORDERS:
        raise MerflowError(f"manet has no forward_order {order}: use 2021 or 2023")
    if order != 2021:
        warnings.warn(
            f"forward_order {order} does not belong to the public MA-Net checkpoint (2021): "
            "it loads without error and gives other features",
            stacklevel=2,
        )
    network, digest = load_network(
        "manet", lambda width: MANet(width, order), "conv1.weight", spec, path
    )
    return VisualEncoder(network, pixels, list(MANET_LAYERS), digest, spec)
