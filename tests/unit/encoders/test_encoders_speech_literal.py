"""Speech networks against a second, literal writing from their descriptions, on the state alone."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from merflow.encoders.load import load

from transformers import (  # isort: skip
    Data2VecAudioConfig, Data2VecAudioModel, HubertConfig, HubertModel, Wav2Vec2Config,
    Wav2Vec2FeatureExtractor, Wav2Vec2Model, WavLMConfig, WavLMModel,
)  # fmt: skip

State = Mapping[str, Tensor]

CLASSES = {
    "hubert": (HubertConfig, HubertModel),
    "wav2vec2": (Wav2Vec2Config, Wav2Vec2Model),
    "wavlm": (WavLMConfig, WavLMModel),
    "data2vec_audio": (Data2VecAudioConfig, Data2VecAudioModel),
}
DIM, HEADS, LAYERS, GROUPS = 24, 3, 3, 4
SIZES = {
    "hidden_size": DIM,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": 40,
    "conv_dim": (8, 10, 12, 12, 10, 8, 14),
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": GROUPS,
    "initializer_range": 0.3,
}
LARGE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
BUCKETS, FARTHEST = 24, 20
WAVLM = {"num_buckets": BUCKETS, "max_bucket_distance": FARTHEST}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "hubert-large": ("hubert", {**LARGE, "conv_bias": True}),
    "hubert-base": ("hubert", {}),
    "hubert-plain-projection": ("hubert", {"feat_proj_layer_norm": False}),
    "hubert-post-norm": ("hubert", {"feat_extract_norm": "layer"}),
    "hubert-batch-norm": ("hubert", {**LARGE, "conv_pos_batch_norm": True}),
    "wav2vec2-large": ("wav2vec2", {**LARGE, "conv_bias": True}),
    "wav2vec2-base": ("wav2vec2", {}),
    "wav2vec2-odd-kernel": ("wav2vec2", {**LARGE, "num_conv_pos_embeddings": 15}),
    "wavlm-large": ("wavlm", {**LARGE, **WAVLM}),
    "wavlm-base": ("wavlm", WAVLM),
    "data2vec": ("data2vec_audio", {"num_conv_pos_embeddings": 3, "conv_pos_kernel_size": 7}),
}


def gelu(x: Tensor) -> Tensor:
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def linear(x: Tensor, state: State, name: str) -> Tensor:
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def standardised(x: Tensor, dim: int) -> Tensor:
    mean = x.mean(dim, keepdim=True)
    return (x - mean) / ((x - mean).square().mean(dim, keepdim=True) + 1e-5).sqrt()


def norm(x: Tensor, state: State, name: str) -> Tensor:
    """Normalise each frame over its channels; x: [frames, channels]."""
    return standardised(x, 1) * state[f"{name}.weight"] + state[f"{name}.bias"]


def convolve(x: Tensor, weight: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
    """x [frames, in], weight [out, in / groups, kernel] -> [frames, out]; one frame at a time."""
    kernel, each = weight.shape[2], len(weight) // groups
    frames = []
    for start in range(0, len(x) - kernel + 1, stride):
        seen = x[start : start + kernel].T.reshape(groups, -1)
        frames.append(torch.einsum("gi,goi->go", seen, weight.reshape(groups, each, -1)).flatten())
    return torch.stack(frames)


def front_end(x: Tensor, state: State, config: Any) -> Tensor:
    """The seven convolutions; "layer": every frame is normalised; "group": the first, over time."""
    by_layer = getattr(config, "feat_extract_norm", "layer") == "layer"
    x = x[:, None]
    for index, stride in enumerate(config.conv_stride):
        name = f"feature_extractor.conv_layers.{index}"
        x = convolve(x, state[f"{name}.conv.weight"], stride)
        if f"{name}.conv.bias" in state:
            x = x + state[f"{name}.conv.bias"]
        if by_layer:
            x = norm(x, state, f"{name}.layer_norm")
        elif index == 0:
            scale, shift = (state[f"{name}.layer_norm.{part}"] for part in ("weight", "bias"))
            x = standardised(x, 0) * scale + shift
        x = gelu(x)
    return x


def same(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Convolve within groups, with zeros around: as many frames come out as went in."""
    kernel = weight.shape[2]
    before = kernel // 2
    after = kernel - 1 - before
    around = torch.cat([x.new_zeros(before, DIM), x, x.new_zeros(after, DIM)])
    return convolve(around, weight, groups=GROUPS) + bias


