"""ResNet-50 trained on FER+ (``resnet50_ferplus_dag``), the paper's RF.

The network is the Caffe-style ResNet-50: the stride of a stage sits on the 1x1 *reduce* (and
*proj*) convolution of its first block, the first pooling has no padding and rounds up. It is
therefore not torchvision's ResNet-50. Parameter names are those of the public checkpoint.

Source: names and shapes of the public file; He et al., "Deep residual learning" (2016).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from merflow.encoders.registry import RESNET50_LAYERS
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

BLOCKS = {2: 3, 3: 4, 4: 6, 5: 3}  # bottlenecks of conv2_x .. conv5_x
MEAN = (131.0912, 103.8827, 91.4953)  # of R, G, B on 0..255
CLASSES = 8


class ResNet50FerPlus(nn.Module):
    """The network; ``width`` is the number of stem channels (64 in the public checkpoint)."""

    def __init__(self, width: int = 64, classes: int = CLASSES) -> None:
        """Build all layers, under the public checkpoint's names."""
        super().__init__()
        self._add("conv1_7x7_s2", 3, width, kernel=7, stride=2)
        channels = width
        for stage, blocks in BLOCKS.items():
            inner = width * 2 ** (stage - 2)
            outer = 4 * inner
            for block in range(1, blocks + 1):
                name = f"conv{stage}_{block}"
                stride = 2 if block == 1 and stage > 2 else 1
                self._add(f"{name}_1x1_reduce", channels, inner, stride=stride)
                self._add(f"{name}_3x3", inner, inner, kernel=3)
                self._add(f"{name}_1x1_increase", inner, outer)
                if block == 1:
                    self._add(f"{name}_1x1_proj", channels, outer, stride=stride)
                channels = outer
        self.classifier = nn.Conv2d(channels, classes, 1)

    def _add(self, name: str, inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> None:
        conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
        self.add_module(name, conv)
        self.add_module(f"{name}_bn", nn.BatchNorm2d(outputs))

    def _normed(self, name: str, x: Tensor) -> Tensor:
        """Convolve and normalise."""
        return self.get_submodule(f"{name}_bn")(self.get_submodule(name)(x))

    def forward(self, x: Float[Tensor, "batch 3 side side"]) -> dict[str, Float[Tensor, "batch _"]]:
        """Return one vector per layer: ``1``..``4``, ``pooling`` and ``conv5_3_3x3_relu``."""
        layers: dict[str, Tensor] = {}
        x = self._normed("conv1_7x7_s2", x).relu_()
        x = functional.max_pool2d(x, 3, stride=2, ceil_mode=True)
        narrow = x
        for stage, blocks in BLOCKS.items():
            for block in range(1, blocks + 1):
                name = f"conv{stage}_{block}"
                shortcut = self._normed(f"{name}_1x1_proj", x) if block == 1 else x
                narrow = self._normed(f"{name}_1x1_reduce", x).relu_()
                narrow = self._normed(f"{name}_3x3", narrow).relu_()
                x = self._normed(f"{name}_1x1_increase", narrow).add_(shortcut).relu_()
            layers[str(stage - 1)] = x.mean(dim=(2, 3))
        window = min(7, x.shape[2])  # 7 at 224 pixels; demo encoders are also taught at 112
        layers["pooling"] = functional.avg_pool2d(x, window, stride=1).flatten(1)
        layers["conv5_3_3x3_relu"] = narrow.mean(dim=(2, 3))
        return layers


def pictures(crops: Crops) -> Pictures:
    """Return crops with the shorter side resized to 256, their centre of 224 x 224."""
    height, width = crops.shape[1:3]
    shorter = min(height, width)
    new_height, new_width = 256 * height // shorter, 256 * width // shorter
    top, left = round((new_height - SIDE) / 2), round((new_width - SIDE) / 2)
    centre = slice(top, top + SIDE), slice(left, left + SIDE)
    return np.stack([resized(crop, new_height, new_width)[centre] for crop in crops])


def scaled(values: Planes) -> Planes:
    """Return R, G, B of 0..255 minus their mean.

    The organisers' code scales to 0..1 and back to 0..255, which cancels.
    """
    return values - torch.tensor(MEAN, device=values.device).view(1, 3, 1, 1)


pixels = Recipe(pictures, scaled)


def load(spec: Mapping[str, Any], path: Path) -> VisualEncoder:
    """Return the encoder with the weights of ``resnet50_ferplus_dag.pth`` or of the demo.

    Raises:
        MerflowError: See :func:`merflow.encoders.visual.load_network`.
    """
    network, digest = load_network(
        "resnet50_ferplus", ResNet50FerPlus, "conv1_7x7_s2.weight", spec, path
    )
    return VisualEncoder(network, pixels, list(RESNET50_LAYERS), digest, spec)
