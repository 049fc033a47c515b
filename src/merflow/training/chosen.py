"""Choosing among the settings that a training leaves open, inside the honest protocol alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from merflow.storage.atomic import hard_link, replacing
from merflow.training.readings import choose_candidates
from merflow.training.spec import CHOICES, Training
from merflow.training.store import Part


@dataclass(frozen=True)
class Chosen:
    """One seed of a task: of each fold the models with the settings chosen for it.

    Attributes:
        seed: Training seed.
        parts: Finished trainings, one for each choice of settings.
        settings: Of each part.
        of_fold: Index of the part chosen for each fold.
        open: Whether there was more than one choice to begin with.
    """

    seed: int
    parts: Sequence[Part]
    settings: Sequence[Training]
    of_fold: Sequence[int]
    open: bool

    def predictions(self, reading: str) -> pd.DataFrame:
        """Return the predictions of one reading."""
        frames = [part.predictions(reading) for part in self.parts]
        if not self.open:
            return frames[0]
        own = [frames[part][frames[part]["fold"] == f] for f, part in enumerate(self.of_fold)]
        return pd.concat(own, ignore_index=True)

    def curves(self) -> pd.DataFrame:
        """Return the learning curves; with a choice, its settings and whether a fold took them."""
        if not self.open:
            return self.parts[0].curves()
        frames = []
        for number, (part, how) in enumerate(zip(self.parts, self.settings, strict=True)):
            frame = part.curves()
            taken = frame["fold"].map(dict(enumerate(self.of_fold))) == number
            frames.append(frame.assign(**{key: getattr(how, key) for key in CHOICES}, taken=taken))
        return pd.concat(frames, ignore_index=True)

    def write_weights(self, path: Path) -> None:
        """Write the weights of each fold's model as one file."""
        if not self.open:
            return hard_link(self.parts[0].weights, path)
        tensors: dict[str, Tensor] = {}
        about: dict[str, str] = {}
        for fold, number in enumerate(self.of_fold):
            with safe_open(self.parts[number].weights, framework="pt") as file:
                about = file.metadata()
                own = [name for name in file.keys() if name.startswith(f"fold{fold}/")]  # noqa: SIM118
                tensors |= {name: file.get_tensor(name) for name in own}
        with replacing(path) as temporary:
            save_file(dict(sorted(tensors.items())), temporary, metadata=about)
        return None


def choose_parts(seed: int, there: Sequence[tuple[Training, Part]], open_choice: bool) -> Chosen:
    """Choose among the finished trainings of one seed.

    Args:
        seed: Training seed.
        there: Settings and part of each, in the order in which ties are decided.
        open_choice: Whether there was more than one choice to begin with.
    """
    settings, parts = [how for how, _ in there], [part for _, part in there]
    of_fold: Sequence[int] = []
    if open_choice:
        read = [_criteria(part.curves()) for part in parts]
        held, inner = [held for held, _ in read], [inner for _, inner in read]
        of_fold = choose_candidates(held, inner, settings[0].patience).tolist()
    return Chosen(seed, parts, settings, of_fold, open_choice)


def _criteria(curves: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the score on the held-out fold, and on the inner one, by fold and epoch."""
    name = "com" if "com" in curves else "weighted_f1"
    held = curves.pivot(index="fold", columns="epoch", values=name).to_numpy()
    if "inner" not in curves:
        return held, None
    return held, curves.pivot(index="fold", columns="epoch", values="inner").to_numpy()
