"""A network made ready for inference: normalisations folded, the faster library chosen."""

from copy import deepcopy
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

REGISTERS = 64  # values of any type that fill whole vector registers on every processor


def folded(network: nn.Module) -> nn.Module:
    """Return a copy in which every batch normalisation is part of the convolution before it.

    The convolution's weights take the normalisation's scale, its bias the shift; both are computed
    in float64. Outputs differ from the network's own by rounding.

    Args:
        network: In eval mode; every normalisation stands right behind its convolution in the order
            of registration. It stays as it is.

    Raises:
        ValueError: A normalisation stands behind something else.
    """
    copy = deepcopy(network)
    leaves = [(name, part) for name, part in copy.named_modules() if not list(part.children())]
    for (_, before), (name, part) in pairwise(leaves):
        if isinstance(part, nn.BatchNorm2d):
            if not isinstance(before, nn.Conv2d) or before.out_channels != part.num_features:
                raise ValueError(f"the normalisation {name} stands behind no convolution")
            _fold(before, part)
            copy.set_submodule(name, nn.Identity())
    return copy


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    mean, variance = (norm.get_buffer(f"running_{name}").double() for name in ("mean", "var"))
    scale = norm.weight.double() / (variance + norm.eps).sqrt()
    bias = 0 if conv.bias is None else conv.bias.double()
    shift = norm.bias.double() + (bias - mean) * scale
    weight = conv.weight.double() * scale[:, None, None, None]
    conv.weight, conv.bias = _frozen(weight, conv.weight), _frozen(shift, conv.weight)


def _frozen(value: Tensor, like: Tensor) -> nn.Parameter:
    return nn.Parameter(value.to(like.dtype), requires_grad=False)


class Rowwise(nn.Module):
    """A linear map as a convolution of single pixels, which treats every row alike.

    A product of matrices on a CPU may sum a row in another order where it lies elsewhere.
    """

    def __init__(self, linear: nn.Linear) -> None:
        """Take over the weights."""
        super().__init__()
        self.conv = nn.Conv2d(linear.in_features, linear.out_features, 1)
        self.conv.weight = _frozen(linear.weight[:, :, None, None], linear.weight)
        self.conv.bias = _frozen(linear.bias, linear.weight)

    def forward(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
        """Return x times the weights, plus the bias."""
        return self.conv(x[:, :, None, None]).flatten(1)


class FramewiseSigmoid(nn.Module):
    """The logistic function, to the bit the same wherever a value stands.

    PyTorch computes the last values of a tensor, those that fill no register, in another way; so
    every frame is filled up to whole registers.
    """

    def forward(self, x: Float[Tensor, "batch *rest"]) -> Float[Tensor, "batch *rest"]:
        """Return 1 / (1 + exp(-x))."""
        flat = x.flatten(1)
        filled = functional.pad(flat, (0, -flat.shape[1] % REGISTERS))
        return torch.sigmoid(filled)[:, : flat.shape[1]].reshape(x.shape)


def use_onednn(network: nn.Module) -> None:
    """Change a network in place so that on a CPU it is fast, and a frame's place has no part.

    oneDNN computes linear maps and convolutions with 1 x 1 kernels, in any batch. With one thread
    and fewer than 16 frames PyTorch takes such convolutions elsewhere, which is slower. It sends
    dilated ones to oneDNN, and one pixel has nothing to spread.
    """
    for name, part in list(network.named_modules()):
        if isinstance(part, nn.Linear):
            network.set_submodule(name, Rowwise(part))
        elif isinstance(part, nn.Sigmoid):
            network.set_submodule(name, FramewiseSigmoid())
    for part in network.modules():
        if isinstance(part, nn.Conv2d) and part.kernel_size == (1, 1):
            part.dilation = (2, 2)
