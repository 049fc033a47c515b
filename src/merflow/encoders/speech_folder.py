"""Reading a speech network from a local Hugging Face folder.

Names of older files and of fine-tuned or pre-training models are brought to those of the bare
encoder; what is left over, missing or of another shape is told, and nothing is loaded then.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Before transformers is imported: nothing may be looked up on the network.
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from torch import Tensor
from torch.nn.utils import parametrize
from transformers import (
    Data2VecAudioConfig,
    Data2VecAudioModel,
    HubertConfig,
    HubertModel,
    PretrainedConfig,
    PreTrainedModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
    WavLMConfig,
    WavLMModel,
)

from merflow.encoders.checkpoint import checked_digest, complain, read_state
from merflow.encoders.sources import HOW_TO_GET, WEIGHT_FILES, recognise
from merflow.errors import MerflowError
from merflow.storage.digest import settings_digest

RATE = 16_000
PREPROCESSOR = "Wav2Vec2FeatureExtractor"  # the one kind that all four networks are used with
CLASSES: dict[str, tuple[str, type[PretrainedConfig], type[PreTrainedModel]]] = {
    "hubert": ("hubert", HubertConfig, HubertModel),
    "wav2vec2": ("wav2vec2", Wav2Vec2Config, Wav2Vec2Model),
    "wavlm": ("wavlm", WavLMConfig, WavLMModel),
    "data2vec_audio": ("data2vec-audio", Data2VecAudioConfig, Data2VecAudioModel),
}
# Not of the encoder: heads of fine-tuned models (recognition, classes, speakers) and of
# pre-training.
HEADS = (
    *("lm_head.", "classifier.", "projector.", "layer_weights", "tdnn.", "objective."),
    *("feature_extractor.weight", "feature_extractor.bias"),  # the speaker models' own
    *("final_proj.", "label_embs", "quantizer.", "project_q.", "project_hid."),
)
UNUSED = "masked_spec_embed"  # stands for hidden frames in training
OLDER = {
    "conv.weight_g": "conv.parametrizations.weight.original0",
    "conv.weight_v": "conv.parametrizations.weight.original1",
}
# What transformers writes about itself; weights are read as float32 whatever is said there.
WRITTEN_BY = frozenset({"transformers_version", "_name_or_path", "torch_dtype", "dtype"})
# Bare encoders of HuBERT and wav2vec 2.0 have the same names; this is one of them.
SHARED = "encoder.pos_conv_embed.conv.bias"


def read_config(architecture: str, folder: Path) -> PretrainedConfig:
    """Return the network's settings.

    Raises:
        MerflowError: ``config.json`` is missing, damaged, or of another type of network.
    """
    settings = _json(architecture, folder / "config.json")
    expected, config_class, _ = CLASSES[architecture]
    kind = settings.get("model_type")
    if kind != expected:
        raise MerflowError(
            f"{folder} holds a model of type {kind}, not {expected}: correct the encoder's "
            f"architecture, or {HOW_TO_GET[architecture]}"
        )
    try:
        return config_class.from_dict(settings)
    except Exception as error:  # whatever transformers stumbles over
        raise _unusable(folder, error) from error


def read_preprocessor(architecture: str, folder: Path) -> Wav2Vec2FeatureExtractor:
    """Return the network's own preprocessor.

    Raises:
        MerflowError: ``preprocessor_config.json`` is missing, damaged, or of another kind.
    """
    path = folder / "preprocessor_config.json"
    settings = _json(architecture, path)
    kind = settings.get("feature_extractor_type", PREPROCESSOR)
    rate = settings.get("sampling_rate", RATE)
    if kind != PREPROCESSOR:
        raise MerflowError(f"{path} asks for {kind}, but only {PREPROCESSOR} is known")
    if settings.get("feature_size", 1) != 1:
        raise MerflowError(
            f"{path} asks for {settings['feature_size']} values a moment (feature_size), but a "
            "sound has 1: name a model that takes sound itself"
        )
    if rate != RATE:
        raise MerflowError(
            f"the {architecture} in {folder} wants {rate} Hz, but sounds are read at {RATE}"
        )
    return Wav2Vec2FeatureExtractor.from_dict(settings)


def recipe_of_folder(architecture: str, folder: Path, digest: str) -> str:
    """Return the digest of the weights' own and of both settings files, however they are written.

    Args:
        architecture: Named in the advice when a file is missing.
        folder: The network's folder.
        digest: Hex sha256 of its weight file.

    Raises:
        MerflowError: ``config.json`` or ``preprocessor_config.json`` is missing or damaged.
    """
    files = [
        _json(architecture, folder / name) for name in ("config.json", "preprocessor_config.json")
    ]
    told = [{key: file[key] for key in file if key not in WRITTEN_BY} for file in files]
    return settings_digest([digest, *told])


def read_model(
    architecture: str, folder: Path, config: PretrainedConfig, spec: Mapping[str, Any]
) -> tuple[PreTrainedModel, str]:
    """Return the bare encoder with every weight of the folder, float32, and the file's digest.

    Attention is PyTorch's fused one, which needs no matrix of all pairs of frames, so that long
    clips gain most; it differs from the plain one by rounding. WavLM has its own.

    Raises:
        MerflowError: The weight file is missing, in several pieces, another than the declared
            one, damaged, hostile, or of another network; nothing is loaded then.
    """
    path = _weight_file(folder)
    pin = spec.get("weights") != "demo"
    digest = checked_digest(path, architecture, spec.get("sha256"), pin)
    state = read_state(path, architecture)
    # The adapter that some models put behind the encoder shortens its output.
    heads = HEADS if not getattr(config, "add_adapter", False) else (*HEADS, "adapter.")
    config.add_adapter = False
    config.return_dict, config.output_attentions = True, False
    config._attn_implementation = "eager" if architecture == "wavlm" else "sdpa"
    try:
        with torch.device("meta"):
            model = CLASSES[architecture][2](config)
    except Exception as error:  # whatever transformers stumbles over
        raise _unusable(folder, error) from error
    _fill(model, _bare(architecture, state, heads), state, path, architecture)
    for module in model.modules():  # the length of weights need not be set at every pass
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
    return model.requires_grad_(False).eval(), digest


def _weight_file(folder: Path) -> Path:
    found = next((folder / name for name in WEIGHT_FILES if (folder / name).is_file()), None)
    index = next((name for name in WEIGHT_FILES if (folder / f"{name}.index.json").is_file()), None)
    if found is None and index is not None:
        raise MerflowError(
            f"the weights in {folder} are spread over several files ({index}.index.json), but one "
            f"is read: load the model with transformers and save it with a max_shard_size above "
            "its size"
        )
    return found or folder / WEIGHT_FILES[0]


def _bare(
    architecture: str, state: Mapping[str, Tensor], heads: tuple[str, ...]
) -> dict[str, Tensor]:
    """Return the encoder's part of a state under today's names."""
    bare = {}
    for name, value in state.items():
        if name.startswith(heads):
            continue
        today = name.removeprefix(f"{architecture}.")
        for old, new in OLDER.items():
            if today.endswith(old):
                today = today.removesuffix(old) + new
        if today != UNUSED:
            bare[today] = value
    return bare


def _fill(
    model: PreTrainedModel,
    given: dict[str, Tensor],
    state: Mapping[str, Tensor],
    path: Path,
    architecture: str,
) -> None:
    """Put the weights into a model on the meta device if every name and shape agrees."""
    expected = model.state_dict()
    if UNUSED in expected:
        given = {**given, UNUSED: torch.zeros(expected[UNUSED].shape)}
    misshapen = [
        f"{name} {tuple(given[name].shape)} instead of {tuple(value.shape)}"
        for name, value in expected.items()
        if name in given and given[name].shape != value.shape
    ]
    alike = architecture == "wav2vec2" and recognise(state) == "hubert" and SHARED in state
    complain(
        path,
        architecture,
        {} if alike else state,
        sorted(set(expected) - set(given)),
        sorted(set(given) - set(expected)),
        misshapen,
    )
    model.load_state_dict(given, assign=True)


def _json(architecture: str, path: Path) -> dict[str, Any]:
    """Return one of the folder's settings files."""
    if not path.is_file():
        raise MerflowError(
            f"the {architecture} folder {path.parent} has no {path.name}: "
            f"{HOW_TO_GET[architecture]}, then set the encoder's weights to the folder"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except ValueError as error:
        raise MerflowError(f"{path} is not valid JSON ({error}): get it again") from error
    if not isinstance(content, dict):
        raise MerflowError(f"{path} holds no settings: get it again")
    return content


def _no_number(name: str) -> None:
    raise ValueError(f"it holds {name}")


def _unusable(folder: Path, error: Exception) -> MerflowError:
    told = " ".join(str(error).split())
    return MerflowError(f"{folder / 'config.json'} describes no usable network ({told})")
