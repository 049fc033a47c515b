"""What a killed stack goes on from: written now and then, read once, removed at the end."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from merflow.storage.atomic import replacing
from merflow.training.readings import READINGS

if TYPE_CHECKING:
    from merflow.training.engine.models import State
    from merflow.training.engine.stack import Stack
    from merflow.training.engine.watch import CrossValidation

# A kill costs at most about this much work. A training does not depend on when it is written.
EVERY_S = 60.0


@dataclass(frozen=True)
class Found:
    """How far the cross-validations of a stack were.

    Attributes:
        models: Parameters and moments of their models.
        best: Parameters of the kept epochs, by reading.
        seen: What their watches had seen.
    """

    models: "State"
    best: dict[str, "State"]
    seen: list[dict[str, Any]]


class Checkpoint:
    """One file of a stack in training."""

    def __init__(self, path: Path, every_s: float = EVERY_S):
        """Take the place of a file, which is called by all that decides the stack's training.

        Args:
            path: The file.
            every_s: Seconds between two writings.
        """
        self.path, self.every_s = path, every_s
        self._last = time.monotonic()

    def write(self, stack: "Stack") -> None:
        """Write how far a stack is, unless that was done a moment ago."""
        if not stack.watches or time.monotonic() - self._last < self.every_s:
            return
        tensors = {f"models/{name}": value for name, value in stack.models.state().items()}
        for reading, state in stack.best.items():
            tensors |= {f"{reading}/{name}": value for name, value in state.items()}
        tensors = {name: value.cpu().contiguous() for name, value in sorted(tensors.items())}
        told = {name_of(watch.member): watch.progress() for watch in stack.watches}
        with replacing(self.path) as temporary:
            save_file(tensors, temporary, metadata={"seen": json.dumps(told)})
        self._last = time.monotonic()

    def read(self, members: Sequence["CrossValidation"]) -> Found | None:
        """Return how far the members were; None where nothing usable is there of one of them.

        The file may tell of more: what had not ended by then may have ended since.
        """
        try:
            with safe_open(self.path, framework="pt") as file:
                told = json.loads(file.metadata()["seen"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            return None
        names = [name_of(member) for member in members]
        if not set(names) <= set(told):
            return None
        order, folds = list(told), members[0].folds
        rows = torch.tensor([order.index(n) * folds + f for n in names for f in range(folds)])
        parts: dict[str, State] = {"models": {}, **{reading: {} for reading in READINGS}}
        for name, value in tensors.items():
            part, _, own = name.partition("/")
            parts[part][own] = value[rows]
        best = {reading: parts[reading] for reading in READINGS}
        return Found(parts["models"], best, [told[name] for name in names])

    def remove(self) -> None:
        """Forget it: the stack has ended."""
        self.path.unlink(missing_ok=True)


def name_of(member: "CrossValidation") -> str:
    """Return what a cross-validation is called in the file."""
    return f"{member.name}|seed {member.seed}"
