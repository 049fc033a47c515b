"""Speech networks of Hugging Face: HuBERT (the paper's HL), wav2vec 2.0, WavLM, data2vec-audio.

HL(i) is the network's i-th hidden state: 0 is the input of the first transformer layer, i the
output of layer i, and the last one has passed the final layer normalisation where the model has
one at its end (``do_stable_layer_norm``). Recent transformers give the last hidden state without
that normalisation, older ones with it; it is taken from ``last_hidden_state``, which all agree
on. Elsewhere the two are one. The adapter behind some encoders is left out.
"""

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

# Before transformers is imported: nothing may be looked up on the network.
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import transformers
from jaxtyping import Float, Float32
from torch import Tensor
from transformers import PretrainedConfig, PreTrainedModel, Wav2Vec2FeatureExtractor

from merflow.encoders.device import FLOAT16_ENDS, device_of, precision_of, widen_small_groups
from merflow.encoders.encoder import Encoder, Vectors
from merflow.encoders.moments import Moments, with_deviation
from merflow.encoders.registry import layers_of
from merflow.encoders.speech_folder import (
    RATE,
    read_config,
    read_model,
    read_preprocessor,
    recipe_of_folder,
)
from merflow.errors import MerflowError

WINDOW_S = 60  # ours; longer than any clip of MER2023 (46.7 s)
PADDED_S = 320  # sound in one batch, the padding included
CHUNK = 512  # frames that are widened to float64 together

Sound = Float32[np.ndarray, "_samples"]


class SpeechEncoder(Encoder):
    """A speech network with its own preprocessor; a clip's vector is taken over its frames.

    A clip longer than ``WINDOW_S`` is normalised as a whole and cut into the fewest equal windows
    that are not longer; each is encoded alone, and the statistics are over all their frames.

    On a GPU, sounds of like length go through the network together: padded to the longest, at most
    ``PADDED_S`` of them, with attention masks, and each clip's frames alone are counted. Where a
    result would depend on the padding (:func:`may_be_padded`), only sounds of equal length go
    together. On a CPU every sound goes alone.
    """

    modality: Literal["audio"] = "audio"

    def __init__(
        self,
        model: PreTrainedModel,
        preprocessor: Wav2Vec2FeatureExtractor,
        digest: str,
        device: str = "cpu",
        precision: str = "float32",
        deviation: bool = False,
        batched: bool | None = None,
        recipe: str | None = None,
    ) -> None:
        """Put the model on its device.

        Args:
            model: The bare encoder, in eval mode.
            preprocessor: Normalises a sound, or not.
            digest: Hex sha256 of the weight file.
            device: Where the network runs.
            precision: Of weights and activations.
            deviation: Append the standard deviation over the frames.
            batched: Whether sounds go together; on a GPU if not said.
            recipe: Digest of the weights and of the settings files beside them; by default that
                of the weights.
        """
        self.digest = digest
        self._recipe = recipe or digest
        self.layers = [str(index) for index in range(model.config.num_hidden_layers + 1)]
        self._device = device_of(device)
        self._dtype = precision_of(precision)
        if precision == "float16":
            self.if_infinite = FLOAT16_ENDS
        self._model = model.to(device=self._device, dtype=self._dtype)
        if self._device.type == "cpu" and precision == "bfloat16":
            widen_small_groups(self._model)
        self._preprocessor = preprocessor
        self._deviation = deviation
        self._batched = self._device.type == "cuda" if batched is None else batched

    @property
    def recipe_digest(self) -> str:
        """Digest of the weight file, ``config.json`` and ``preprocessor_config.json``."""
        return self._recipe

    def prepare(self, clip: Sound) -> list[Sound]:
        """Return the windows of a normalised clip, each long enough for one frame.

        A clip shorter than the receptive field is padded with zeros.
        """
        shortest = receptive_field(self._model.config)
        if len(clip) == 0:  # nothing to take a mean and variance of
            return [np.zeros(shortest, np.float32)]
        prepared = self._preprocessor(clip, sampling_rate=RATE, return_tensors="np")
        samples = prepared["input_values"][0].astype(np.float32, copy=False)
        return windows(np.pad(samples, (0, max(0, shortest - len(samples)))))

    def encode_prepared(self, prepared: Sequence[list[Sound]]) -> list[Vectors]:
        """Return, for each clip, the statistics over its frames of every hidden state."""
        sounds = [sound for clip in prepared for sound in clip]
        owners = [number for number, clip in enumerate(prepared) for _ in clip]
        moments = [Moments(self._deviation) for _ in prepared]
        with torch.inference_mode():
            for batch in self._batches([len(sound) for sound in sounds]):
                states = self.hidden_states([sounds[index] for index in batch])
                for row, index in enumerate(batch):
                    frames = frames_of(len(sounds[index]), self._model.config)
                    for start in range(0, frames, CHUNK):
                        stop = min(start + CHUNK, frames)
                        # Layers side by side: one copy to the host for each clip, not layer.
                        side = torch.cat([state[row, start:stop] for state in states], dim=1)
                        moments[owners[index]].add(side)
            return [self._by_layer(clip.vector()) for clip in moments]

    def hidden_states(self, sounds: Sequence[Sound]) -> list[Float[Tensor, "batch frames dim"]]:
        """Return all hidden states of normalised sounds, padded to the longest of them."""
        lengths = [len(sound) for sound in sounds]
        longest = max(lengths)
        rows = torch.zeros(len(sounds), longest, pin_memory=self._device.type == "cuda")
        for row, sound in zip(rows.numpy(), sounds, strict=True):
            row[: len(sound)] = sound
        mask = None
        if min(lengths) < longest:
            ends = torch.tensor(lengths, device=self._device)
            mask = torch.arange(longest, device=self._device) < ends[:, None]
        outputs = self._model(
            rows.to(self._device, non_blocking=True).to(self._dtype),
            attention_mask=mask,
            output_hidden_states=True,
            return_dict=True,
        )
        return [*outputs.hidden_states[:-1], outputs.last_hidden_state]

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        if self._batched:
            return batches(lengths, may_be_padded(self._model.config))
        return [[index] for index in range(len(lengths))]

    def _by_layer(self, vector: Float32[np.ndarray, "_all"]) -> Vectors:
        """Return the vectors of layers that lie side by side, statistic after statistic."""
        statistics = vector.reshape(2 if self._deviation else 1, len(self.layers), -1)
        return {layer: statistics[:, index].ravel() for index, layer in enumerate(self.layers)}


