"""Fetching from servers on this machine: whole, cut short, wrong, missing, and none at all."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hub_server import COMMIT, Server, serving
from small_project import make_project

from merflow.encoders.load import load
from merflow.encoders.manet import MANet
from merflow.encoders.resnet50_ferplus import ResNet50FerPlus
from merflow.encoders.sources import weights_path
from merflow.encoders.stock import fetch as fetching
from merflow.encoders.stock.checkpoints import ADDRESSES, RESNET50_FILE
from merflow.encoders.stock.fetch import fetch
from merflow.errors import MerflowError

NAME = "somebody/small-hubert"
HL = {"architecture": "hubert", "layers": 3, "weights": f"{NAME}@main", "sha256": None}
RF = {"architecture": "resnet50_ferplus", "weights": RESNET50_FILE, "sha256": None}
WEIGHTS = f"{NAME}/model.safetensors"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server that stands for the hub and for the site of the ResNet; the cwd is empty."""
    monkeypatch.chdir(tmp_path)
    # Loading transformers in this process has switched the hub's client off.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with serving() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setitem(ADDRESSES, "resnet50_ferplus", f"{server.address}/{RESNET50_FILE}")
        yield server


@pytest.fixture
def hub(server: Server, checkpoints: dict[str, Path]) -> Server:
    """The server with a small HuBERT."""
    for file in checkpoints["hubert"].iterdir():
        server.files[f"{NAME}/{file.name}"] = file.read_bytes()
    return server


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file with the names and shapes of the public ResNet, all zeros."""
    return _zeros(ResNet50FerPlus, tmp_path_factory.mktemp("resnet"))


def _zeros(network: Callable[[], torch.nn.Module], folder: Path) -> bytes:
    with torch.device("meta"):
        state = network().state_dict()
    # One zero for all numbers of a tensor: the file stays small.
    zeros = {k: torch.zeros((), dtype=v.dtype).expand(v.shape) for k, v in state.items()}
    torch.save(zeros, folder / "zeros.pth")
    return (folder / "zeros.pth").read_bytes()


def left() -> list[str]:
    """Everything under the cwd."""
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def closed_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_model_of_the_hub_comes_whole_and_loads_without_network(
    hub: Server, checkpoints: dict[str, Path], sound: Callable[[int], np.ndarray]
) -> None:
    hub.files[f"{NAME}/README.md"] = b"not asked for"
    hub.files[f"{NAME}/pytorch_model.bin"] = b"not asked for while there is safetensors"
    path = weights_path(str(HL["weights"]))
    said = fetch("HL", HL, path)
    digest = hashlib.sha256(hub.files[WEIGHTS]).hexdigest()
    assert all(part in said for part in (digest, COMMIT, str(path), "not pinned"))
    names = ("config.json", "model.safetensors", "preprocessor_config.json")
    assert left() == [str(path / name) for name in names]
    asked = len(hub.asked)
    assert "there already" in fetch("HL", HL, path)
    assert len(hub.asked) == asked
    os.environ["HF_ENDPOINT"] = closed_address()
    clip = sound(4_000)
    there, here = load("hubert", HL, path), load("hubert", HL, checkpoints["hubert"])
    assert there.digest == digest
    for layer, vector in here.encode([clip])[0].items():
        np.testing.assert_array_equal(there.encode([clip])[0][layer], vector)


def test_older_weights_are_taken_where_there_is_nothing_newer(hub: Server, tmp_path: Path) -> None:
    from safetensors.torch import load as parse

    state = parse(hub.files.pop(WEIGHTS))
    torch.save(state, tmp_path / "old.bin")
    hub.files[f"{NAME}/pytorch_model.bin"] = (tmp_path / "old.bin").read_bytes()
    path = weights_path(str(HL["weights"]))
    fetch("HL", HL, path)
    assert (path / "pytorch_model.bin").is_file()


def test_only_what_is_missing_is_fetched(hub: Server) -> None:
    path = weights_path(str(HL["weights"]))
    path.mkdir(parents=True)
    (path / "model.safetensors").write_bytes(hub.files[WEIGHTS])
    (path / "config.json").write_bytes(hub.files[f"{NAME}/config.json"])
    fetch("HL", HL, path)
    assert (path / "preprocessor_config.json").is_file()
    assert not any("model.safetensors" in line for line in hub.asked)


def test_a_fetch_that_was_cut_short_leaves_nothing_half_and_goes_on_later(
    hub: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    hub.cut[WEIGHTS] = 1000
    path = weights_path(str(HL["weights"]))
    with pytest.raises(MerflowError, match="fetch again"):
        fetch("HL", HL, path)
    assert not path.exists()
    hub.cut.clear()
    before = len(hub.asked)
    fetch("HL", HL, path)
    assert (path / "model.safetensors").read_bytes() == hub.files[WEIGHTS]
    assert not any(
        "GET" in line and "resolve" in line and ".json" in line for line in hub.asked[before:]
    )
    assert len(left()) == 3


@pytest.mark.parametrize("who", ["pinned", "promised"])
def test_wrong_digests_are_told_and_nothing_is_kept(hub: Server, who: str) -> None:
    spec = dict(HL)
    if who == "pinned":
        spec["sha256"] = "a" * 64
    else:
        hub.promised[WEIGHTS] = "a" * 64
    with pytest.raises(MerflowError, match=r"a{64}.*not kept"):
        fetch("HL", spec, weights_path(str(HL["weights"])))
    assert left() == []


def test_a_pinned_digest_is_confirmed_and_files_that_are_there_are_compared(hub: Server) -> None:
    path = weights_path(str(HL["weights"]))
    pinned = {**HL, "sha256": hashlib.sha256(hub.files[WEIGHTS]).hexdigest()}
    assert "as pinned" in fetch("HL", pinned, path)
    assert "the pinned one" in fetch("HL", pinned, path)
    with pytest.raises(MerflowError, match=r"params.yaml declares"):
        fetch("HL", {**HL, "sha256": "b" * 64}, path)


def test_another_kind_of_model_is_told_before_its_weights_are_fetched(hub: Server) -> None:
    other = {**HL, "architecture": "wavlm"}
    with pytest.raises(MerflowError, match=r"type hubert, not wavlm"):
        fetch("HL", other, weights_path(str(HL["weights"])))
    assert not any("safetensors" in line for line in hub.asked)


@pytest.mark.parametrize(
    ("weights", "said"),
    [("nobody/nothing@main", "no model nobody/nothing"), (f"{NAME}@63cbc61", "all its 40 digits")],
)
def test_unknown_models_and_revisions_are_told(hub: Server, weights: str, said: str) -> None:
    with pytest.raises(MerflowError, match=said):
        fetch("HL", {**HL, "weights": weights}, weights_path(weights))
    assert left() == []


def test_models_without_weights_or_settings_are_told(hub: Server) -> None:
    path = weights_path(str(HL["weights"]))
    del hub.files[f"{NAME}/preprocessor_config.json"]
    with pytest.raises(MerflowError, match=r"preprocessor_config.json"):
        fetch("HL", HL, path)
    del hub.files[WEIGHTS]
    with pytest.raises(MerflowError, match=r"neither model.safetensors nor pytorch_model.bin"):
        fetch("HL", HL, path)
    assert not path.exists()


def test_damaged_and_harmful_files_are_not_kept(hub: Server) -> None:
    hub.files[WEIGHTS] = b"<html>Please log in</html>"
    with pytest.raises(MerflowError, match=r"damaged.*not kept") as told:
        fetch("HL", HL, weights_path(str(HL["weights"])))
    assert ".part" not in str(told.value)
    assert left() == []


def test_paths_do_not_say_where_to_get_a_speech_network(tmp_path: Path) -> None:
    with pytest.raises(MerflowError, match=r"OWNER/NAME@REVISION"):
        fetch("HL", {**HL, "weights": "some/folder"}, tmp_path / "some/folder")


def test_a_single_file_comes_whole(server: Server, resnet: bytes) -> None:
    server.files[RESNET50_FILE] = resnet
    said = fetch("RF", RF, Path("deep/down/file.pth"))
    assert left() == ["deep/down/file.pth"]
    assert Path("deep/down/file.pth").read_bytes() == resnet
    assert hashlib.sha256(resnet).hexdigest() in said
    assert "all names and shapes" in said
    load("resnet50_ferplus", RF, Path("deep/down/file.pth"))
    Path("folder").mkdir()
    fetch("RF", RF, Path("folder"))
    assert Path("folder", RESNET50_FILE).is_file()


def test_a_single_file_that_is_not_what_it_should_be_is_not_kept(
    server: Server, resnet: bytes, tmp_path: Path
) -> None:
    server.files[RESNET50_FILE] = resnet
    path = Path("weights") / RESNET50_FILE
    with pytest.raises(MerflowError, match=r"a{64}.*not kept"):
        fetch("RF", {**RF, "sha256": "a" * 64}, path)
    server.cut[RESNET50_FILE] = 1000
    with pytest.raises(MerflowError, match=rf"1000 of {len(resnet)} bytes"):
        fetch("RF", RF, path)
    server.cut.clear()
    server.files[RESNET50_FILE] = b"<html>Moved</html>"
    with pytest.raises(MerflowError, match=r"damaged.*not kept"):
        fetch("RF", RF, path)
    server.files[RESNET50_FILE] = _zeros(MANet, tmp_path)
    (tmp_path / "zeros.pth").unlink()
    with pytest.raises(MerflowError, match=r"checkpoint of manet, not of resnet50_ferplus"):
        fetch("RF", RF, path)
    del server.files[RESNET50_FILE]
    with pytest.raises(MerflowError, match="answered 404"):
        fetch("RF", RF, path)
    assert left() == []


def test_without_any_server_the_host_is_named(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = closed_address()
    host = address.removeprefix("http://")
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.setitem(ADDRESSES, "resnet50_ferplus", f"{address}/{RESNET50_FILE}")
    with pytest.raises(MerflowError, match=f"{host} could not be reached for {NAME}"):
        fetch("HL", HL, weights_path(str(HL["weights"])))
    with pytest.raises(MerflowError, match=f"{host} could not be reached for {RESNET50_FILE}"):
        fetch("RF", RF, Path(RESNET50_FILE))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(MerflowError, match=r"HF_HUB_OFFLINE is set"):
        fetch("HL", HL, weights_path(str(HL["weights"])))
    assert left() == []


def test_places_that_cannot_be_written_are_told(hub: Server, resnet: bytes) -> None:
    hub.files[RESNET50_FILE] = resnet
    Path("data").touch()
    with pytest.raises(MerflowError, match=r"data.* cannot be written"):
        fetch("HL", HL, weights_path(str(HL["weights"])))
    with pytest.raises(MerflowError, match=r"data.* cannot be written"):
        fetch("RF", RF, Path("data/file.pth"))


def test_what_cannot_or_need_not_be_fetched_is_told(tmp_path: Path) -> None:
    manet = {"architecture": "manet", "weights": "manet.pth", "sha256": None}
    with pytest.raises(MerflowError, match=r"by hand.*acc88.33.*manet.pth"):
        fetch("MR", manet, tmp_path / "manet.pth")
    assert "nothing to fetch" in fetch("E", {"architecture": "egemaps"}, None)
    assert "nothing to fetch" in fetch("HL", {**HL, "weights": "demo"}, tmp_path)


def test_fetching_imports_nothing_that_switches_the_network_off() -> None:
    code = (
        "import sys, os, merflow.encoders.stock.fetch; "
        "assert 'transformers' not in sys.modules; assert 'HF_HUB_OFFLINE' not in os.environ"
    )
    own = {k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"}
    subprocess.run([sys.executable, "-c", code], check=True, env=own)


def test_one_that_fails_does_not_keep_the_others(
    hub: Server, resnet: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable
) -> None:
    encoders = {"HL": {**HL, "weights": "nobody/nothing@main"}, "RF": RF, "H2": HL}
    folder = make_project(tmp_path / "project", encoders)
    monkeypatch.chdir(folder)
    hub.files[RESNET50_FILE] = resnet
    result = run("encoders", "fetch")
    assert isinstance(result.exception, MerflowError)
    assert "1 of 3" in str(result.exception)
    assert str(result.exception).endswith("HL")
    assert (folder / RESNET50_FILE).is_file()
    assert (folder / weights_path(str(HL["weights"])) / "model.safetensors").is_file()
    assert run("encoders", "fetch", "RF", "H2").exit_code == 0
    shutil.rmtree(folder / weights_path(str(HL["weights"])))
    assert run("encoders", "fetch", "H2").exit_code == 0
    assert "no encoder 'XX'" in str(run("encoders", "fetch", "XX").exception)


def test_the_hub_is_the_public_one_unless_a_mirror_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert fetching.hub.endpoint() == "https://huggingface.co"
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert fetching.hub.endpoint() == "https://mirror.example"
    assert json.dumps(ADDRESSES).count("robots.ox.ac.uk") == 1
