"""What a killed stack goes on from: written now and then, read once, removed at the end."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from merflow.errors import MerflowError
from merflow.storage.atomic import replacing
from merflow.storage.tensors import TensorFile, write_tensors
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
        models: Parameters and moments of the models of those that had not ended.
        best: Parameters of their kept epochs, by reading.
        seen: What their watches had seen.
        lost: By name, what was told of those that had diverged.
    """

    models: "State"
    best: dict[str, "State"]
    seen: list[dict[str, Any]]
    lost: dict[str, dict[str, Any]]


class Checkpoint:
    """One file of a stack in training."""

    def __init__(self, path: Path, every_s: float | None = None):
        """Take the place of a file, which is called by all that decides the stack's training.

        Args:
            path: The file.
            every_s: Seconds between two writings; :data:`EVERY_S` by default.
        """
        self.path, self.every_s = path, EVERY_S if every_s is None else every_s
        self._last = time.monotonic()

    def write(self, stack: "Stack") -> None:
        """Write how far a stack is, unless that was done a moment ago."""
        if not stack.watches or time.monotonic() - self._last < self.every_s:
            return
        tensors = {f"models/{name}": value for name, value in stack.models.state().items()}
        for reading, state in stack.best.items():
            tensors |= {f"{reading}/{name}": value for name, value in state.items()}
        arrays = {name: value.cpu().numpy() for name, value in sorted(tensors.items())}
        seen = {name_of(watch.member): watch.progress() for watch in stack.watches}
        lost = {name: asdict(diverged) for name, diverged in stack.lost.items()}
        with replacing(self.path) as temporary:
            write_tensors(temporary, arrays, {"seen": json.dumps(seen), "lost": json.dumps(lost)})
        self._last = time.monotonic()

    def read(self, members: Sequence["CrossValidation"]) -> Found | None:
        """Return how far the members were; None where nothing usable is there of one of them.

        The file may tell of more: what had not ended by then may have ended since. A file that is
        damaged, or that something else has written, is as good as none.
        """
        try:
            file = TensorFile(self.path)
            told, lost = json.loads(file.said["seen"]), json.loads(file.said["lost"])
            arrays = {name: file.tensor(name) for name in file.names}
        except (OSError, MerflowError, ValueError, KeyError):
            return None
        names = [name_of(member) for member in members]
        if not set(names) <= set(told) | set(lost):
            return None
        own = [name for name in names if name not in lost]
        order, folds = list(told), members[0].folds
        rows = np.array([order.index(n) * folds + f for n in own for f in range(folds)], dtype=int)
        parts: dict[str, State] = {"models": {}, **{reading: {} for reading in READINGS}}
        for name, array in arrays.items():
            part, _, tensor = name.partition("/")
            parts[part][tensor] = torch.from_numpy(array[rows])
        return Found(
            models=parts.pop("models"),
            best=parts,
            seen=[told[name] for name in own],
            lost={name: lost[name] for name in names if name in lost},
        )

    def remove(self) -> None:
        """Forget it, and what a kill in the middle of a writing left: the stack has ended."""
        self.path.unlink(missing_ok=True)
        for torn in self.path.parent.glob(f".{self.path.stem}.*{self.path.suffix}"):
            torn.unlink(missing_ok=True)


def name_of(member: "CrossValidation") -> str:
    """Return what a cross-validation is called in the file."""
    return f"{member.name}|seed {member.seed}"
