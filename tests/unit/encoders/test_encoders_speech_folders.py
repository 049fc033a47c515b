"""Checkpoint folders of every speech network: public forms, older names, and wrong ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from merflow.encoders.checkpoint import read_state
from merflow.encoders.encoder import Encoder
from merflow.encoders.load import load
from merflow.encoders.sources import recognise
from merflow.errors import MerflowError
from merflow.storage.digest import file_sha256

import transformers  # isort: skip

Make = Callable[[int], np.ndarray]
Folder = Callable[..., Path]

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
    "num_conv_pos_embedding_groups": 4,
    # Of the heads.
    **{"vocab_size": 5, "codevector_dim": 8, "proj_codevector_dim": 8, "classifier_proj_size": 6},
    **{"num_codevectors_per_group": 4, "tdnn_dim": (6, 6, 6, 6, 6), "xvector_output_dim": 6},
}
OLDER = {"original0": "weight_g", "original1": "weight_v"}


@pytest.fixture
def make(tmp_path: Path) -> Folder:
    """Write the folder of a small random network, by default the bare encoder."""

    def write(architecture: str, head: str = "Model", name: str = "", **settings: Any) -> Path:
        positions = {"num_conv_pos_embeddings": 3 if architecture == "data2vec_audio" else 16}
        config_class = getattr(transformers, f"{STEMS[architecture]}Config")
        config = config_class(**{**SIZES, **positions, **settings})
        torch.manual_seed(6)
        model = getattr(transformers, f"{STEMS[architecture]}{head}")(config)
        folder = tmp_path / (name or f"{architecture}-{head}")
        model.save_pretrained(folder)
        transformers.Wav2Vec2FeatureExtractor().save_pretrained(folder)
        return folder

    return write


def opened(architecture: str, folder: Path, **spec: Any) -> Encoder:
    return load(architecture, {"layers": 2, "weights": "demo", **spec}, folder)


def rewrite(folder: Path, state: dict[str, Any], older: bool = False) -> None:
    """Put another state into a folder, as pytorch_model.bin."""
    (folder / "model.safetensors").unlink(missing_ok=True)
    path = folder / "pytorch_model.bin"
    torch.save(state, path, _use_new_zipfile_serialization=not older)


def renamed(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Return a state under the names that older versions wrote."""
    older = {}
    for name, value in state.items():
        owner, _, last = name.rpartition(".parametrizations.weight.")
        older[f"{prefix}{owner}.{OLDER[last]}" if owner else f"{prefix}{name}"] = value
    return older


def assert_equal(given: Encoder, expected: Encoder, clip: np.ndarray) -> None:
    [vectors], [wanted] = given.encode([clip]), expected.encode([clip])
    assert list(vectors) == list(wanted) == ["0", "1", "2"]
    for layer, vector in wanted.items():
        assert np.abs(vector).max() > 0.01
        np.testing.assert_array_equal(vectors[layer], vector)


def test_other_settings_beside_the_same_weights_are_another_recipe(make: Folder) -> None:
    folder = make("hubert")
    first = opened("hubert", folder)
    recipes = {first.recipe_digest}
    for name, key, value in (
        ("preprocessor_config.json", "do_normalize", False),
        ("config.json", "num_attention_heads", 4),
    ):
        path = folder / name
        text = path.read_text()
        settings = json.loads(text)
        assert settings[key] != value
        path.write_text(json.dumps({**settings, key: value}))
        again = opened("hubert", folder)
        assert again.digest == first.digest
        recipes.add(again.recipe_digest)
        path.write_text(text)
    assert len(recipes) == 3


def test_a_settings_file_written_otherwise_is_the_same_recipe(make: Folder) -> None:
    folder = make("hubert")
    first = opened("hubert", folder)
    for name in ("config.json", "preprocessor_config.json"):
        settings = json.loads((folder / name).read_text())
        settings |= {"transformers_version": "1", "_name_or_path": "x", "torch_dtype": "float16"}
        (folder / name).write_text(json.dumps(dict(reversed(settings.items())), indent=7))
    assert opened("hubert", folder).recipe_digest == first.recipe_digest
    rewrite(folder, load_file(folder / "model.safetensors"))
    assert opened("hubert", folder).recipe_digest != first.recipe_digest


