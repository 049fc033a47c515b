"""Finished trainings, kept by what they depend on, so that none is done twice.

One part holds one seed of one model: its predictions by reading, its learning curves and its
weights. A job that was killed finds the seeds it had finished; a seed added to the settings, or
other shards of the same features, train nothing that was trained before.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import save_file
from torch import Tensor

from merflow.storage.atomic import disk_errors, write_text
from merflow.storage.digest import code_digest, file_sha256, settings_digest
from merflow.training.data import Dataset
from merflow.training.readings import READINGS
from merflow.training.spec import Spec, Training

CURVES, WEIGHTS, MARK = "curves.parquet", "weights.safetensors", "complete.json"
TRAINING_CODE = ("merflow.training", "merflow.seeds")


@dataclass(frozen=True)
class Trained:
    """What one seed of a model leaves behind, in memory.

    Attributes:
        predictions: One table for each reading.
        curves: The learning curves.
        weights: Tensors by name; none where they are not kept.
        about: Metadata of the weight file: one key alone, as the order of several is not fixed.
    """

    predictions: Mapping[str, pd.DataFrame]
    curves: pd.DataFrame
    weights: Mapping[str, Tensor]
    about: Mapping[str, str]


@dataclass(frozen=True)
class Part:
    """A finished seed in the store.

    Attributes:
        folder: Where its files lie.
    """

    folder: Path

    def predictions(self, reading: str) -> pd.DataFrame:
        """Return the predictions of one reading."""
        return pd.read_parquet(self.folder / f"{reading}.parquet")

    def curves(self) -> pd.DataFrame:
        """Return the learning curves."""
        return pd.read_parquet(self.folder / CURVES)

    @property
    def weights(self) -> Path:
        """The weight file."""
        return self.folder / WEIGHTS


@dataclass(frozen=True)
class TrainingStore:
    """The finished seeds of one model.

    Attributes:
        folder: Where all models keep theirs.
        recipe: From :func:`recipe_of`.
    """

    folder: Path
    recipe: str

    def find(self, seed: int) -> Part | None:
        """Return the part of a seed if it is there and whole."""
        folder = self._folder(seed)
        return Part(folder) if _is_whole(folder) else None

    def put(self, seed: int, trained: Trained) -> Part:
        """Keep a seed, in the place of whatever a kill has left of it.

        Another job may have trained the same: systems that differ in their names alone share it.
        """
        folder = self._folder(seed)
        there = self.find(seed)
        if there is not None:
            return there
        working = folder.with_name(f".{folder.name}.{os.getpid()}")
        self._forget(folder)
        try:
            with disk_errors(folder, working / ".probe"):
                _write(trained, working)
        except BaseException:
            shutil.rmtree(working, ignore_errors=True)
            raise
        try:
            working.rename(folder)
        except OSError:
            # The other job was first.
            shutil.rmtree(working)
            there = self.find(seed)
            if there is None:
                raise
            return there
        return Part(folder)

    def _folder(self, seed: int) -> Path:
        return self.folder / self.recipe / f"seed-{seed}"

    def _forget(self, folder: Path) -> None:
        """Remove what a kill left of this seed, or what is damaged of it."""
        for torn in (folder, *folder.parent.glob(f".{folder.name}.*")):
            if torn.exists() and not _in_hand(torn):
                shutil.rmtree(torn)


def _write(trained: Trained, working: Path) -> None:
    """Write all that is kept of a seed into a new folder, the mark of a whole one last."""
    working.mkdir(parents=True)
    for reading in READINGS:
        trained.predictions[reading].to_parquet(working / f"{reading}.parquet", index=False)
    trained.curves.to_parquet(working / CURVES, index=False)
    if trained.weights:
        tensors = dict(sorted(trained.weights.items()))
        save_file(tensors, working / WEIGHTS, metadata=dict(trained.about))
    sums = {path.name: file_sha256(path) for path in sorted(working.iterdir())}
    write_text(working / MARK, json.dumps(sums))


def _in_hand(folder: Path) -> bool:
    """Say whether a process that is alive is writing a folder."""
    _, _, process = folder.name.rpartition(".")
    if not folder.name.startswith(".") or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return int(process) != os.getpid()


def recipe_of(spec: Spec, how: Training, data: Dataset, *code: str) -> str:
    """Return the digest of all that decides a training but its seed; PyTorch's version too.

    Args:
        spec: The settings of the command; what a system is called does not count.
        how: The settings of the training, without the choices that ``spec`` may leave.
        data: Labels, folds and features, by content.
        code: Packages beside ``merflow.training`` that decide the result.
    """
    settings = {**spec, "training": how.settings(), "name": None}
    # Another version of PyTorch rounds otherwise; builds of one version are not told apart.
    version = torch.__version__.partition("+")[0]
    told = [settings, data.digest, code_digest(*TRAINING_CODE, *code), version]
    return settings_digest(told)[:32]


def _is_whole(folder: Path) -> bool:
    """Say whether every file of a part is there as it was written."""
    try:
        sums = json.loads((folder / MARK).read_text(encoding="utf-8"))
        return all(file_sha256(folder / name) == digest for name, digest in sums.items())
    except (OSError, ValueError, AttributeError):
        return False