def positions(x: Tensor, state: State, config: Any) -> Tensor:
    name = "encoder.pos_conv_embed"
    if config.model_type == "data2vec-audio":
        for index in range(config.num_conv_pos_embeddings):
            weight, bias = (state[f"{name}.layers.{index}.conv.{p}"] for p in ("weight", "bias"))
            x = gelu(standardised(same(x, weight, bias), 1))
        return x
    if getattr(config, "conv_pos_batch_norm", False):
        mean, var, scale, shift = (
            state[f"{name}.batch_norm.{part}"]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        x = (x - mean) / (var + 1e-5).sqrt() * scale + shift
        weight = state[f"{name}.conv.weight"]
    else:
        length, direction = (
            state[f"{name}.conv.parametrizations.weight.original{part}"] for part in (0, 1)
        )
        weight = length * direction / direction.square().sum((0, 1), keepdim=True).sqrt()
    return gelu(same(x, weight, state[f"{name}.conv.bias"]))


def bucket(distance: int) -> int:
    """Half of the buckets look back, half ahead; near ones are exact, far ones logarithmic."""
    half = BUCKETS // 2
    first = half if distance > 0 else 0
    away, exact = abs(distance), half // 2
    if away < exact:
        return first + away
    far = exact + math.log(away / exact) / math.log(FARTHEST / exact) * (half - exact)
    return first + min(int(far), half - 1)


def position_bias(x: Tensor, state: State, name: str, head: int) -> Tensor:
    """WavLM's bias: by distance, gated by what stands at the query; of one head."""
    table = state["encoder.layers.0.attention.rel_attn_embed.weight"][:, head]
    size = DIM // HEADS
    rows = []
    for query in range(len(x)):
        mine = x[query, head * size : (head + 1) * size]
        gates = linear(mine[None], state, f"{name}.gru_rel_pos_linear")[0]
        update, reset = (1 / (1 + math.exp(-float(part.sum()))) for part in (gates[:4], gates[4:]))
        constant = float(state[f"{name}.gru_rel_pos_const"][0, head, 0, 0])
        gate = update * (reset * constant - 1) + 2
        buckets = [bucket(key - query) for key in range(len(x))]
        rows.append(gate * table[buckets])
    return torch.stack(rows)


def attend(x: Tensor, state: State, name: str, gated: bool) -> Tensor:
    queries, keys, values = (linear(x, state, f"{name}.{part}_proj") for part in "qkv")
    size, heads = DIM // HEADS, []
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        scores = queries[:, part] @ keys[:, part].T / math.sqrt(size)
        if gated:
            scores = scores + position_bias(x, state, name, head)
        shares = (scores - scores.amax(1, keepdim=True)).exp()
        heads.append(shares / shares.sum(1, keepdim=True) @ values[:, part])
    return linear(torch.cat(heads, 1), state, f"{name}.out_proj")


def literal_states(samples: np.ndarray, state: State, config: Any) -> list[Tensor]:
    """All hidden states of one sound, float64 [frames, dim] each."""
    gated = config.model_type == "wavlm"
    stable = getattr(config, "do_stable_layer_norm", False)
    x = front_end(torch.from_numpy(samples).double(), state, config)
    if getattr(config, "feat_proj_layer_norm", True):
        x = norm(x, state, "feature_projection.layer_norm")
    x = linear(x, state, "feature_projection.projection")
    x = x + positions(x, state, config)
    if not stable:
        x = norm(x, state, "encoder.layer_norm")
    states = [x]
    for index in range(LAYERS):
        name = f"encoder.layers.{index}"
        y = norm(x, state, f"{name}.layer_norm") if stable else x
        x = x + attend(y, state, f"{name}.attention", gated)
        if not stable:
            x = norm(x, state, f"{name}.layer_norm")
        y = norm(x, state, f"{name}.final_layer_norm") if stable else x
        y = gelu(linear(y, state, f"{name}.feed_forward.intermediate_dense"))
        x = x + linear(y, state, f"{name}.feed_forward.output_dense")
        if not stable:
            x = norm(x, state, f"{name}.final_layer_norm")
        states.append(x)
    if stable:
        states[-1] = norm(x, state, "encoder.layer_norm")
    return states


def random_folder(case: str, folder: Path) -> tuple[str, dict[str, Tensor], Any]:
    """Write a small network with random weights; return architecture, state and settings."""
    architecture, extra = CASES[case]
    config_class, model_class = CLASSES[architecture]
    config = config_class(**{**SIZES, **extra})
    model = model_class(config)
    draw = torch.Generator().manual_seed(3)
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.copy_(0.5 + torch.rand(value.shape, generator=draw))
        elif value.is_floating_point():
            noise = torch.randn(value.shape, generator=draw)
            scale = name.endswith("norm.weight") or "original0" in name or "const" in name
            if scale:
                value.copy_(1 + 0.3 * noise)
            else:
                spread = 0.3 if value.ndim == 1 else value[0].numel() ** -0.5
                value.copy_(spread * noise if "rel_attn" not in name else noise)
    model.save_pretrained(folder)
    normalise = case != "hubert-base"
    Wav2Vec2FeatureExtractor(do_normalize=normalise).save_pretrained(folder)
    state = {name: value.double() for name, value in model.state_dict().items()}
    return architecture, state, config


@pytest.mark.parametrize("case", CASES)
def test_every_hidden_state_equals_the_literal_network(case: str, tmp_path: Path) -> None:
    architecture, state, config = random_folder(case, tmp_path)
    encoder = load(
        architecture, {"layers": LAYERS, "weights": "demo", "statistics": "mean_std"}, tmp_path
    )
    random = np.random.default_rng(4)
    clip = (0.3 + 0.1 * random.standard_normal(11_111)).astype(np.float32)
    samples = clip.astype(np.float64)
    if case != "hubert-base":
        samples = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
    expected = literal_states(samples, state, config)
    assert len(expected[0]) == 34 > FARTHEST
    prepared = encoder.prepare(clip)
    with torch.inference_mode():
        frames = encoder.hidden_states(prepared)
    [vectors] = encoder.encode_prepared([prepared])
    assert encoder.layers == list(vectors) == [str(index) for index in range(LAYERS + 1)]
    for layer, given, value in zip(encoder.layers, frames, expected, strict=True):
        size = float(value.abs().max())
        assert size > 0.1
        np.testing.assert_allclose(given[0], value, atol=1e-5 * max(1, size), rtol=0)
        moments = torch.cat([value.mean(0), value.std(0, correction=0)])
        np.testing.assert_allclose(vectors[layer], moments, atol=1e-5, rtol=1e-5)


def test_wavlms_buckets_are_all_used() -> None:
    used = {bucket(distance) for distance in range(-33, 34)}
    assert used == set(range(BUCKETS)) - {BUCKETS // 2}  # no distance is both ahead and zero
