"""The list of encoders: sizes against networks that are built, and what is told of files."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_project import make_project

from merflow.encoders.load import load
from merflow.encoders.registry import KINDS, layers_of
from merflow.encoders.stock.catalogue import (
    WIDTH,
    declared_entry,
    layers_text,
    public_entries,
    untrained_entries,
)
from merflow.encoders.stock.checkpoints import PUBLIC, public_of
from merflow.encoders.stock.place import absent, weight_file
from merflow.encoders.stock.sizes import face_size, speech_size

from transformers import AutoConfig, AutoModel  # isort: skip

TYPES = {"hubert", "wav2vec2", "wavlm", "data2vec_audio"}
SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "conv_dim": [16, 16, 24],
    "conv_kernel": [10, 3, 2],
    "conv_stride": [5, 2, 2],
}
VARIANTS: list[dict[str, Any]] = [
    {},
    SMALL,
    {**SMALL, "conv_bias": True, "feat_extract_norm": "layer", "do_stable_layer_norm": True},
    {**SMALL, "mask_time_prob": 0.0, "mask_feature_prob": 0.0},
    {**SMALL, "num_conv_pos_embeddings": 7, "num_conv_pos_embedding_groups": 8},
]


def flat(text: str) -> str:
    """Return a paragraph as one line."""
    return " ".join(text.split())


def built(architecture: str, config: dict[str, Any]) -> torch.nn.Module:
    model_type = architecture.replace("_", "-")
    with torch.device("meta"):
        return AutoModel.from_config(AutoConfig.for_model(model_type, **config))


@pytest.mark.parametrize("architecture", sorted(TYPES))
@pytest.mark.parametrize("variant", range(len(VARIANTS)))
def test_speech_networks_are_counted_as_transformers_builds_them(
    architecture: str, variant: int
) -> None:
    config = VARIANTS[variant]
    size, model = speech_size(architecture, config), built(architecture, config)
    assert size.parameters == sum(value.numel() for value in model.parameters())
    assert set(size.dims.values()) == {model.config.hidden_size}
    assert list(size.dims) == layers_of(
        {"architecture": architecture, "layers": len(size.dims) - 1}
    )


def test_hubert_without_a_norm_before_its_projection_is_counted() -> None:
    config = {**SMALL, "feat_proj_layer_norm": False}
    counted = sum(value.numel() for value in built("hubert", config).parameters())
    assert speech_size("hubert", config).parameters == counted


@pytest.mark.parametrize("public", [one for one in PUBLIC if one.config], ids=lambda one: one.name)
def test_public_speech_networks_are_counted_as_transformers_builds_them(public: Any) -> None:
    model = built(public.architecture, dict(public.config))
    size = speech_size(public.architecture, public.config)
    assert size.parameters == sum(value.numel() for value in model.parameters())
    assert set(size.dims.values()) == {model.config.hidden_size}
    assert len(size.dims) == model.config.num_hidden_layers + 1


@pytest.mark.parametrize("kind", ["resnet50_ferplus", "manet"])
def test_face_networks_have_the_sizes_that_come_out(
    kind: str, specs: dict, checkpoints: dict[str, Path], crops: Callable[[int], np.ndarray]
) -> None:
    [vectors] = load(kind, specs[kind], checkpoints[kind]).encode([crops(1)])
    size = face_size(kind, specs[kind]["demo"]["width"])
    assert size.dims == {layer: len(vector) for layer, vector in vectors.items()}
    layer, dim = {"resnet50_ferplus": ("pooling", 2048), "manet": ("block2", 1024)}[kind]
    assert face_size(kind, 64).dims[layer] == dim


def test_runs_of_equal_layers_are_told_together() -> None:
    assert layers_text({str(layer): 8 for layer in range(25)}) == "0..24 (8 each)"
    assert layers_text({"a": 1, "b": 1, "c": 2}) == "a, b (1 each), c (2)"
    assert layers_text({"1": 4, "2": 4}) == "1, 2 (4 each)"


def test_every_paragraph_fits_and_every_kind_is_there(tmp_path: Path) -> None:
    entries = [*public_entries(tmp_path), *untrained_entries()]
    said = "\n".join(entries)
    assert all(len(line) <= WIDTH for line in said.splitlines())
    for name in KINDS:
        assert any(entry.splitlines()[0].endswith(name) for entry in entries)
    assert said.count("not there") == len(PUBLIC)


def test_no_digest_is_stated_that_nobody_has_verified(tmp_path: Path) -> None:
    words = " ".join(public_entries(tmp_path)).split()
    assert not any(len(word) >= 40 and set(word) <= set("0123456789abcdef") for word in words)


def test_public_checkpoints_that_are_there_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "data/weights/microsoft--wavlm-large@main"
    folder.mkdir(parents=True)
    (folder / "config.json").touch()
    (tmp_path / "data/weights/resnet50_ferplus_dag.pth").touch()
    said = {entry.partition(":")[0]: flat(entry) for entry in public_entries(tmp_path)}
    assert "not whole" in said["wavlm-large"]
    assert "preprocessor_config.json" in said["wavlm-large"]
    assert "found: " in said["resnet50_ferplus_dag"]


def test_public_ones_are_recognised_by_repository_and_faces_by_architecture() -> None:
    found = public_of("hubert", "facebook/hubert-large-ll60k")
    assert found is not None
    assert found.licence == "Apache-2.0"
    assert public_of("hubert", None) is None
    assert public_of("hubert", "microsoft/wavlm-large") is None
    assert public_of("manet", None) is PUBLIC[-1]


def test_declared_encoders_tell_size_place_and_pin(
    specs: dict, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    folder = checkpoints["hubert"]
    spec = {**specs["hubert"], "architecture": "hubert", "weights": str(folder)}
    said = flat(declared_entry("HL", spec, folder, None))
    assert all(part in said for part in ("0..3 (16 each)", f"found: {folder}", "not pinned"))
    doubled = flat(declared_entry("HL", {**spec, "statistics": "mean_std"}, folder, None))
    assert "0..3 (32 each), mean and deviation" in doubled
    pinned = {**spec, "sha256": "a" * 64}
    assert "not compared" in flat(declared_entry("HL", pinned, folder, None))
    assert "the file has it" in flat(declared_entry("HL", pinned, folder, "a" * 64))
    assert "BUT" in flat(declared_entry("HL", pinned, folder, "b" * 64))
    nowhere = flat(declared_entry("HL", spec, tmp_path / "nowhere", None))
    assert "unknown until fetched" in nowhere
    assert "not found" in nowhere
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/config.json").write_text("no json")
    assert "cannot be read" in flat(declared_entry("HL", spec, tmp_path / "bad", None))


def test_a_missing_public_model_tells_its_published_size(tmp_path: Path) -> None:
    weights = "TencentGameMate/chinese-hubert-large@main"
    spec = {"architecture": "hubert", "layers": 24, "weights": weights, "sha256": None}
    said = flat(declared_entry("HL", spec, tmp_path / "none", None))
    assert all(part in said for part in ("1024 each", "315,4", "MIT", "encoders fetch HL"))


def test_features_from_files_tell_their_folders() -> None:
    spec = {"architecture": "precomputed", "of": "hubert", "folders": {"18": "some/folder"}}
    said = flat(declared_entry("HL", spec, None, None))
    assert "HL: precomputed" in said
    assert "some/folder" in said


def test_what_makes_a_checkpoint_whole(tmp_path: Path) -> None:
    assert len(absent("speech", tmp_path)) == 3
    for name in ("config.json", "preprocessor_config.json", "pytorch_model.bin"):
        (tmp_path / name).touch()
    assert absent("speech", tmp_path) == []
    (tmp_path / "model.safetensors").touch()
    assert weight_file("speech", tmp_path).name == "model.safetensors"
    one = tmp_path / "folder"
    one.mkdir()
    assert absent("manet", one) == ["folder"]
    (one / "weights.pth").touch()
    assert weight_file("manet", one) == one / "weights.pth"
    (one / "other.pth").touch()
    assert absent("manet", one) == ["folder"]


def test_the_command_lists_what_the_project_declares(
    specs: dict,
    checkpoints: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable,
) -> None:
    file = shutil.copy(checkpoints["manet"], tmp_path / "manet.pth")
    spec = {"architecture": "manet", "weights": str(file), "sha256": None}
    folder = make_project(tmp_path / "project", {"MR": spec})
    monkeypatch.chdir(folder)
    shown = run("encoders")
    assert shown.exit_code == 0
    assert "MR: manet" in shown.output
    digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert digest not in shown.output
    assert digest in run("encoders", "--sha256").output
    (folder / "params.yaml").unlink()
    assert "MA-Net RAF-DB" in run("encoders").output
    assert "merflow use" in str(run("encoders", "fetch").exception)


def test_the_list_needs_no_transformers(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; "
        "from merflow.encoders.stock.catalogue import public_entries; public_entries(Path()); "
        "assert 'transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ), cwd=tmp_path)