def test_preprocessors_of_another_kind_are_told(make: Folder) -> None:
    folder = make("hubert")
    path = folder / "preprocessor_config.json"
    settings = json.loads(path.read_text())
    for key, value, told in (
        ("feature_size", 80, r"asks for 80 values a moment \(feature_size\)"),
        ("feature_extractor_type", "Other", "asks for Other, but only Wav2Vec2FeatureExtractor"),
        ("sampling_rate", 8000, "wants 8000 Hz"),
    ):
        path.write_text(json.dumps({**settings, key: value}))
        with pytest.raises(MerflowError, match=told):
            opened("hubert", folder)


@pytest.mark.parametrize("architecture", STEMS)
def test_every_form_of_the_weights_gives_the_same_features(
    architecture: str, make: Folder, sound: Make
) -> None:
    folder, clip = make(architecture), sound(5_000)
    expected = opened(architecture, folder)
    assert expected.digest == file_sha256(folder / "model.safetensors")
    state = load_file(folder / "model.safetensors")
    for prefix in ("", f"{architecture}."):
        for older in (False, True):
            rewrite(folder, renamed(state, prefix), older)
            again = opened(architecture, folder)
            assert again.digest == file_sha256(folder / "pytorch_model.bin")
            assert_equal(again, expected, clip)
    rewrite(folder, {name: value.half() for name, value in state.items()})
    rounded = opened(architecture, folder).encode([clip])[0]
    for layer, vector in expected.encode([clip])[0].items():
        np.testing.assert_allclose(rounded[layer], vector, atol=0.02)


@pytest.mark.parametrize(
    ("architecture", "head"),
    [
        *((architecture, "ForCTC") for architecture in STEMS),
        *((architecture, "ForSequenceClassification") for architecture in STEMS),
        *((name, "ForXVector") for name in ("wav2vec2", "wavlm", "data2vec_audio")),
        ("wav2vec2", "ForPreTraining"),
    ],
)
def test_heads_are_left_out(architecture: str, head: str, make: Folder, sound: Make) -> None:
    folder = make(architecture, head, use_weighted_layer_sum=True)
    state = load_file(folder / "model.safetensors")
    body = {
        name.removeprefix(f"{architecture}."): value
        for name, value in state.items()
        if name.startswith(f"{architecture}.")
    }
    assert 0 < len(body) < len(state)
    bare = make(architecture, name="bare")
    save_file(body, bare / "model.safetensors")
    assert_equal(opened(architecture, folder), opened(architecture, bare), sound(4_000))


@pytest.mark.parametrize("architecture", ["wav2vec2", "wavlm", "data2vec_audio"])
def test_the_adapter_behind_the_encoder_is_left_out(
    architecture: str, make: Folder, sound: Make
) -> None:
    folder = make(architecture, add_adapter=True)
    state = load_file(folder / "model.safetensors")
    bare = make(architecture, name="bare")
    kept = {name: value for name, value in state.items() if not name.startswith("adapter.")}
    assert len(kept) < len(state)
    save_file(kept, bare / "model.safetensors")
    assert_equal(opened(architecture, folder), opened(architecture, bare), sound(4_000))


def test_the_vector_of_hidden_frames_may_be_there_or_not(make: Folder, sound: Make) -> None:
    folder = make("hubert")
    state = load_file(folder / "model.safetensors")
    expected = opened("hubert", folder)
    del state["masked_spec_embed"]
    save_file(state, folder / "model.safetensors")
    assert_equal(opened("hubert", folder), expected, sound(2_000))
    bare = make("hubert", name="unmasked", mask_time_prob=0.0)
    assert "masked_spec_embed" not in load_file(bare / "model.safetensors")
    save_file({**state, "masked_spec_embed": torch.zeros(16)}, bare / "model.safetensors")
    assert_equal(opened("hubert", bare), expected, sound(2_000))


