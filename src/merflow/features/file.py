"""One file of features: a tensor a layer, a row an utterance, and a checksum of each tensor."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from merflow.errors import MerflowError

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
    }
    tensors = {layer: np.ascontiguousarray(matrix, "<f4") for layer, matrix in values.items()}
    sums = {layer: _checksum(said, matrix) for layer, matrix in tensors.items()}
    metadata = said | {"recipe": recipe, "layers": json.dumps(sums)}
    path.write_bytes(_sorted_header(save(tensors, metadata)))


class FeatureFile:
    """A file of features opened for reading; values are read a layer at a time.

    Attributes:
        recipe: Digest of everything but the clip that decides the values.
        rows: Whose rows they are.
        keys: The store's key of each row.
        layers: The layers' names in the encoder's order.
    """

    def __init__(self, path: Path) -> None:
        """Read the header.

        Raises:
            FileNotFoundError: There is no such file.
            MerflowError: The file is damaged.
        """
        self.path = path
        try:
            self._file = safe_open(path, framework="numpy")
            self._said = self._file.metadata() or {}
            self._sums: dict[str, str] = json.loads(self._said["layers"])
            self.rows = [Row(**row) for row in json.loads(self._said["rows"])]
            self.keys: list[str] = json.loads(self._said["keys"])
            self.recipe = self._said["recipe"]
        except FileNotFoundError:
            raise
        except (SafetensorError, OSError, KeyError, TypeError, ValueError):
            raise self._damaged() from None
        self.layers = list(self._sums)

    def layer(self, name: str) -> Matrix:
        """Return one layer of all rows.

        Raises:
            MerflowError: The file has no such layer, or the layer or the rows are damaged.
        """
        if name not in self._sums:
            raise MerflowError(
                f"the feature file {self.path} has no layer '{name}': "
                f"choose one of {', '.join(self.layers)}"
            )
        try:
            matrix = self._file.get_tensor(name)
        except SafetensorError:
            raise self._damaged() from None
        if _checksum(self._said, matrix) != self._sums[name] or len(matrix) != len(self.rows):
            raise self._damaged()
        return matrix

    def _damaged(self) -> MerflowError:
        return MerflowError(f"the feature file {self.path} is damaged: delete it and rerun")


def _checksum(said: Mapping[str, str], matrix: Matrix) -> str:
    """Return the sha256 of a layer's bytes and of the texts that say what its rows are."""
    total = hashlib.sha256(f"{said['rows']}\0{said['keys']}\0".encode())
    total.update(matrix.tobytes())
    return total.hexdigest()


def _sorted_header(content: bytes) -> bytes:
    """Return a safetensors file with its header sorted: the library orders metadata by chance."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # values stay aligned
    return len(text).to_bytes(8, "little") + text + content[8 + size :]
