"""Small checkpoints and random weights for the tests of the encoders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from merflow.encoders.demo.write import write_demo

SPECS: dict[str, dict[str, Any]] = {
    "hubert": {
        "layers": 3,
        "weights": "demo",
        "sha256": None,
        "demo": {"seed": 1, "width": 16, "speakers": 0, "steps": 0},
    },
    "resnet50_ferplus": {
        "weights": "demo",
        "sha256": None,
        "demo": {"seed": 2, "width": 4, "speakers": 0, "steps": 0},
    },
    "manet": {
        "weights": "demo",
        "sha256": None,
        "demo": {"seed": 3, "width": 8, "speakers": 0, "steps": 0},
    },
}


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def specs() -> dict[str, dict[str, Any]]:
    return SPECS


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One demo checkpoint of each kind; tests must not write to them."""
    folder = tmp_path_factory.mktemp("checkpoints")
    paths = {kind: folder / (kind if kind == "hubert" else f"{kind}.pth") for kind in SPECS}
    for kind, path in paths.items():
        write_demo(kind, SPECS[kind], path)
    return paths


@pytest.fixture
def crops() -> Callable[[int], np.ndarray]:
    """Make random crops, uint8 [frames, 112, 112, 3]."""
    random = np.random.default_rng(7)
    return lambda frames: random.integers(0, 256, (frames, 112, 112, 3), dtype=np.uint8)


@pytest.fixture
def sound() -> Callable[[int], np.ndarray]:
    """Make random sounds, float32 [samples]."""
    random = np.random.default_rng(8)
    return lambda samples: (0.1 * random.standard_normal(samples)).astype(np.float32)


@pytest.fixture
def randomised() -> Callable[[torch.nn.Module], torch.nn.Module]:
    """Fill a network with random weights, statistics and affines, in float64 and eval mode."""

    def fill(network: torch.nn.Module) -> torch.nn.Module:
        draw = torch.Generator().manual_seed(5)
        network.double().eval().requires_grad_(False)
        for name, value in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                value.fill_(9)
            elif name.endswith("running_var"):
                value.copy_(0.5 + torch.rand(value.shape, generator=draw, dtype=value.dtype))
            elif value.ndim == 1:
                value.copy_(0.5 + 0.5 * torch.randn(value.shape, generator=draw).double())
            else:
                spread = (2 / value[0].numel()) ** 0.5
                value.copy_(spread * torch.randn(value.shape, generator=draw).double())
        return network

    return fill
