"""Trainings that can be killed at any moment and go on from their last round."""

import time
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from merflow.progress import Progress
from merflow.storage.atomic import replacing

ROUND_S = 4.0
"""A kill loses so many seconds of training, and one step."""
DONE = "rounds/done"


@runtime_checkable
class Task(Protocol):
    """A training whose step ``number`` follows from its state and the number alone."""

    def step(self, number: int) -> float:
        """Do one step and return its loss."""

    def state(self) -> dict[str, Tensor]:
        """Return everything that a step changes, as the tensors themselves."""


def train(task: Task, steps: int, path: Path, recipe: str, what: str) -> None:
    """Do the steps that are not done yet; the state is saved after each round.

    Args:
        task: What is trained.
        steps: How many steps there are in all.
        path: File of the state, safetensors.
        recipe: Digest of all that decides the state; one of another recipe is not read.
        what: Name for the log.
    """
    done = _restore(task, path, recipe)
    print(f"{what}: {steps} steps, {done} kept from before, {steps - done} to do", flush=True)
    progress = Progress(what, steps - done, "steps")
    saved = time.monotonic()
    for number in range(done, steps):
        task.step(number)
        if time.monotonic() - saved >= ROUND_S or number + 1 == steps:
            _save(task, number + 1, path, recipe)
            saved = time.monotonic()
        progress.add()


def _save(task: Task, done: int, path: Path, recipe: str) -> None:
    tensors = {name: value.detach().contiguous() for name, value in task.state().items()}
    with replacing(path) as temporary:
        save_file({**tensors, DONE: torch.tensor(done)}, temporary, metadata={"recipe": recipe})


def _restore(task: Task, path: Path, recipe: str) -> int:
    """Put a saved state back in place and return how many steps it has; 0 if there is none."""
    try:
        with safe_open(path, framework="pt") as file:
            if (file.metadata() or {}).get("recipe") != recipe:
                return 0
            with torch.no_grad():
                for name, value in task.state().items():
                    value.copy_(file.get_tensor(name))
            return int(file.get_tensor(DONE))
    except (FileNotFoundError, SafetensorError):
        return 0