@pytest.mark.parametrize("architecture", STEMS)
def test_missing_extra_and_misshapen_names_are_told(architecture: str, make: Folder) -> None:
    folder = make(architecture)
    state = load_file(folder / "model.safetensors")
    del state["encoder.layers.1.layer_norm.weight"]
    state["encoder.layers.0.layer_norm.bias"] = torch.zeros(3)
    rewrite(folder, {**state, "surplus.weight": torch.zeros(1)})
    with pytest.raises(MerflowError) as caught:
        opened(architecture, folder)
    text = str(caught.value)
    assert "1 missing (encoder.layers.1.layer_norm.weight)" in text
    assert "1 unexpected (surplus.weight)" in text
    assert "1 misshapen (encoder.layers.0.layer_norm.bias (3,) instead of (16,))" in text
    assert f"do not fit {architecture}" in text
    assert "nothing was loaded" in text
    assert "\n" not in text


@pytest.mark.parametrize("other", STEMS)
@pytest.mark.parametrize("architecture", STEMS)
def test_the_weights_of_another_network_are_told(
    architecture: str, other: str, make: Folder
) -> None:
    if architecture == other:
        return
    folder, owner = make(architecture), make(other)
    with pytest.raises(MerflowError, match=r"holds a model of type .*correct the encoder's arch"):
        opened(architecture, owner)
    state = load_file(owner / "model.safetensors")
    rewrite(folder, {f"{other}.{name}": value for name, value in state.items()})
    with pytest.raises(MerflowError, match=f"checkpoint of {other}, not of {architecture}"):
        opened(architecture, folder)
    assert recognise(state) == ("hubert" if other == "wav2vec2" else other)


def test_the_same_names_without_a_prefix_are_not_taken_for_another_network(make: Folder) -> None:
    folder = make("wav2vec2")
    rewrite(folder, {"encoder.pos_conv_embed.conv.bias": torch.zeros(16)})
    with pytest.raises(MerflowError, match=r"do not fit wav2vec2: \d+ missing"):
        opened("wav2vec2", folder)
    folder = make("wav2vec2", "ForPreTraining")
    assert recognise(load_file(folder / "model.safetensors")) == "wav2vec2"


def test_another_file_than_the_declared_one_is_told(make: Folder) -> None:
    folder = make("wavlm")
    digest = file_sha256(folder / "model.safetensors")
    opened("wavlm", folder, weights=str(folder), sha256=digest)
    with pytest.raises(MerflowError, match=rf"have sha256 {digest}, but params\.yaml declares 0"):
        opened("wavlm", folder, sha256="0" * 64)


def test_weights_in_several_files_are_told(make: Folder, tmp_path: Path) -> None:
    folder = make("hubert")
    model = transformers.HubertModel.from_pretrained(folder, local_files_only=True)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="20KB")
    assert (folder / "model.safetensors.index.json").is_file()
    with pytest.raises(MerflowError, match=r"several files \(model\.safetensors\.index\.json\)"):
        opened("hubert", folder)


class RunsCode:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("older", [False, True])
def test_nothing_pickled_is_run(older: bool, make: Folder, tmp_path: Path) -> None:
    folder, touched = make("data2vec_audio"), tmp_path / "touched"
    state = load_file(folder / "model.safetensors")
    rewrite(folder, {**state, "extra": RunsCode(touched)}, older)
    with pytest.raises(MerflowError, match="could run code, so nothing of it was loaded"):
        opened("data2vec_audio", folder)
    assert not touched.exists()


def test_settings_of_training_and_output_change_nothing(make: Folder, sound: Make) -> None:
    """A folder may ask for tuples, attention weights or half precision; features stay."""
    folder = make("hubert")
    expected = opened("hubert", folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    odd = {"return_dict": False, "output_attentions": True, "dtype": "float16", "layerdrop": 0.9}
    path.write_text(json.dumps({**config, **odd, "mask_time_prob": 0.9}))
    assert_equal(opened("hubert", folder), expected, sound(3_000))
    state = read_state(folder / "model.safetensors", "hubert")
    assert all(value.dtype == torch.float32 for value in state.values())
