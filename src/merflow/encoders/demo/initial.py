"""The weights that a demo encoder starts from, drawn by name."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor, nn

from merflow import seeds

if TYPE_CHECKING:
    from transformers import HubertModel

HEADS = 4  # attention heads of the demo HuBERT
GROUPS = 16  # of its positional convolution, as in the public models
# The first convolution's normalisation adds 1e-5 to the variance. With outputs as small as that,
# loud and quiet samples stay apart, which it would otherwise make alike.
FIRST_SCALE = 0.002
FIRST = "feature_extractor.conv_layers.0.conv.weight"
CALIBRATION_IMAGES = 4


def build_hubert(width: int, layers: int) -> "HubertModel":
    """Return a HuBERT as chinese-hubert-large, but narrower and without dropout."""
    from merflow.encoders.speech import quiet  # before transformers: switches the network off

    quiet()
    from transformers import HubertConfig, HubertModel

    dropouts = ("hidden", "activation", "attention", "feat_proj", "final")
    config = HubertConfig(
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=HEADS,
        intermediate_size=4 * width,
        conv_dim=(width // 2,) * 7,
        conv_bias=False,
        feat_extract_norm="layer",
        feat_proj_layer_norm=True,
        do_stable_layer_norm=True,
        num_conv_pos_embedding_groups=GROUPS,
        apply_spec_augment=True,
        layerdrop=0.0,
        **{f"{name}_dropout": 0.0 for name in dropouts},
    )
    return HubertModel(config)


def initialise(network: nn.Module, seed: int, kind: str) -> None:
    """Draw every weight matrix with He's variance; vectors keep PyTorch's constants.

    HuBERT's convolutions also get drawn shifts, which a rectified signal shows its size against.
    """
    with torch.no_grad():
        for name, value in network.named_parameters():
            drawn = seeds.generator(seed, "demo-encoder", kind, name).standard_normal(value.shape)
            if value.ndim > 1:
                spread = np.sqrt(2.0 / value[0].numel())
                value.copy_(torch.from_numpy(drawn * spread))
            elif name.startswith("feature_extractor") and name.endswith("layer_norm.bias"):
                value.copy_(torch.from_numpy(0.3 * drawn))
            else:
                value.fill_(1.0 if _scales(network, name) else 0.0)
        if kind == "hubert":
            network.get_parameter(FIRST).mul_(FIRST_SCALE)
            # Weight normalisation: give the drawn weights back their length.
            length = "encoder.pos_conv_embed.conv.parametrizations.weight.original0"
            width = network.get_parameter("encoder.layer_norm.weight").numel()
            network.get_parameter(length).fill_(np.sqrt(width / 64))


def _scales(network: nn.Module, name: str) -> bool:
    """Tell whether a vector is the scale of a normalisation."""
    owner, _, last = name.rpartition(".")
    return last == "weight" and not isinstance(network.get_submodule(owner), nn.Linear)


def noise_images(seed: int, kind: str) -> UInt8[np.ndarray, "n 112 112 3"]:
    """Return smooth coloured noise, the sum of a coarse and a fine pattern."""
    images = []
    for index in range(CALIBRATION_IMAGES):
        draw = seeds.generator(seed, "demo-encoder", kind, "images", index)
        total = np.zeros((112, 112, 3))
        for side, share in ((4, 0.6), (28, 0.4)):
            noise = Image.fromarray(draw.integers(0, 256, (side, side, 3), dtype=np.uint8))
            total += share * np.asarray(noise.resize((112, 112), Image.Resampling.BICUBIC))
        images.append(total.round().clip(0, 255).astype(np.uint8))
    return np.stack(images)


def calibrate(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set the running statistics of every batch normalisation to the mean over some batches.

    They are rounded to eight bits of mantissa, so that the last bits of a sum, which depend on
    the processor, do not reach the file of an untrained network.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    network.train()
    with torch.no_grad():
        for pixels in batches:
            network(pixels)
    network.eval()
    for norm in norms:
        for name in ("running_mean", "running_var"):
            value = norm.get_buffer(name)
            value.copy_(value.bfloat16())
