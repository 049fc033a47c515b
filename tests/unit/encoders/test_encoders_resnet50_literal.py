"""ResNet-50 FER+ against a second, literal writing of the network from its description."""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, max_pool2d, pad

from merflow.encoders.folding import folded, use_onednn
from merflow.encoders.resnet50_ferplus import ResNet50FerPlus

# Block, and the stride of its reduce and proj convolutions.
BLOCKS = [
    ("conv2_1", 1), ("conv2_2", 1), ("conv2_3", 1),
    ("conv3_1", 2), ("conv3_2", 1), ("conv3_3", 1), ("conv3_4", 1),
    ("conv4_1", 2), ("conv4_2", 1), ("conv4_3", 1), ("conv4_4", 1), ("conv4_5", 1), ("conv4_6", 1),
    ("conv5_1", 2), ("conv5_2", 1), ("conv5_3", 1),
]  # fmt: skip
WITH_PROJECTION = {"conv2_1", "conv3_1", "conv4_1", "conv5_1"}
ENDS = {"conv2_3": "1", "conv3_4": "2", "conv4_6": "3", "conv5_3": "4"}


def norm(x: Tensor, state: Mapping[str, Tensor], name: str) -> Tensor:
    mean, variance, scale, shift = (
        state[f"{name}.{part}"].view(1, -1, 1, 1)
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / (variance + 1e-5).sqrt() * scale + shift


def conv(x: Tensor, state: Mapping[str, Tensor], name: str, stride: int, border: int) -> Tensor:
    y = conv2d(x, state[f"{name}.weight"], stride=stride, padding=border)
    return norm(y, state, f"{name}_bn")


def literal_forward(x: Tensor, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    layers = {}
    x = conv(x, state, "conv1_7x7_s2", 2, 3).clamp(min=0)
    # No padding, and rounding up: one more column and row than fit, which never win.
    x = max_pool2d(pad(x, (0, 1, 0, 1), value=float("-inf")), 3, 2)
    assert x.shape[2:] == (56, 56)
    for name, stride in BLOCKS:
        inner = conv(x, state, f"{name}_1x1_reduce", stride, 0).clamp(min=0)
        inner = conv(inner, state, f"{name}_3x3", 1, 1).clamp(min=0)
        outer = conv(inner, state, f"{name}_1x1_increase", 1, 0)
        if name in WITH_PROJECTION:
            x = conv(x, state, f"{name}_1x1_proj", stride, 0)
        x = (x + outer).clamp(min=0)
        if name in ENDS:
            layers[ENDS[name]] = x.flatten(2).mean(2)
    assert x.shape[2:] == (7, 7)
    layers["pooling"] = x.sum((2, 3)) / 49
    layers["conv5_3_3x3_relu"] = inner.flatten(2).mean(2)
    return layers


@pytest.mark.parametrize("width", [4, 12])
def test_every_layer_equals_the_literal_network(
    width: int, randomised: Callable[[torch.nn.Module], torch.nn.Module]
) -> None:
    network = randomised(ResNet50FerPlus(width))
    x = 50 * torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(1)).double()
    expected = literal_forward(x, network.state_dict())
    outputs = network(x)
    assert outputs.keys() == expected.keys()
    for layer, value in expected.items():
        torch.testing.assert_close(outputs[layer], value, rtol=1e-9, atol=1e-9)
    # In the precision that is used, and as it is used.
    used = folded(network.float())
    use_onednn(used)
    for single in (network(x.float()), used(x.float())):
        for layer, value in expected.items():
            assert (single[layer] - value).abs().max() < 1e-5 * value.abs().max()


def test_block_4_and_pooling_are_one_vector(
    randomised: Callable[[torch.nn.Module], torch.nn.Module],
) -> None:
    outputs = randomised(ResNet50FerPlus(4))(torch.rand(1, 3, 224, 224).double())
    torch.testing.assert_close(outputs["4"], outputs["pooling"])
