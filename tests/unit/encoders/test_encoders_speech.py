"""HuBERT against transformers called plainly."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from merflow.encoders.load import load
from merflow.encoders.speech import receptive_field
from merflow.errors import MerflowError

from transformers import AutoFeatureExtractor, HubertConfig, HubertModel  # isort: skip

Make = Callable[[int], np.ndarray]


@pytest.fixture
def folder(tmp_path: Path, checkpoints: dict[str, Path]) -> Path:
    """A copy of the demo HuBERT that a test may damage."""
    return Path(shutil.copytree(checkpoints["hubert"], tmp_path / "copy"))


def plain_states(folder: Path, samples: torch.Tensor) -> list[np.ndarray]:
    """Mean over time of the hidden states, by one pass through transformers' own parts."""
    model = HubertModel.from_pretrained(folder, local_files_only=True).eval()
    with torch.inference_mode():
        x = model.feature_projection(model.feature_extractor(samples).transpose(1, 2))
        x = x + model.encoder.pos_conv_embed(x)
        states = [x]
        for layer in model.encoder.layers:
            states.append(layer(states[-1]))
        states[-1] = model.encoder.layer_norm(states[-1])
    return [state[0].mean(0).numpy() for state in states]


def prepared(folder: Path, clip: np.ndarray) -> torch.Tensor:
    extractor = AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)
    return extractor(clip, sampling_rate=16_000, return_tensors="pt").input_values


def test_layers_are_the_hidden_states(
    sound: Make, specs: dict, checkpoints: dict[str, Path]
) -> None:
    folder, clip = checkpoints["hubert"], sound(9_000)
    encoder = load("hubert", specs["hubert"], folder)
    [vectors] = encoder.encode([clip])
    assert list(vectors) == encoder.layers == ["0", "1", "2", "3"]
    expected = plain_states(folder, prepared(folder, clip))
    for vector, state in zip(vectors.values(), expected, strict=True):
        assert vector.dtype == np.float32
        np.testing.assert_allclose(vector, state, rtol=1e-4, atol=1e-5)
    model = HubertModel.from_pretrained(folder, local_files_only=True).eval()
    with torch.inference_mode():
        outputs = model(prepared(folder, clip), output_hidden_states=True)
    # All but the last are hidden_states; the last has passed the final layer normalisation.
    for layer in (0, 1, 2):
        state = outputs.hidden_states[layer][0].mean(0).numpy()
        np.testing.assert_allclose(vectors[str(layer)], state, rtol=1e-4, atol=1e-5)
    last = outputs.last_hidden_state[0].mean(0).numpy()
    np.testing.assert_allclose(vectors["3"], last, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("samples", [0, 1, 100, 399, 400])
def test_short_clips_are_padded_with_zeros(
    samples: int, sound: Make, specs: dict, checkpoints: dict[str, Path]
) -> None:
    folder, clip = checkpoints["hubert"], sound(samples)
    [vectors] = load("hubert", specs["hubert"], folder).encode([clip])
    padded = torch.zeros(1, 400)
    if samples:
        padded[:, :samples] = prepared(folder, clip)
    for vector, state in zip(vectors.values(), plain_states(folder, padded), strict=True):
        np.testing.assert_allclose(vector, state, rtol=1e-4, atol=1e-5)


def test_receptive_field_of_the_usual_convolutions_is_400_samples() -> None:
    assert receptive_field(HubertConfig()) == 400


def test_clips_are_normalised_and_independent_of_their_neighbours(
    sound: Make, specs: dict, checkpoints: dict[str, Path]
) -> None:
    encoder = load("hubert", specs["hubert"], checkpoints["hubert"])
    first, second = sound(5_000), sound(7_777)
    together = encoder.encode([first, second])
    alone = encoder.encode([second])[0]
    louder = encoder.encode([3 * second + np.float32(0.1)])[0]
    for layer in encoder.layers:
        np.testing.assert_array_equal(together[1][layer], alone[layer])
        np.testing.assert_allclose(louder[layer], alone[layer], rtol=1e-3, atol=1e-3)


def test_older_parameter_names_and_pytorch_files_load_alike(
    folder: Path, sound: Make, specs: dict, checkpoints: dict[str, Path]
) -> None:
    model = HubertModel.from_pretrained(folder, local_files_only=True)
    renamed = {"original0": "weight_g", "original1": "weight_v"}
    state = {}
    for name, value in model.state_dict().items():
        head, _, last = name.rpartition(".parametrizations.weight.")
        state[f"hubert.{head}.{renamed[last]}" if head else f"hubert.{name}"] = value
    state["lm_head.weight"] = torch.zeros(5, 16)
    del state["hubert.masked_spec_embed"]
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    clip = sound(3_000)
    old = load("hubert", specs["hubert"], folder)
    new = load("hubert", specs["hubert"], checkpoints["hubert"])
    assert old.digest != new.digest
    for layer in new.layers:
        np.testing.assert_array_equal(old.encode([clip])[0][layer], new.encode([clip])[0][layer])


def test_other_folders_are_told(folder: Path, specs: dict) -> None:
    spec = specs["hubert"]
    with pytest.raises(MerflowError, match=r"has 3 layers, the settings say 24: set .* to 3"):
        load("hubert", {**spec, "layers": 24}, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "wav2vec2"}))
    with pytest.raises(MerflowError, match=r"type wav2vec2, not hubert"):
        load("hubert", spec, folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(MerflowError, match=r"config\.json is not valid JSON"):
        load("hubert", spec, folder)
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 80}))
    with pytest.raises(MerflowError, match=r"misshapen \(encoder\.layers\.0\.feed_forward"):
        load("hubert", spec, folder)
    (folder / "config.json").write_text(json.dumps(config))
    preprocessor = folder / "preprocessor_config.json"
    preprocessor.write_text(json.dumps({"sampling_rate": 8000}))
    with pytest.raises(MerflowError, match="8000 Hz"):
        load("hubert", spec, folder)
    preprocessor.write_text(json.dumps({"feature_extractor_type": "WhisperFeatureExtractor"}))
    with pytest.raises(MerflowError, match=r"asks for WhisperFeatureExtractor"):
        load("hubert", spec, folder)
    preprocessor.unlink()
    with pytest.raises(MerflowError, match=r"has no preprocessor_config\.json.*huggingface\.co"):
        load("hubert", spec, folder)
    preprocessor.write_text("{}")
    (folder / "model.safetensors").unlink()
    with pytest.raises(MerflowError, match=r"looked for at .*model\.safetensors.*huggingface\.co"):
        load("hubert", spec, folder)
    (folder / "config.json").write_text(json.dumps({**config, "conv_stride": [5, 2]}))
    with pytest.raises(MerflowError, match=r"config\.json describes no usable network") as caught:
        load("hubert", spec, folder)
    assert "\n" not in str(caught.value)
    with pytest.raises(MerflowError, match=r"has no config\.json"):
        load("hubert", spec, folder / "absent")


@pytest.mark.parametrize("fault", ["missing", "unexpected"])
def test_weights_that_do_not_fit_are_told(fault: str, folder: Path, specs: dict) -> None:
    model = HubertModel.from_pretrained(folder, local_files_only=True)
    state = model.state_dict()
    if fault == "missing":
        del state["encoder.layers.1.layer_norm.weight"]
    else:
        state["adapter.weight"] = torch.zeros(2)
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    with pytest.raises(MerflowError, match=rf"1 {fault} \((encoder|adapter)\..*nothing was loaded"):
        load("hubert", specs["hubert"], folder)


def test_the_network_is_off() -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"
