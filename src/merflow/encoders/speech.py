"""HuBERT in a local Hugging Face folder, the paper's HL.

HL(i) is the network's i-th hidden state: 0 is the input of the first transformer layer, i the
output of layer i, and the last one has passed the final layer normalisation where the model has
one at its end (``do_stable_layer_norm``). Recent transformers give the last hidden state without
that normalisation, older ones with it; it is taken from ``last_hidden_state``, which all agree on.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

# Before transformers is imported: nothing may be looked up on the network.
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import transformers
from jaxtyping import Float32
from torch import Tensor
from transformers import HubertConfig, HubertModel, Wav2Vec2FeatureExtractor

from merflow.encoders.checkpoint import checked_digest, complain, read_state
from merflow.encoders.device import device_of
from merflow.encoders.encoder import Encoder, Vectors
from merflow.encoders.registry import layers_of
from merflow.encoders.sources import HOW_TO_GET
from merflow.errors import MerflowError

RATE = 16_000
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
# Names that are not part of the encoder: heads of fine-tuned models, and the vector that stands
# for masked frames in training.
HEADS = ("lm_head.", "classifier.", "projector.", "layer_weights", "final_proj.", "label_embs")
UNUSED = "masked_spec_embed"

Sound = Float32[np.ndarray, "_samples"]


class HubertEncoder(Encoder):
    """A HuBERT with its own preprocessor; a clip's vector is the mean over time."""

    modality: Literal["audio"] = "audio"

    def __init__(
        self, model: HubertModel, preprocessor: Wav2Vec2FeatureExtractor, digest: str, device: str
    ) -> None:
        """Put the model on its device."""
        self.digest = digest
        self.layers = [str(index) for index in range(model.config.num_hidden_layers + 1)]
        self._device = device_of(device)
        self._model = model.eval().to(self._device)
        self._preprocessor = preprocessor
        self._shortest = receptive_field(model.config)

    def encode_prepared(self, prepared: Sequence[Any]) -> list[Vectors]:
        """Encode one clip after the other."""
        return [self.encode_clip(clip) for clip in prepared]

    def encode_clip(self, clip: Sound) -> Vectors:
        """Return the mean over time of every hidden state; short clips are padded with zeros."""
        with torch.inference_mode():
            outputs = self._model(self._samples(clip), output_hidden_states=True)
            states = [*outputs.hidden_states[:-1], outputs.last_hidden_state]
            means = torch.stack([state[0].mean(dim=0, dtype=torch.float64) for state in states])
        return dict(zip(self.layers, means.float().cpu().numpy(), strict=True))

    def _samples(self, clip: Sound) -> Tensor:
        """Return the normalised samples, float [1, samples], long enough for one frame."""
        if len(clip) == 0:  # nothing to take a mean and variance of
            return torch.zeros(1, self._shortest, device=self._device)
        prepared = self._preprocessor(clip, sampling_rate=RATE, return_tensors="pt")
        samples = prepared.input_values.float().to(self._device)
        short = self._shortest - samples.shape[1]
        return torch.nn.functional.pad(samples, (0, short)) if short > 0 else samples


def quiet() -> None:
    """Keep transformers from printing reports and progress bars; errors are told by merflow."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def receptive_field(config: HubertConfig) -> int:
    """Return how many samples one frame sees (400 for the usual convolutions)."""
    samples = 1
    steps = list(zip(config.conv_kernel, config.conv_stride, strict=True))
    for kernel, stride in reversed(steps):
        samples = (samples - 1) * stride + kernel
    return samples


def load(spec: Mapping[str, Any], path: Path) -> HubertEncoder:
    """Return the encoder of a local folder; nothing is looked up on the network.

    The folder holds ``config.json``, ``preprocessor_config.json`` and ``model.safetensors`` or
    ``pytorch_model.bin``; the digest is that of the weight file.

    Raises:
        MerflowError: A file is missing, damaged, of another model, or not the declared one; or
            the number of layers is not that of the settings.
    """
    quiet()
    config = _config(path)
    if len(layers_of(spec)) != config.num_hidden_layers + 1:
        raise MerflowError(
            f"the HuBERT in {path} has {config.num_hidden_layers} layers, the settings say "
            f"{len(layers_of(spec)) - 1}: set the encoder's layers to {config.num_hidden_layers}"
        )
    weights = next((path / name for name in WEIGHT_FILES if (path / name).is_file()), None)
    weights = weights or path / WEIGHT_FILES[0]
    digest = checked_digest(weights, "hubert", spec.get("sha256"), spec.get("weights") != "demo")
    model = _model(config, read_state(weights, "hubert"), weights)
    return HubertEncoder(model, _preprocessor(path), digest, spec.get("device", "cpu"))


def _json(path: Path) -> dict[str, Any]:
    """Return one of the folder's settings files."""
    if not path.is_file():
        raise MerflowError(
            f"the HuBERT folder {path.parent} has no {path.name}: {HOW_TO_GET['hubert']}, then "
            "set the encoder's weights to the folder"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise MerflowError(f"{path} is not valid JSON ({error}): get it again") from error
    if not isinstance(content, dict):
        raise MerflowError(f"{path} holds no settings: get it again")
    return content


def _config(folder: Path) -> HubertConfig:
    settings = _json(folder / "config.json")
    kind = settings.get("model_type")
    if kind != "hubert":
        raise MerflowError(
            f"{folder} holds a model of type {kind}, not hubert: {HOW_TO_GET['hubert']}"
        )
    return HubertConfig.from_dict(settings)


def _preprocessor(folder: Path) -> Wav2Vec2FeatureExtractor:
    settings = _json(folder / "preprocessor_config.json")
    rate = settings.get("sampling_rate", RATE)
    if rate != RATE:
        raise MerflowError(f"the HuBERT in {folder} wants {rate} Hz, but sounds are read at {RATE}")
    return Wav2Vec2FeatureExtractor.from_dict(settings)


def _model(config: HubertConfig, state: dict[str, Tensor], weights: Path) -> HubertModel:
    """Return the model with every weight loaded; transformers renames those of older versions."""
    try:
        model, report = HubertModel.from_pretrained(
            None,
            config=config,
            state_dict=dict(state),
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported below, in one sentence
            attn_implementation="eager",
            dtype=torch.float32,
        )
    except RuntimeError as error:
        raise MerflowError(
            f"the weights {weights} do not fit their config.json: {error}"
        ) from error
    complain(
        weights,
        "hubert",
        state,
        sorted(name for name in report["missing_keys"] if name != UNUSED),
        sorted(name for name in report["unexpected_keys"] if not name.startswith(HEADS)),
        sorted(str(name[0]) for name in report["mismatched_keys"]),
    )
    return model.requires_grad_(False)
