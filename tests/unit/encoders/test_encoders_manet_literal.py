"""MA-Net against a second, literal writing of the network from its description."""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, linear, max_pool2d

from merflow.encoders.folding import folded, use_onednn
from merflow.encoders.manet import MANet

State = Mapping[str, Tensor]


def norm(x: Tensor, state: State, name: str) -> Tensor:
    mean, variance, scale, shift = (
        state[f"{name}.{part}"].view(1, -1, 1, 1)
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / (variance + 1e-5).sqrt() * scale + shift


def conv(x: Tensor, state: State, conv_name: str, norm_name: str, stride: int = 1) -> Tensor:
    weight = state[f"{conv_name}.weight"]
    y = conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)
    return norm(y, state, norm_name)


def shortcut(x: Tensor, state: State, name: str, stride: int) -> Tensor:
    if f"{name}.downsample.0.weight" not in state:
        assert stride == 1
        return x
    return conv(x, state, f"{name}.downsample.0", f"{name}.downsample.1", stride)


def cbam(x: Tensor, state: State, name: str) -> Tensor:
    gate = f"{name}.ChannelGate.mlp"
    scores = 0
    for pooled in (x.flatten(2).mean(2), x.flatten(2).max(2).values):
        hidden = linear(pooled, state[f"{gate}.1.weight"], state[f"{gate}.1.bias"]).clamp(min=0)
        scores = scores + linear(hidden, state[f"{gate}.3.weight"], state[f"{gate}.3.bias"])
    x = x * (1 / (1 + (-scores).exp())).unsqueeze(2).unsqueeze(3)
    two = torch.stack([x.max(1).values, x.mean(1)], dim=1)
    spatial = f"{name}.SpatialGate.spatial"
    return x * (1 / (1 + (-conv(two, state, f"{spatial}.conv", f"{spatial}.bn")).exp()))


def basic(x: Tensor, state: State, name: str, stride: int, attention: bool = False) -> Tensor:
    y = conv(x, state, f"{name}.conv1", f"{name}.bn1", stride).clamp(min=0)
    y = conv(y, state, f"{name}.conv2", f"{name}.bn2")
    if attention:
        y = cbam(y, state, f"{name}.cbam")
    return (y + shortcut(x, state, name, stride)).clamp(min=0)


def multi_scale(x: Tensor, state: State, name: str, stride: int, order: int) -> Tensor:
    y = conv(x, state, f"{name}.conv1", f"{name}.bn1", stride).clamp(min=0)
    quarter = y.shape[1] // 4
    x1, x2, x3, x4 = y.split(quarter, dim=1)

    def step(chain: int, group: int, value: Tensor) -> Tensor:
        return conv(value, state, f"{name}.conv{chain}_2_{group}", f"{name}.bn{chain}_2_{group}")

    a1 = step(1, 1, x1)
    a2 = step(1, 2, x2 + a1.clamp(min=0))
    a3 = step(1, 3, x3 + a2.clamp(min=0))
    a4 = step(1, 4, x4 + a3.clamp(min=0))
    if order == 2021:
        b1 = step(2, 1, x1)
        b2 = step(2, 2, x2 + b1.clamp(min=0))
        b3 = step(2, 3, x3 + b2.clamp(min=0))
        b4 = step(2, 4, x4 + b3.clamp(min=0))
    else:
        b4 = step(2, 4, x4)
        b3 = step(2, 3, x3 + b4.clamp(min=0))
        b2 = step(2, 2, x2 + b3.clamp(min=0))
        b1 = step(2, 1, x1 + b2.clamp(min=0))
    y = torch.cat([a1 + b1, a2 + b2, a3 + b3, a4 + b4], dim=1)
    return (y + shortcut(x, state, name, stride)).clamp(min=0)


def literal_forward(x: Tensor, state: State, order: int) -> dict[str, Tensor]:
    x = max_pool2d(conv(x, state, "conv1", "bn1", 2).clamp(min=0), 3, 2, padding=1)
    stem = x
    x = basic(basic(x, state, "layer1.0", 1), state, "layer1.1", 1)
    layer1 = x
    x = basic(basic(x, state, "layer2.0", 2), state, "layer2.1", 1)
    assert x.shape[2:] == (28, 28)
    thirds = torch.zeros(len(x), 2 * x.shape[1], 14, 14, dtype=x.dtype)
    fourths = torch.zeros(len(x), 4 * x.shape[1], 14, 14, dtype=x.dtype)
    for patch, (top, left) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)], start=1):
        y = x[:, :, 14 * top : 14 * top + 14, 14 * left : 14 * left + 14]
        place = slice(7 * top, 7 * top + 7), slice(7 * left, 7 * left + 7)
        y = basic(y, state, f"layer3_1_p{patch}.0", 2, attention=True)
        y = basic(y, state, f"layer3_1_p{patch}.1", 1, attention=True)
        thirds[:, :, place[0], place[1]] = y
        y = basic(y, state, f"layer4_1_p{patch}.0", 1, attention=True)
        y = basic(y, state, f"layer4_1_p{patch}.1", 1, attention=True)
        fourths[:, :, place[0], place[1]] = y
    y = multi_scale(x, state, "layer3_2.0", 2, order)
    third = multi_scale(y, state, "layer3_2.1", 1, order)
    y = multi_scale(third, state, "layer4_2.0", 2, order)
    fourth = multi_scale(y, state, "layer4_2.1", 1, order)

    def mean(value: Tensor) -> Tensor:
        return value.flatten(2).mean(2)

    return {
        "stem": mean(stem),
        "layer1": mean(layer1),
        "layer2": mean(x),
        "block1": torch.cat([mean(thirds), mean(third)], 1),
        "block2": torch.cat([mean(fourths), mean(fourth)], 1),
        "block1_local": mean(thirds),
        "block1_global": mean(third),
        "block2_local": mean(fourths),
        "block2_global": mean(fourth),
    }


@pytest.mark.parametrize("order", [2021, 2023])
@pytest.mark.parametrize("width", [4, 12])
def test_every_layer_equals_the_literal_network(
    width: int, order: int, randomised: Callable[[torch.nn.Module], torch.nn.Module]
) -> None:
    network = randomised(MANet(width, order))
    x = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(1)).double()
    expected = literal_forward(x, network.state_dict(), order)
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


def test_forward_orders_differ_on_the_same_weights_in_the_global_branch_only(
    randomised: Callable[[torch.nn.Module], torch.nn.Module],
) -> None:
    old, new = randomised(MANet(4, 2021)), MANet(4, 2023).double().eval()
    new.load_state_dict(old.state_dict())
    x = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(1)).double()
    first, second = old(x), new(x)
    assert torch.equal(first["layer2"], second["layer2"])
    assert torch.equal(first["block2"][:, :32], second["block2"][:, :32])
    assert torch.equal(first["block1_local"], second["block1_local"])
    assert torch.equal(first["block2_local"], second["block2_local"])
    assert (first["block2_global"] - second["block2_global"]).abs().max() > 0.01
    assert (first["block1"][:, 16:] - second["block1"][:, 16:]).abs().max() > 0.01
