"""The weights that a training keeps, as models that predict again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float64
from safetensors import SafetensorError, safe_open
from torch import Tensor

from merflow.errors import MerflowError
from merflow.fusion.system import SystemSpec
from merflow.training.data import Dataset
from merflow.training.engine.models import Models
from merflow.training.engine.tables import DTYPES
from merflow.training.partition import Partition, Standardiser

NO_ROWS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class KeptModel:
    """The model of one fold, at the epoch that the honest reading keeps.

    Attributes:
        fold: The fold that it did not train on.
        models: The model, as a stack of one.
        standardiser: Of its clean training clips.
    """

    fold: int
    models: Models
    standardiser: Standardiser

    def predict(self, data: Dataset) -> Float64[np.ndarray, "clips outputs"]:
        """Return class probabilities and, if there is one, valence of the clean rows of a dataset.

        They are standardised and rounded as in training; what a clip lacks is the training mean.
        """
        role = Partition(self.fold, NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS, self.standardiser)
        ends = np.cumsum(data.dims).tolist()
        dtype, features = DTYPES[self.models.how.precision], []
        for first, end in zip([0, *ends], ends, strict=False):
            table = np.empty((len(data.labels), end - first), np.float32)
            role.standardise(data, slice(first, end), table)
            features.append(torch.from_numpy(table).to(dtype)[None])
        found: Float64[np.ndarray, "clips outputs"] = self.models.predict(features)[0].numpy()
        return found


def read_kept(path: Path, system: SystemSpec, seed: int, folds: int) -> list[KeptModel]:
    """Return the model of each fold from a file ``weights-seed<s>.safetensors``.

    Where the training chose among widths each fold may have its own.

    Args:
        path: Written by :func:`merflow.fusion.train.train_systems`.
        system: What was trained.
        seed: Of the training.
        folds: How many folds there are.

    Raises:
        MerflowError: The file is missing or damaged, or holds another system, seed or form.
    """
    tensors, about = _read(path)
    wanted = {"features": list(system.features), "seed": seed}
    if about != wanted:
        raise _other(path, f"its features and seed are {about}, not {wanted}")
    by_fold: dict[str, dict[str, Tensor]] = {f"fold{fold}": {} for fold in range(folds)}
    for name, tensor in tensors.items():
        fold, _, rest = name.partition("/")
        if fold not in by_fold:
            raise _other(path, f"it holds {name}, but there are {folds} folds")
        by_fold[fold][rest] = tensor
    return [_model(path, system, seed, f, by_fold[f"fold{f}"]) for f in range(folds)]


def _read(path: Path) -> tuple[dict[str, Tensor], object]:
    """Return the tensors of a weight file, and what it says of itself."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get("system", "null"))
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except FileNotFoundError:
        raise MerflowError(
            f"the weights {path} are missing: train the system again (remove its run folder and "
            "call snakemake)"
        ) from None
    except (OSError, SafetensorError, ValueError) as error:
        raise MerflowError(
            f"the weights {path} cannot be read ({error}): remove the file and call snakemake again"
        ) from error


def _model(
    path: Path, system: SystemSpec, seed: int, fold: int, tensors: Mapping[str, Tensor]
) -> KeptModel:
    """Build one fold's model and put its tensors in."""
    matrices = [f"align.{name}.linear.weight" for name in system.features]
    shapes = [_shape(path, fold, tensors, name) for name in matrices]
    if any(len(shape) != 2 for shape in shapes):
        raise _other(path, f"{matrices[0]} of fold {fold} is no matrix")
    dims, width = [shape[0] for shape in shapes], shapes[0][1]
    how = replace(system.candidates[0], width=width)
    build = partial(system.build, dims, how)
    models = Models(build, how, [(seed, fold)], torch.device("cpu"), start=False)
    own = models.network.state_dict()
    standards = {
        f"standardise/{name}/{kind}": (dim,)
        for name, dim in zip(system.features, dims, strict=True)
        for kind in ("mean", "std")
    }
    needed = {name: tuple(value.shape[1:]) for name, value in own.items()} | standards
    given = {name for name in tensors if not name.startswith("loss.")}
    if given != needed.keys():
        name = min(given ^ needed.keys())
        lacks = "has no" if name in needed else "has beside the model"
        raise _other(path, f"fold {fold} {lacks} {name}")
    for name, shape in needed.items():
        if _shape(path, fold, tensors, name) != shape:
            found = tuple(tensors[name].shape)
            raise _other(path, f"{name} of fold {fold} is of shape {found}, not {shape}")
    models.network.load_state_dict({name: tensors[name][None] for name in own})
    return KeptModel(fold, models, _standardiser(system.features, tensors))


def _standardiser(features: Mapping[str, object], tensors: Mapping[str, Tensor]) -> Standardiser:
    def joined(kind: str) -> np.ndarray:
        parts = [tensors[f"standardise/{name}/{kind}"].numpy() for name in features]
        return np.concatenate(parts)

    return Standardiser(joined("mean"), joined("std"))


def _shape(path: Path, fold: int, tensors: Mapping[str, Tensor], name: str) -> Sequence[int]:
    """Return the shape of a tensor that must be there, of float32."""
    if name not in tensors:
        raise _other(path, f"fold {fold} has no {name}")
    if tensors[name].dtype != torch.float32:
        raise _other(path, f"{name} of fold {fold} is {tensors[name].dtype}, not torch.float32")
    return tuple(tensors[name].shape)


def _other(path: Path, why: str) -> MerflowError:
    return MerflowError(
        f"the weights {path} are not those of the system in the present settings ({why}): remove "
        "its run folder and call snakemake again"
    )
