"""Speech in batches, in windows, in company and in half precision."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from merflow.encoders import speech
from merflow.encoders.load import load
from merflow.encoders.speech import (
    PADDED_S,
    RATE,
    WINDOW_S,
    SpeechEncoder,
    batches,
    frames_of,
    may_be_padded,
    windows,
)
from merflow.errors import MerflowError

import transformers  # isort: skip

Make = Callable[[int], np.ndarray]

STEMS = {
    "hubert": "Hubert",
    "wav2vec2": "Wav2Vec2",
    "wavlm": "WavLM",
    "data2vec_audio": "Data2VecAudio",
}
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "initializer_range": 0.3,
}
LAYER, STABLE = {"feat_extract_norm": "layer"}, {"do_stable_layer_norm": True}
PADDED: list[tuple[str, dict[str, Any]]] = [
    ("hubert", {**LAYER, **STABLE}),
    ("hubert", {**LAYER, "conv_bias": True}),
    ("wav2vec2", {**LAYER, **STABLE, "conv_bias": True}),
    ("wav2vec2", LAYER),
    ("wavlm", {**LAYER, **STABLE}),
    ("wavlm", {**LAYER, "conv_bias": True}),
]
ALONE: list[tuple[str, dict[str, Any]]] = [
    ("hubert", {}),
    ("hubert", {**LAYER, **STABLE, "conv_pos_batch_norm": True}),
    ("wav2vec2", {}),
    ("wavlm", {}),
    ("data2vec_audio", {"num_conv_pos_embeddings": 3, "conv_pos_kernel_size": 7}),
]
LENGTHS = [round(s * RATE) for s in (0.05, 20, 0.31, 1.0, 7.77, 0.025, 3.2, 1.0, 0.07, 12.3)]


@pytest.fixture
def encoder(tmp_path: Path) -> Callable[..., SpeechEncoder]:
    """Make a small random network."""

    def make(
        case: tuple[str, dict[str, Any]], batched: bool | None = None, **spec: Any
    ) -> SpeechEncoder:
        architecture, settings = case
        config_class = getattr(transformers, f"{STEMS[architecture]}Config")
        torch.manual_seed(9)
        model = getattr(transformers, f"{STEMS[architecture]}Model")(
            config_class(**{**SIZES, **settings})
        )
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.data += 0.3 * torch.randn(parameter.shape)
        model.save_pretrained(tmp_path)
        transformers.Wav2Vec2FeatureExtractor().save_pretrained(tmp_path)
        loaded = load(architecture, {"layers": 2, "weights": "demo", **spec}, tmp_path)
        assert isinstance(loaded, SpeechEncoder)
        if batched is None:
            return loaded
        settings = {"precision": spec.get("precision", "float32"), "batched": batched}
        return SpeechEncoder(
            loaded._model, loaded._preprocessor, "0" * 64, deviation=True, **settings
        )

    return make


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Record the lengths of the sounds that go through the network together."""
    seen: list[list[int]] = []
    plain = SpeechEncoder.hidden_states

    def record(self: SpeechEncoder, sounds: Sequence[np.ndarray]) -> list[torch.Tensor]:
        seen.append([len(sound) for sound in sounds])
        return plain(self, sounds)

    monkeypatch.setattr(SpeechEncoder, "hidden_states", record)
    return seen


