"""Teaching the demo encoders: losses fall, a kill costs nothing but time, checkpoints load."""

from pathlib import Path

import numpy as np
import pytest
import torch

from merflow.encoders.demo import listening, looking, rounds
from merflow.encoders.demo.actions import ACTIONS, faces_of
from merflow.encoders.demo.initial import build_hubert, initialise
from merflow.encoders.demo.listening import MaskedPrediction
from merflow.encoders.demo.looking import ActionRegression
from merflow.encoders.demo.optimiser import Adam
from merflow.encoders.demo.write import _face_network, write_demo
from merflow.encoders.load import load
from merflow.storage.digest import file_sha256

TAUGHT = {
    "hubert": {"layers": 6, "demo": {"seed": 1, "width": 16, "speakers": 1, "steps": 4}},
    "resnet50_ferplus": {"demo": {"seed": 2, "width": 4, "speakers": 1, "steps": 4}},
    "manet": {"demo": {"seed": 3, "width": 4, "speakers": 1, "steps": 4}},
}


class KilledError(Exception):
    """Stands for a kill."""


def bytes_of(path: Path) -> dict[str, str]:
    files = [path] if path.is_file() else sorted(path.iterdir())
    return {file.name if path.is_dir() else "": file_sha256(file) for file in files}


@pytest.mark.parametrize("kind", TAUGHT)
def test_a_killed_teaching_goes_on_and_gives_the_same_bytes(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    spec = {**TAUGHT[kind], "weights": "demo", "sha256": None}
    straight, killed = tmp_path / "straight.pth", tmp_path / "killed.pth"
    write_demo(kind, TAUGHT[kind], straight)
    monkeypatch.setattr(rounds, "ROUND_S", 0.0)  # a round is a step
    task = MaskedPrediction if kind == "hubert" else ActionRegression
    step = task.step

    def killed_at_two(self: object, number: int) -> float:
        if number == 2:
            raise KilledError
        return step(self, number)

    monkeypatch.setattr(task, "step", killed_at_two)
    with pytest.raises(KilledError):
        write_demo(kind, TAUGHT[kind], killed)
    assert not killed.exists()
    monkeypatch.setattr(task, "step", step)
    capsys.readouterr()
    write_demo(kind, TAUGHT[kind], killed)
    told = capsys.readouterr().out
    assert "1 items, 1 kept from before" in told
    assert "4 steps, 2 kept from before, 2 to do" in told
    assert bytes_of(killed) == bytes_of(straight)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".pretraining")]
    assert load(kind, spec, killed).layers
    untaught = {**TAUGHT[kind], "demo": {**TAUGHT[kind]["demo"], "steps": 0}}
    write_demo(kind, untaught, killed)
    assert bytes_of(killed) != bytes_of(straight)


def test_other_settings_keep_nothing(tmp_path: Path) -> None:
    layer = torch.nn.Linear(2, 1)

    class Task:
        def step(self, number: int) -> float:
            layer.weight.data.add_(1)
            return 0.0

        def state(self) -> dict[str, torch.Tensor]:
            return {"weight": layer.weight.detach()}

    state = tmp_path / "state.safetensors"
    rounds.train(Task(), 3, state, "one", "x")
    before = layer.weight.detach().clone()
    rounds.train(Task(), 3, state, "one", "x")
    assert torch.equal(layer.weight, before)
    rounds.train(Task(), 3, state, "other", "x")
    assert torch.equal(layer.weight, before + 3)
    state.write_bytes(b"torn")
    rounds.train(Task(), 3, state, "other", "x")
    assert torch.equal(layer.weight, before + 6)


def test_masked_prediction_learns() -> None:
    random = np.random.default_rng(0)
    codes = np.repeat(random.integers(0, 3, (12, 10, 4)), 5, axis=1)[:, :49]
    time = np.arange(48 * 320 + 400)
    pitch = 100.0 * 2 ** codes[..., 3].repeat(320, axis=1)
    pitch = np.pad(pitch, ((0, 0), (0, 80)), mode="edge")
    sounds = np.sin(2 * np.pi * pitch * time / 16_000).astype(np.float32)
    model = build_hubert(16, 6)
    initialise(model, 1, "hubert")
    task = MaskedPrediction(model, 1, 40, sounds, codes)
    losses = [task.step(number) for number in range(40)]
    assert np.mean(losses[-5:]) < 0.98 * np.mean(losses[:5])
    assert len(task.model.encoder.layers) == 6
    share = listening.STAGES[-1][1]
    assert share == 1.0  # in the end all layers have joined


def test_hidden_frames_are_hidden() -> None:
    model = build_hubert(16, 2)
    initialise(model, 1, "hubert")
    codes = np.zeros((2, 49, 4), np.int64)
    sounds = np.random.default_rng(0).standard_normal((2, 48 * 320 + 400)).astype(np.float32)
    task = MaskedPrediction(model, 1, 10, sounds, codes)
    hidden = torch.ones(1, 49, dtype=torch.bool)
    scores = [
        task.model(torch.from_numpy(sounds[i : i + 1]), mask_time_indices=hidden).last_hidden_state
        for i in range(2)
    ]
    assert torch.equal(*scores)


@pytest.mark.parametrize("kind", ["resnet50_ferplus", "manet"])
def test_action_regression_learns(kind: str) -> None:
    made = [faces_of(1, number) for number in range(2)]
    crops = np.concatenate([speaker["crops"] for speaker in made])
    actions = np.concatenate([speaker["actions"] for speaker in made])
    network, _ = _face_network(kind, 4)
    initialise(network, 1, kind)
    task = ActionRegression(network, kind, 1, 20, crops, actions)
    start = float(task.loss(*task.batch(0)).detach())
    losses = [task.step(number) for number in range(20)]
    assert np.mean(losses[-4:]) < 0.95 * start
    assert task.batch(0)[0].shape[2] == 112
    assert task.batch(19)[0].shape[2] == 224
    assert task.batch(0)[1].shape == (32, len(ACTIONS) + 1)
    task.finish()
    assert not network.training
    assert not any(module._forward_pre_hooks for module in network.modules())
    for name, value in network.state_dict().items():
        if name.endswith("running_var"):
            assert bool((value > 0).all())


def test_every_face_is_shown_once_before_any_comes_again() -> None:
    made = faces_of(1, 0)
    network, _ = _face_network("manet", 4)
    crops = np.repeat(made["crops"], 4, axis=0)
    actions = np.repeat(made["actions"], 4, axis=0) + np.arange(64, dtype=np.float32)[:, None]
    task = ActionRegression(network, "manet", 1, 8, crops, actions)
    chosen = np.concatenate([task._chosen(number, 16) for number in range(4)])
    assert sorted(chosen) == list(range(64))
    assert looking.HALF_BATCH == 32


def test_adam_is_pytorchs_and_cuts_long_gradients() -> None:
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(5, 3, generator=generator)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    unused = torch.nn.Parameter(torch.ones(2))
    adam = Adam({"a": ours, "b": unused}, 0.95, 0.1, {"a": 0.5})
    reference = torch.optim.AdamW([theirs], lr=0.005, betas=(0.9, 0.95), weight_decay=0.1)
    for number in range(5):
        gradient = torch.randn(5, 3, generator=generator) * 10 ** (number - 2)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        torch.nn.utils.clip_grad_norm_([theirs], 1.0)
        adam.step(0.01, 1.0)
        reference.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    assert torch.equal(unused, torch.ones(2))
