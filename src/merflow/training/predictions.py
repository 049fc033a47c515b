"""The predictions file: class probabilities and valence of each clip, fold and seed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int

from merflow.errors import MerflowError
from merflow.storage.atomic import replacing

if TYPE_CHECKING:  # Their modules import torch, which readers of the file can do without.
    from merflow.training.data import Dataset
    from merflow.training.engine.stack import Trajectories

KEYS = ["split", "clip", "fold", "seed"]
SUM_TOLERANCE = 1e-9


def columns_of(classes: Sequence[str], valence: bool, layer: bool = False) -> list[str]:
    """Return the columns of a predictions file, in order; probes have ``layer`` before all."""
    return [
        *(["layer"] if layer else []),
        *["clip", "split", "fold", "seed"],
        *[f"p_{name}" for name in classes],
        *(["valence"] if valence else []),
    ]


def predictions_of(
    data: "Dataset",
    trajectories: "Trajectories",
    reading: str,
    classes: Sequence[str],
    valence: bool,
) -> pd.DataFrame:
    """Return the predictions of a reading's kept epochs, one row a clip and fold.

    Training clips are predicted by the model that held them out, test clips by every model.
    """
    frames = []
    for partition, outputs in zip(
        trajectories.partitions, trajectories.outputs[reading], strict=True
    ):
        rows = np.concatenate([partition.held_out, partition.tests])
        place = (partition.fold, trajectories.seed)
        frames.append(fold_frame(data, rows, place, outputs, columns_of(classes, valence)))
    return pd.concat(frames, ignore_index=True)


def fold_frame(
    data: "Dataset",
    rows: Int[np.ndarray, " rows"],
    model: tuple[int, int],
    outputs: Float64[np.ndarray, "rows outputs"],
    columns: Sequence[str],
) -> pd.DataFrame:
    """Return what one model says of some rows of a dataset, in the columns of the contract.

    Args:
        data: The dataset.
        rows: Clean rows of it.
        model: Its fold and seed.
        outputs: Probabilities and, as a last column, valence if there is one.
        columns: From :func:`columns_of`.
    """
    fold, seed = model
    frame = pd.DataFrame(
        {
            "clip": [data.labels.clips[row] for row in rows],
            "split": [data.labels.split[row] for row in rows],
            "fold": np.full(len(rows), fold, dtype=np.int64),
            "seed": np.full(len(rows), seed, dtype=np.int64),
        }
    )
    names = columns[len(frame.columns) :]
    return frame.assign(**dict(zip(names, outputs.T, strict=True)))


def write_predictions(
    path: Path, frame: pd.DataFrame, classes: Sequence[str], valence: bool
) -> None:
    """Check, sort by split, clip, fold, seed and write; layers, if any, keep their order.

    Raises:
        MerflowError: See :func:`check_predictions`.
    """
    layer = "layer" in frame
    check_predictions(path, frame, classes, valence)
    frame = frame[columns_of(classes, valence, layer)]
    if layer:
        rank = {name: number for number, name in enumerate(dict.fromkeys(frame["layer"]))}
        frame = frame.assign(rank=frame["layer"].map(rank)).sort_values(["rank", *KEYS])
        frame = frame.drop(columns="rank")
    else:
        frame = frame.sort_values(KEYS)
    with replacing(path) as temporary:
        frame.to_parquet(temporary, index=False, engine="pyarrow")


def read_predictions(path: Path, classes: Sequence[str], valence: bool) -> pd.DataFrame:
    """Read and check a predictions file.

    Raises:
        MerflowError: The file cannot be read, or see :func:`check_predictions`.
    """
    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError) as error:
        raise MerflowError(f"{path} is no readable parquet file ({error}): rebuild it") from error
    check_predictions(path, frame, classes, valence)
    return frame


def check_predictions(
    path: Path, frame: pd.DataFrame, classes: Sequence[str], valence: bool
) -> None:
    """Check columns, types, doubles, and that probabilities are such and sum to one.

    Raises:
        MerflowError: Something is wrong; names the file and the clip.
    """
    layer = "layer" in frame
    wanted = columns_of(classes, valence, layer)
    if set(frame.columns) != set(wanted):
        raise MerflowError(
            f"{path} has the columns {', '.join(map(str, frame.columns))}, but "
            f"{', '.join(wanted)} are needed: rebuild it with the present corpus settings"
        )
    for name in wanted:
        _check_type(path, frame[name])
    doubled = frame.duplicated(KEYS + (["layer"] if layer else []))
    values = frame[[name for name in wanted if name.startswith("p_") or name == "valence"]]
    numbers = values.to_numpy(np.float64)
    probabilities = numbers[:, : len(classes)]
    bad = {
        "stands twice for one fold and seed": doubled.to_numpy(),
        "has a prediction that is not finite": ~np.isfinite(numbers).all(axis=1),
        "has probabilities that are negative or do not sum to one": (
            (probabilities < 0).any(axis=1)
            | ~(np.abs(probabilities.sum(axis=1) - 1.0) <= SUM_TOLERANCE)
        ),
    }
    for words, rows in bad.items():
        if rows.any():
            clip = frame["clip"].to_numpy()[np.argmax(rows)]
            raise MerflowError(f"the clip '{clip}' in {path} {words}: rebuild the file")


def _check_type(path: Path, column: pd.Series) -> None:
    """Demand text, whole numbers or float64, and nothing empty where it cannot be a number."""
    if column.name in ("layer", "clip", "split"):
        wanted, fine = "text", pd.api.types.is_string_dtype(column) and column.notna().all()
    elif column.name in KEYS:
        whole = pd.api.types.is_integer_dtype(column)
        wanted, fine = "whole numbers", whole and column.notna().all()
    else:
        wanted, fine = "float64 numbers", column.dtype == np.float64
    if not fine:
        raise MerflowError(
            f"the column {column.name} of {path} is of type {column.dtype} or has empty cells, "
            f"where {wanted} are needed: rebuild the file"
        )
