"""Networks with folded normalisations compute what they did."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from merflow.encoders.folding import folded, use_onednn
from merflow.encoders.manet import MANet
from merflow.encoders.resnet50_ferplus import ResNet50FerPlus

Fill = Callable[[nn.Module], nn.Module]


@pytest.mark.parametrize("network", [ResNet50FerPlus(8), MANet(8), MANet(12, 2023)])
def test_folding_changes_rounding_only_and_leaves_the_network(
    network: nn.Module, randomised: Fill
) -> None:
    network = randomised(network).float()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    x = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    plain = network(x)
    ready = folded(network)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in ready.modules())
    for layer, value in ready(x).items():
        assert (value - plain[layer]).norm() < 1e-5 * plain[layer].norm()
        assert torch.equal(network(x)[layer], plain[layer])
    assert before.keys() == network.state_dict().keys()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_convolutions_own_bias_is_folded_too(randomised: Fill) -> None:
    network = randomised(nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)))
    x = torch.rand(1, 2, 5, 5).double()
    torch.testing.assert_close(folded(network)(x), network(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("first", [nn.Linear(3, 3), nn.Conv2d(3, 6, 1)])
def test_a_normalisation_of_something_else_is_refused(first: nn.Module) -> None:
    with pytest.raises(ValueError, match="normalisation 1 stands behind no convolution"):
        folded(nn.Sequential(first, nn.BatchNorm2d(3)))


@pytest.mark.parametrize("stride", [1, 2])
def test_onednn_computes_the_same_convolution(stride: int, randomised: Fill) -> None:
    network = randomised(nn.Sequential(nn.Conv2d(4, 6, 1, stride), nn.Conv2d(6, 2, 3, padding=1)))
    x = torch.rand(2, 4, 9, 9).double()
    plain = network(x)
    use_onednn(network)
    torch.testing.assert_close(network(x), plain, rtol=1e-12, atol=1e-12)
    assert network[1].dilation == (1, 1)


def test_linear_maps_and_gates_stay_and_give_each_frame_its_own_bits(randomised: Fill) -> None:
    network = randomised(nn.Sequential(nn.Linear(49, 49), nn.Sigmoid())).float()
    x = torch.randn(8, 49, generator=torch.Generator().manual_seed(2))
    plain = network(x)
    use_onednn(network)
    values = network(x)
    torch.testing.assert_close(values, plain, rtol=1e-5, atol=1e-6)
    assert torch.equal(network(x.flip(0)), values.flip(0))
