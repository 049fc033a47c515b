"""Demo checkpoints: the same settings give the same bytes, in the public formats."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from merflow.encoders.checkpoint import read_state
from merflow.encoders.demo.write import write_demo
from merflow.encoders.load import load
from merflow.errors import MerflowError
from merflow.storage.digest import file_sha256

KINDS = ["hubert", "resnet50_ferplus", "manet"]


def digests(path: Path) -> dict[str, str]:
    if path.is_file():
        return {"": file_sha256(path)}
    return {file.name: file_sha256(file) for file in sorted(path.iterdir())}


@pytest.mark.parametrize("kind", KINDS)
def test_two_writes_are_byte_identical_and_seeds_differ(
    kind: str, tmp_path: Path, specs: dict, checkpoints: dict[str, Path]
) -> None:
    again = tmp_path / "another-name.pth"
    write_demo(kind, specs[kind], again)
    assert digests(again) == digests(checkpoints[kind])
    other = {**specs[kind], "demo": {**specs[kind]["demo"], "seed": 99}}
    write_demo(kind, other, again)
    assert digests(again) != digests(checkpoints[kind])


def test_another_process_writes_the_same_bytes(
    tmp_path: Path, specs: dict, checkpoints: dict[str, Path]
) -> None:
    code = (
        "import sys, torch; torch.set_num_threads(1);"
        "from merflow.encoders.demo.write import write_demo;"
        f"write_demo('manet', {specs['manet']!r}, sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "m.pth")], check=True)
    assert digests(tmp_path / "m.pth") == digests(checkpoints["manet"])


def test_hubert_folder_holds_the_public_files(checkpoints: dict[str, Path]) -> None:
    names = ["config.json", "model.safetensors", "preprocessor_config.json"]
    assert sorted(digests(checkpoints["hubert"])) == names


def test_manet_file_has_the_public_layout(checkpoints: dict[str, Path]) -> None:
    from merflow.encoders.checkpoint import MANET_EXTRAS, Inert

    with pytest.raises(Exception, match="RecorderMeter"):
        torch.load(checkpoints["manet"], weights_only=True)
    with torch.serialization.safe_globals([(Inert, name) for name in MANET_EXTRAS]):
        content = torch.load(checkpoints["manet"], weights_only=True)
    assert {"state_dict", "recorder"} <= content.keys()
    assert all(name.startswith("module.") for name in content["state_dict"])
    assert isinstance(content["recorder"], Inert)
    assert not hasattr(sys.modules["__main__"], "RecorderMeter")


def test_resnet50_file_is_a_flat_state_dict(checkpoints: dict[str, Path]) -> None:
    content = torch.load(checkpoints["resnet50_ferplus"], weights_only=True)
    assert "conv1_7x7_s2.weight" in content
    assert all(isinstance(value, torch.Tensor) for value in content.values())


@pytest.mark.parametrize("kind", ["resnet50_ferplus", "manet"])
def test_statistics_are_calibrated_and_coarse(kind: str, checkpoints: dict[str, Path]) -> None:
    state = read_state(checkpoints[kind], kind)
    means = [v for name, v in state.items() if name.endswith("running_mean")]
    variances = [v for name, v in state.items() if name.endswith("running_var")]
    assert sum(bool((mean != 0).all()) for mean in means) == len(means)
    assert all(bool((variance > 0).all()) for variance in variances)
    for value in means + variances:
        assert torch.equal(value, value.bfloat16().float())


@pytest.mark.parametrize("kind", KINDS)
def test_activations_keep_their_scale_and_tell_clips_apart(
    kind: str, specs: dict, checkpoints: dict[str, Path]
) -> None:
    encoder = load(kind, specs[kind], checkpoints[kind])
    random = np.random.default_rng(3)
    if encoder.modality == "audio":
        time = np.arange(8000) / 16_000
        clips = [np.sin(2 * np.pi * pitch * time).astype(np.float32) for pitch in (110, 440)]
    else:
        tints = random.integers(0, 256, (2, 1, 1, 1, 3), dtype=np.uint8)
        clips = [np.broadcast_to(tint, (1, 112, 112, 3)).copy() for tint in tints]
        clips[0][:, 30:60] //= 2
    one, other = encoder.encode(clips)
    for layer in encoder.layers:
        assert 0.01 < np.abs(one[layer]).max() < 1000
        assert np.abs(one[layer] - other[layer]).max() > 0.01


def test_widths_that_do_not_fit_are_told(tmp_path: Path) -> None:
    for kind, width in (("hubert", 24), ("manet", 6), ("resnet50_ferplus", 0)):
        with pytest.raises(MerflowError, match="multiple of"):
            write_demo(
                kind,
                {"demo": {"seed": 1, "width": width, "speakers": 0, "steps": 0}},
                tmp_path / "x",
            )
    with pytest.raises(MerflowError, match="no demo"):
        write_demo(
            "vgg", {"demo": {"seed": 1, "width": 8, "speakers": 0, "steps": 0}}, tmp_path / "x"
        )