@pytest.mark.parametrize("case", PADDED, ids=str)
def test_padded_batches_equal_single_clips(
    case: tuple[str, dict[str, Any]],
    encoder: Callable[..., SpeechEncoder],
    sound: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together = encoder(case, batched=True)
    assert may_be_padded(together._model.config)
    clips = [sound(length) for length in LENGTHS]
    seen = recorded(monkeypatch)
    given = together.encode(clips)
    assert seen == [sorted(LENGTHS, reverse=True)]
    worst = 0.0
    for clip, vectors in zip(clips, given, strict=True):
        [single] = together.encode([clip])
        for layer, vector in single.items():
            assert vector.shape == (2 * 16,)
            worst = max(worst, float(np.abs(vector - vectors[layer]).max()))
    assert 0 < worst < 1e-4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is there")
@pytest.mark.parametrize("case", [*PADDED, *ALONE], ids=str)
def test_on_a_gpu_company_changes_no_more_than_rounding(
    case: tuple[str, dict[str, Any]], encoder: Callable[..., SpeechEncoder], sound: Make
) -> None:
    network = encoder(case, device="cuda", statistics="mean_std")
    clips = [sound(length) for length in LENGTHS]
    for clip, vectors in zip(clips, network.encode(clips), strict=True):
        for layer, vector in network.encode([clip])[0].items():
            np.testing.assert_allclose(vectors[layer], vector, rtol=0, atol=1e-4)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_networks_that_see_padding_are_never_padded(
    case: tuple[str, dict[str, Any]],
    encoder: Callable[..., SpeechEncoder],
    sound: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = encoder(case, batched=True)
    assert not may_be_padded(network._model.config)
    clips = [sound(length) for length in (4_000, 9_000, 4_000, 16_000)]
    seen = recorded(monkeypatch)
    given = network.encode(clips)
    assert seen == [[16_000], [9_000], [4_000, 4_000]]
    for clip, vectors in zip(clips, given, strict=True):
        for layer, vector in network.encode([clip])[0].items():
            np.testing.assert_allclose(vectors[layer], vector, atol=1e-5)
    # Padded, they would indeed give something else.
    short, long = clips[:2]
    with torch.inference_mode():
        alone = network.hidden_states([short])[-1][0]
        padded = network.hidden_states([short, long])[-1][0, : len(alone)]
    assert (alone - padded).abs().max() > 1e-3


@pytest.mark.parametrize("case", [*PADDED, *ALONE], ids=str)
def test_on_a_cpu_company_changes_no_bit(
    case: tuple[str, dict[str, Any]],
    encoder: Callable[..., SpeechEncoder],
    sound: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = encoder(case, statistics="mean_std")
    clips = [sound(length) for length in (5_000, 400, 12_345, 5_000, 0)]
    alone = [network.encode([clip])[0] for clip in clips]
    seen = recorded(monkeypatch)
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        given = network.encode([clips[index] for index in order])
        for index, vectors in zip(order, given, strict=True):
            for layer, vector in alone[index].items():
                np.testing.assert_array_equal(vectors[layer], vector)
    assert all(len(lengths) == 1 for lengths in seen)


def test_preparing_in_threads_changes_nothing(
    encoder: Callable[..., SpeechEncoder], sound: Make
) -> None:
    network = encoder(PADDED[0])
    clips = [sound(500 * index) for index in range(40)]
    for clip in clips:
        clip.flags.writeable = False
    expected = [network.prepare(clip) for clip in clips]
    with ThreadPoolExecutor(4) as threads:
        for given, wanted in zip(threads.map(network.prepare, clips), expected, strict=True):
            assert len(given) == len(wanted) == 1
            assert given[0].dtype == np.float32
            np.testing.assert_array_equal(given[0], wanted[0])


@pytest.mark.parametrize(
    "samples",
    [1, 400, 60 * RATE - 1, 60 * RATE, 60 * RATE + 1, 120 * RATE + 1, 1800 * RATE, 1800 * RATE + 7],
)
def test_windows_are_the_fewest_and_equal(samples: int) -> None:
    clip = np.arange(samples, dtype=np.float32)
    cut = windows(clip)
    sizes = [len(window) for window in cut]
    assert len(cut) == -(-samples // (WINDOW_S * RATE))
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= WINDOW_S * RATE
    assert len(cut) == 1 or min(sizes) >= WINDOW_S * RATE // 2  # far above one frame
    np.testing.assert_array_equal(np.concatenate(cut), clip)


@pytest.mark.parametrize("batched", [False, True])
def test_long_clips_are_cut_and_all_frames_count(
    batched: bool,
    encoder: Callable[..., SpeechEncoder],
    sound: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = encoder(PADDED[0], batched=batched)
    clip = sound(131 * RATE) + np.linspace(0, 1, 131 * RATE, dtype=np.float32)
    normalised = (clip - clip.mean()) / np.sqrt(clip.var() + 1e-7)
    with torch.inference_mode():
        pieces = [network.hidden_states([piece]) for piece in np.array_split(normalised, 3)]
    seen = recorded(monkeypatch)
    [vectors] = network.encode([clip])
    assert max(max(lengths) for lengths in seen) <= 60 * RATE
    assert sum(len(lengths) for lengths in seen) == 3
    for index, layer in enumerate(network.layers):
        frames = torch.cat([states[index][0].double() for states in pieces])
        assert len(frames) > 131 * 49
        wanted = torch.cat([frames.mean(0), frames.std(0, correction=0)])
        np.testing.assert_allclose(vectors[layer], wanted, atol=2e-6, rtol=1e-5)


def test_batches_hold_every_sound_once_within_the_limit() -> None:
    random = np.random.default_rng(2)
    lengths = [int(n) for n in random.integers(400, 60 * RATE, 200)] + [8_000] * 50
    for padded in (True, False):
        made = batches(lengths, padded)
        assert sorted(index for batch in made for index in batch) == list(range(250))
        for batch in made:
            sizes = [lengths[index] for index in batch]
            assert len(sizes) == 1 or len(sizes) * max(sizes) <= PADDED_S * RATE
            assert padded or len(set(sizes)) == 1
    assert len(batches(lengths, True)) < len(lengths) / 4
    assert batches([], True) == []
    assert batches([PADDED_S * RATE + 5] * 2, True) == [[0], [1]]


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("case", [PADDED[0], PADDED[3], PADDED[4], ALONE[4]], ids=str)
def test_half_precision_is_near(
    case: tuple[str, dict[str, Any]],
    precision: str,
    batched: bool,
    encoder: Callable[..., SpeechEncoder],
    sound: Make,
) -> None:
    # A normalisation over a few channels alone would make much of a rounding.
    case = (case[0], {**case[1], "conv_dim": (64,) * 7})
    clips = [sound(9_000), sound(9_000), sound(4_000)]
    full = encoder(case, batched=False).encode(clips)
    network = encoder(case, batched=batched, precision=precision)
    widened = "encoder.pos_conv_embed"
    assert {
        value.dtype
        for name, value in network._model.named_parameters()
        if not name.startswith(widened)
    } == {getattr(torch, precision)}
    unit = {"bfloat16": 2**-8, "float16": 2**-11}[precision]
    for vectors, wanted in zip(network.encode(clips), full, strict=True):
        for layer, vector in wanted.items():
            assert vectors[layer].dtype == np.float32
            error = np.abs(vectors[layer] - vector).max()
            assert 0 < error < 20 * unit * np.abs(vector).max()


def test_infinity_from_float16_advises_bfloat16(
    encoder: Callable[..., SpeechEncoder], sound: Make
) -> None:
    for precision, told in (("float16", "bfloat16"), ("float32", "weight file or the clip")):
        network = encoder(PADDED[0], precision=precision)
        network._model.encoder.layers[0].feed_forward.output_dense.bias.fill_(torch.inf)
        with pytest.raises(MerflowError, match=rf"layer 1 .* infinity or NaN: .*{told}"):
            network.encode([sound(2_000)])


def test_unknown_precisions_and_devices_are_told(encoder: Callable[..., SpeechEncoder]) -> None:
    with pytest.raises(MerflowError, match=r"precision 'int8' is unknown.*bfloat16"):
        encoder(PADDED[0], precision="int8")
    with pytest.raises(MerflowError, match="no device: use cpu or cuda"):
        encoder(PADDED[0], device="abacus")


def test_frames_are_those_of_the_network(encoder: Callable[..., SpeechEncoder]) -> None:
    network = encoder(PADDED[1])
    for samples in (400, 719, 720, 5_000, 16_000):
        with torch.inference_mode():
            states = network.hidden_states([np.ones(samples, np.float32)])
        assert states[0].shape[1] == frames_of(samples, network._model.config)
    assert speech.receptive_field(network._model.config) == 400
