"""Weight files that are right, wrong, damaged or hostile."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from merflow.encoders.checkpoint import read_state
from merflow.encoders.load import load
from merflow.encoders.sources import recognise
from merflow.errors import MerflowError
from merflow.storage.digest import file_sha256

VISUAL = ["resnet50_ferplus", "manet"]


def load_state(kind: str, state: dict, path: Path) -> Any:
    torch.save(state, path)
    return load(kind, {"weights": str(path), "sha256": file_sha256(path)}, path)


class RunsCode:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("kind", VISUAL)
@pytest.mark.parametrize("form", ["zip", "older", "safetensors", "module", "half"])
def test_every_form_of_the_file_gives_the_same_features(
    kind: str, form: str, tmp_path: Path, specs: dict, checkpoints: dict[str, Path]
) -> None:
    state = read_state(checkpoints[kind], kind)
    path = tmp_path / ("weights.safetensors" if form == "safetensors" else "weights.pth")
    if form == "half":
        state = {k: v.half().float() if v.is_floating_point() else v for k, v in state.items()}
    reference = tmp_path / "reference.pth"
    torch.save(state, reference)
    if form == "safetensors":
        save_file(state, path)
    elif form == "module":
        torch.save({"state_dict": {f"module.{k}": v for k, v in state.items()}}, path)
    elif form == "half":
        torch.save({k: v.half() if v.is_floating_point() else v for k, v in state.items()}, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=form == "zip")
    crops = np.random.default_rng(0).integers(0, 256, (1, 112, 112, 3), dtype=np.uint8)
    expected = load(kind, specs[kind], reference).encode([crops])[0]
    encoder = load(kind, specs[kind], path)
    assert encoder.digest == file_sha256(path)
    for layer, vector in encoder.encode([crops])[0].items():
        np.testing.assert_array_equal(vector, expected[layer])


@pytest.mark.parametrize("kind", VISUAL)
def test_missing_extra_and_misshapen_names_are_told_together(
    kind: str, tmp_path: Path, checkpoints: dict[str, Path]
) -> None:
    state = read_state(checkpoints[kind], kind)
    weights = [name for name in state if name.endswith(".weight") and state[name].ndim == 4]
    dropped, bent = weights[3:8], weights[10]
    for name in dropped:
        del state[name]
    state[bent] = state[bent][:1]
    state["surplus.weight"] = torch.zeros(1)
    path = tmp_path / "wrong.pth"
    with pytest.raises(MerflowError) as caught:
        load_state(kind, state, path)
    text = str(caught.value)
    assert str(path) in text
    assert f"5 missing ({', '.join(dropped[:3])}, ...)" in text
    assert "1 unexpected (surplus.weight)" in text
    assert f"1 misshapen ({bent} (1, " in text
    assert "nothing was loaded" in text
    assert "\n" not in text


def test_batch_counters_may_be_missing(tmp_path: Path, checkpoints: dict[str, Path]) -> None:
    state = read_state(checkpoints["resnet50_ferplus"], "resnet50_ferplus")
    kept = {name: value for name, value in state.items() if not name.endswith("batches_tracked")}
    assert len(kept) < len(state)
    load_state("resnet50_ferplus", kept, tmp_path / "old.pth")


def test_the_checkpoint_of_another_architecture_is_named(
    tmp_path: Path, checkpoints: dict[str, Path]
) -> None:
    with pytest.raises(MerflowError, match="checkpoint of manet, not of resnet50_ferplus"):
        load("resnet50_ferplus", {"sha256": None}, checkpoints["manet"])
    with pytest.raises(MerflowError, match="checkpoint of resnet50_ferplus, not of manet"):
        load("manet", {"sha256": None}, checkpoints["resnet50_ferplus"])
    with pytest.raises(MerflowError, match="checkpoint of hubert, not of manet"):
        load("manet", {"sha256": None}, checkpoints["hubert"] / "model.safetensors")
    plain = {"conv1.weight": torch.zeros(64, 3, 7, 7), "layer1.0.conv3.weight": torch.zeros(1)}
    with pytest.raises(MerflowError, match="torchvision-style ResNet-50"):
        load_state("resnet50_ferplus", plain, tmp_path / "torchvision.pth")


def test_se_networks_are_told_from_plain_ones() -> None:
    names = ["conv2_1_1x1_reduce.weight", "conv2_1_1x1_down.weight"]
    assert "SE" in recognise(names)
    assert recognise(names[:1]) == "resnet50_ferplus"
    assert recognise(["hubert.encoder.pos_conv_embed.conv.bias"]) == "hubert"
    assert recognise(["something.else"]) is None


def test_the_digest_is_checked_before_anything_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"not weights at all")
    with pytest.raises(
        MerflowError, match=r"have sha256 [0-9a-f]{64}, but params\.yaml declares 0"
    ):
        load("manet", {"sha256": "0" * 64}, path)
    with pytest.raises(MerflowError, match="damaged"):
        load("manet", {"sha256": file_sha256(path).upper()}, path)


def test_an_unpinned_digest_is_printed_except_for_the_demo(
    checkpoints: dict[str, Path], capsys: pytest.CaptureFixture
) -> None:
    path = checkpoints["resnet50_ferplus"]
    load("resnet50_ferplus", {"weights": str(path), "sha256": None}, path)
    told = capsys.readouterr().out
    assert file_sha256(path) in told
    assert "sha256" in told
    load("resnet50_ferplus", {"weights": "demo", "sha256": None}, path)
    load("resnet50_ferplus", {"weights": str(path), "sha256": file_sha256(path)}, path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("kind", "source"),
    [("manet", "zengqunzhao/MA-Net"), ("resnet50_ferplus", "albanie/pytorch-models")],
)
def test_a_missing_file_is_told_with_its_source(kind: str, source: str, tmp_path: Path) -> None:
    path = tmp_path / "absent.pth"
    with pytest.raises(MerflowError, match="nothing is there") as caught:
        load(kind, {}, path)
    assert kind in str(caught.value)
    assert str(path) in str(caught.value)
    assert source in str(caught.value)
    with pytest.raises(MerflowError, match="a folder is there"):
        load(kind, {}, tmp_path)


@pytest.mark.parametrize("kind", VISUAL)
@pytest.mark.parametrize("older", [False, True])
def test_nothing_pickled_is_run(
    kind: str, older: bool, tmp_path: Path, checkpoints: dict[str, Path]
) -> None:
    touched, path = tmp_path / "touched", tmp_path / "hostile.pth"
    content = {"state_dict": read_state(checkpoints[kind], kind), "recorder": RunsCode(touched)}
    torch.save(content, path, _use_new_zipfile_serialization=not older)
    with pytest.raises(MerflowError, match="could run code, so nothing of it was loaded"):
        load(kind, {"sha256": file_sha256(path)}, path)
    assert not touched.exists()


def test_a_bare_pickle_is_not_run(tmp_path: Path) -> None:
    touched, path = tmp_path / "touched", tmp_path / "hostile.pth"
    path.write_bytes(pickle.dumps(RunsCode(touched), protocol=2))
    with pytest.raises(MerflowError):
        load("manet", {"sha256": file_sha256(path)}, path)
    assert not touched.exists()


def test_manets_recorder_is_replaced_whichever_numpy_wrote_it(
    tmp_path: Path, checkpoints: dict[str, Path]
) -> None:
    path = tmp_path / "older-numpy.pth"
    with zipfile.ZipFile(checkpoints["manet"]) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("data.pkl"):
                assert b"c__main__\nRecorderMeter\n" in content
                assert b"cnumpy._core.multiarray\n_reconstruct" in content
                content = content.replace(b"cnumpy._core.multiarray", b"cnumpy.core.multiarray")
            new.writestr(name, content)
    assert read_state(path, "manet").keys() == read_state(checkpoints["manet"], "manet").keys()


@pytest.mark.parametrize("damage", ["empty", "cut", "text"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_damaged_files_are_told(
    damage: str, suffix: str, tmp_path: Path, checkpoints: dict[str, Path]
) -> None:
    source = checkpoints["resnet50_ferplus"]
    if suffix == ".safetensors":
        source = checkpoints["hubert"] / "model.safetensors"
    content = {"empty": b"", "cut": source.read_bytes()[:5000], "text": b"<html>gone</html>"}
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(content[damage])
    with pytest.raises(MerflowError, match="damaged or is not a"):
        load("resnet50_ferplus", {"sha256": file_sha256(path)}, path)


@pytest.mark.parametrize("content", [{}, [1, 2], {"a": 3}, {"state_dict": {}}, torch.zeros(3)])
def test_files_without_weights_are_told(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(MerflowError, match=r"holds no named weights|something else than weights"):
        read_state(tmp_path / "other.pth", "resnet50_ferplus")


def test_unknown_architectures_are_told(tmp_path: Path) -> None:
    with pytest.raises(MerflowError, match=r"vgg.*hubert, .*resnet50_ferplus, manet"):
        load("vgg", {}, tmp_path)