def quiet() -> None:
    """Keep transformers from printing reports and progress bars; errors are told by merflow."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    # Of WavLM with padded sounds: transformers gives PyTorch two masks of two types.
    warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask")


def receptive_field(config: PretrainedConfig) -> int:
    """Return how many samples one frame sees (400 for the usual convolutions)."""
    samples = 1
    steps = list(zip(config.conv_kernel, config.conv_stride, strict=True))
    for kernel, stride in reversed(steps):
        samples = (samples - 1) * stride + kernel
    return samples


def frames_of(samples: int, config: PretrainedConfig) -> int:
    """Return how many frames the convolutions make of a sound."""
    for kernel, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
        samples = (samples - kernel) // stride + 1
    return samples


def may_be_padded(config: PretrainedConfig) -> bool:
    """Tell whether padding with a mask leaves a network's result as it is.

    It does not where padded frames are seen: by a first normalisation over time
    (``feat_extract_norm: group``), by a batch normalisation before the positional convolution,
    and by data2vec's stacked positional convolutions.
    """
    return bool(
        config.model_type != "data2vec-audio"
        and config.feat_extract_norm == "layer"
        and not getattr(config, "conv_pos_batch_norm", False)
    )


def windows(samples: Sound) -> list[Sound]:
    """Cut a sound into the fewest equal windows (to one sample) of at most ``WINDOW_S``."""
    return np.array_split(samples, max(1, -(-len(samples) // round(WINDOW_S * RATE))))


def batches(lengths: Sequence[int], padded: bool) -> list[list[int]]:
    """Put sounds into batches, the longest first, each of at most ``PADDED_S`` with its padding.

    Args:
        lengths: In samples.
        padded: Whether sounds of unequal length may go together.

    Returns:
        The numbers of the sounds in each batch; a batch has one sound at least.
    """
    made: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        longest = lengths[made[-1][0]] if made else 0
        fits = made and (len(made[-1]) + 1) * longest <= PADDED_S * RATE
        if fits and (padded or lengths[index] == longest):
            made[-1].append(index)
        else:
            made.append([index])
    return made


def load(spec: Mapping[str, Any], path: Path) -> SpeechEncoder:
    """Return the encoder of a local folder; nothing is looked up on the network.

    The folder holds ``config.json``, ``preprocessor_config.json`` and ``model.safetensors`` or
    ``pytorch_model.bin``; the digest is that of the weight file.

    Raises:
        MerflowError: A file is missing, damaged, of another model, or not the declared one; or
            the number of layers is not that of the settings.
    """
    quiet()
    architecture = spec["architecture"]
    config = read_config(architecture, path)
    if len(layers_of(spec)) != config.num_hidden_layers + 1:
        raise MerflowError(
            f"the {architecture} in {path} has {config.num_hidden_layers} layers, the settings say "
            f"{len(layers_of(spec)) - 1}: set the encoder's layers to {config.num_hidden_layers}"
        )
    preprocessor = read_preprocessor(architecture, path)
    model, digest = read_model(architecture, path, config, spec)
    return SpeechEncoder(
        model,
        preprocessor,
        digest,
        spec.get("device", "cpu"),
        spec.get("precision", "float32"),
        with_deviation(spec),
        recipe=recipe_of_folder(architecture, path, digest),
    )
