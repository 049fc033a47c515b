"""One file of features: a tensor a layer, a row an utterance, and a checksum of each tensor."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from merflow.errors import MerflowError
from merflow.storage.tensors import TensorFile, write_tensors

Matrix = Float32[np.ndarray, "rows _dim"]


@dataclass(frozen=True)
class Row:
    """Whose features stand in one row.

    Attributes:
        clip: The clip's name.
        sha256: Digest of the clip's file.
        copy: 0 for the clean original, 1, 2, ... for corrupted copies.
        frames: What the mean was taken over: face crops, or samples of sound at 16 kHz.
    """

    clip: str
    sha256: str
    copy: int
    frames: int


def write_features(
    path: Path,
    recipe: str,
    keys: Sequence[str],
    rows: Sequence[Row],
    values: Mapping[str, Matrix],
) -> None:
    """Write rows and layers; the same content gives the same bytes.

    Args:
        path: The file.
        recipe: Digest of everything but the clip that decides the values.
        keys: The store's key of each row.
        rows: Whose row it is.
        values: Layers in the encoder's order, each of shape (rows, dim).
    """
    said = {
        "rows": json.dumps([asdict(row) for row in rows]),
        "keys": json.dumps(list(keys)),
        "recipe": recipe,
    }
    write_tensors(path, {k: np.asarray(matrix, "<f4") for k, matrix in values.items()}, said)


class FeatureFile:
    """A file of features opened for reading; values are read a layer at a time.

    Attributes:
        recipe: Digest of everything but the clip that decides the values.
        keys: The store's key of each row.
        layers: The layers' names in the encoder's order.
    """

    def __init__(self, path: Path) -> None:
        """Read and prove the header.

        Raises:
            FileNotFoundError: There is no such file.
            DamageError: The header is not as it was written.
        """
        self.path = path
        self._file = TensorFile(path, "feature file")
        try:
            self.keys: list[str] = json.loads(self._file.said["keys"])
            self.recipe = self._file.said["recipe"]
        except (KeyError, ValueError):  # proved, but written by something else
            raise self._file.damaged() from None
        self.layers = self._file.names

    @cached_property
    def rows(self) -> list[Row]:
        """Whose rows they are; made when asked for, as the store asks many files for keys alone."""
        return [Row(**row) for row in json.loads(self._file.said["rows"])]

    def layer(self, name: str) -> Matrix:
        """Return one layer of all rows.

        Raises:
            DamageError: The layer is not as it was written.
            MerflowError: The file has no such layer.
        """
        if name not in self.layers:
            raise MerflowError(
                f"the feature file {self.path} has no layer '{name}': "
                f"choose one of {', '.join(self.layers)}"
            )
        return self._file.tensor(name)
