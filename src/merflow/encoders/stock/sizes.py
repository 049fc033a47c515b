"""Dimensions of the layers and numbers of parameters, without any weights.

Speech networks are counted from their ``config.json``, because importing transformers takes
longer than everything else in the list together; face networks are built without numbers.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from merflow.encoders.registry import Spec, kind_of

# What the configurations of the speech networks leave out if it is as usual.
USUAL: dict[str, Any] = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "conv_dim": (512,) * 7,
    "conv_kernel": (10, 3, 3, 3, 3, 2, 2),
    "conv_bias": False,
    "feat_extract_norm": "group",
    "feat_proj_layer_norm": True,
    "num_conv_pos_embedding_groups": 16,
    "conv_pos_kernel_size": 19,
    "num_buckets": 320,
    "mask_time_prob": 0.05,
    "mask_feature_prob": 0.0,
}
SIDE = 112  # pixels: half the usual side, as only shapes are wanted
GATE = 8  # outputs of WavLM's gate of relative positions, of each head


@dataclass(frozen=True)
class Size:
    """How large an encoder is.

    Attributes:
        dims: Layer -> length of its vector.
        parameters: How many there are; 0 for an encoder without weights.
    """

    dims: dict[str, int]
    parameters: int


def speech_size(architecture: str, config: Mapping[str, Any]) -> Size:
    """Return the size of a speech network.

    Args:
        architecture: ``hubert``, ``wav2vec2``, ``wavlm`` or ``data2vec_audio``.
        config: Its ``config.json``; what is missing there has the usual value.

    Raises:
        TypeError, ValueError: The configuration holds something else than such sizes.
    """
    sizes = {**USUAL, **config}
    hidden, layers = int(sizes["hidden_size"]), int(sizes["num_hidden_layers"])
    total = _convolutions(architecture, sizes) + _projection(architecture, sizes)
    total += _positions(architecture, sizes) + 2 * hidden + layers * _layer(architecture, sizes)
    if architecture == "wavlm":
        total += int(sizes["num_buckets"]) * int(sizes["num_attention_heads"])
    if sizes["mask_time_prob"] > 0 or sizes["mask_feature_prob"] > 0:
        total += hidden  # the vector that stands for masked frames
    return Size({str(layer): hidden for layer in range(layers + 1)}, total)


def _convolutions(architecture: str, sizes: Mapping[str, Any]) -> int:
    total, inputs = 0, 1
    every = architecture == "data2vec_audio" or sizes["feat_extract_norm"] == "layer"
    pairs = zip(sizes["conv_dim"], sizes["conv_kernel"], strict=True)
    for index, (outputs, kernel) in enumerate(pairs):
        total += inputs * outputs * kernel + (outputs if sizes["conv_bias"] else 0)
        total += 2 * outputs if every or index == 0 else 0
        inputs = outputs
    return total


def _projection(architecture: str, sizes: Mapping[str, Any]) -> int:
    inputs, hidden = sizes["conv_dim"][-1], sizes["hidden_size"]
    normed = architecture != "hubert" or sizes["feat_proj_layer_norm"]
    return inputs * hidden + hidden + (2 * inputs if normed else 0)


def _positions(architecture: str, sizes: Mapping[str, Any]) -> int:
    """Count the convolutions that tell positions: one with normed weights, or data2vec's few."""
    hidden = sizes["hidden_size"]
    a_step = hidden * (hidden // sizes["num_conv_pos_embedding_groups"])
    if architecture == "data2vec_audio":
        count = sizes.get("num_conv_pos_embeddings", 5)
        return count * (a_step * sizes["conv_pos_kernel_size"] + hidden)
    kernel = sizes.get("num_conv_pos_embeddings", 128)
    return a_step * kernel + kernel + hidden


def _layer(architecture: str, sizes: Mapping[str, Any]) -> int:
    hidden, inner = sizes["hidden_size"], sizes["intermediate_size"]
    total = 4 * (hidden * hidden + hidden) + 4 * hidden + 2 * hidden * inner + inner + hidden
    if architecture == "wavlm":
        heads = sizes["num_attention_heads"]
        total += GATE * (hidden // heads) + GATE + heads
    return total


def face_network(architecture: str) -> Any:
    """Return the class of a face network; it takes the width, by default the public one."""
    module = importlib.import_module(f"merflow.encoders.{architecture}")
    return getattr(module, {"resnet50_ferplus": "ResNet50FerPlus", "manet": "MANet"}[architecture])


def face_size(architecture: str, width: int) -> Size:
    """Return the size of a face network of a given width, from the shapes of one pass."""
    import torch

    with torch.device("meta"):
        built = face_network(architecture)(width).eval()
    # Memory that nobody filled: a first pass on the meta device itself would take a second more.
    built.to_empty(device="cpu")
    with torch.inference_mode():
        outputs = built(torch.zeros(1, 3, SIDE, SIDE))
    dims = {layer: value.shape[1] for layer, value in outputs.items()}
    return Size(dims, sum(value.numel() for value in built.parameters()))


def untrained_size(spec: Spec) -> Size:
    """Return the size of an encoder without weights, by encoding half a second of noise.

    Raises:
        MerflowError, ImportError: It cannot be used here.
    """
    import numpy as np

    from merflow.encoders.load import load

    kind = kind_of(spec)
    noise = np.random.default_rng(0)
    given = (
        noise.standard_normal(8_000).astype(np.float32) / 10
        if kind.modality == "audio"
        else noise.integers(0, 256, (1, 112, 112, 3), dtype=np.uint8)
    )
    [vectors] = load(kind.name, spec, None).encode([given])
    return Size({layer: len(vector) for layer, vector in vectors.items()}, 0)
