"""Files of named arrays in which no bit can change unnoticed: safetensors with checksums.

The header holds the sha256 of each array and one over all that the header says, so that opening
a file proves the header and reading an array proves that array (source: ours).
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from merflow.errors import MerflowError

FORMAT = "1"
DTYPES = {"float32": "F32", "uint8": "U8"}


class DamageError(MerflowError):
    """A file does not hold what was written.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, what: str = "file") -> None:
        """Name the file and say what to do."""
        self.path = path
        super().__init__(
            f"the {what} {path} is damaged: run `merflow cache verify --remove`, then snakemake "
            "again"
        )


class VersionError(MerflowError):
    """A file is whole, as far as one can tell, but of another version of this package.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, what: str = "file") -> None:
        """Name the file and say what to do."""
        self.path = path
        super().__init__(
            f"the {what} {path} is of another version of merflow: remove it, run `snakemake "
            "--cores all features`, then snakemake again"
        )


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], said: Mapping[str, str]) -> None:
    """Write arrays; the same arrays in the same order give the same bytes.

    Args:
        path: The file.
        tensors: float32 or uint8 arrays by name.
        said: Texts for the header; not ``format``, ``tensors`` or ``sha256``.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    sums = {name: _sum(name, array) for name, array in arrays.items()}
    metadata = {**said, "format": FORMAT, "tensors": json.dumps(sums)}
    header: dict[str, object] = {"__metadata__": metadata | {"sha256": _digest(metadata)}}
    place = 0
    for name, array in arrays.items():
        header[name] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": array.shape,
            "data_offsets": [place, place + array.nbytes],
        }
        place += array.nbytes
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # values stay aligned
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            file.write(array.data if array.size else b"")


class TensorFile:
    """A file of :func:`write_tensors`, opened for reading an array at a time.

    Attributes:
        path: The file.
        said: The texts of its header.
        names: The arrays' names in the order they were written.
    """

    def __init__(self, path: Path, what: str = "file") -> None:
        """Read and prove the header.

        Args:
            path: The file.
            what: How errors call it.

        Raises:
            FileNotFoundError: There is no such file.
            DamageError: The header is not as it was written.
            VersionError: It is another version's.
            MerflowError: It cannot be read at all, as a folder.
        """
        self.path, self._what = path, what
        try:
            self._file = safe_open(path, framework="numpy")
            metadata = dict(self._file.metadata() or {})
            fill = _fill(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise MerflowError(f"the {what} {path} cannot be read ({error}): mend that") from error
        except SafetensorError:
            raise self.damaged() from None
        # Files without either mark are of a time before there were checksums.
        if not metadata.keys() & {"format", "sha256"}:
            raise VersionError(path, what)
        if fill.strip(b" ") or metadata.pop("sha256", "") != _digest(metadata):
            raise self.damaged()
        if metadata.pop("format", FORMAT) != FORMAT:
            raise VersionError(path, what)
        self._sums: dict[str, str] = json.loads(metadata.pop("tensors"))
        self.names, self.said = list(self._sums), metadata

    def tensor(self, name: str) -> np.ndarray:
        """Return an array that was proved.

        Raises:
            DamageError: The array is not as it was written.
        """
        try:
            array: np.ndarray = self._file.get_tensor(name)
        except (SafetensorError, TypeError):
            raise self.damaged() from None
        if _sum(name, array) != self._sums.get(name):
            raise self.damaged()
        return array

    def checksum(self, name: str) -> str:
        """Return an array's sha256 as the header has it, without reading the array."""
        return self._sums[name]

    def shape(self, name: str) -> tuple[int, ...]:
        """Return an array's shape as the header has it, without reading the array."""
        try:
            return tuple(self._file.get_slice(name).get_shape())
        except SafetensorError:
            raise self.damaged() from None

    def prove(self) -> None:
        """Read everything; raises :class:`DamageError` if a bit of it changed."""
        for name in self.names:
            self.tensor(name)

    def damaged(self) -> DamageError:
        """Return what to raise when the content is not as it has to be."""
        return DamageError(self.path, self._what)


def _sum(name: str, array: np.ndarray) -> str:
    """Return the sha256 of an array with its name, type and shape."""
    total = hashlib.sha256(f"{name}\0{array.dtype.name}\0{list(array.shape)}\0".encode())
    total.update(array.data if array.size else b"")
    return total.hexdigest()


def _fill(path: Path) -> bytes:
    """Return what stands between the header and the first array: no sum is over that."""
    with path.open("rb") as file:
        text = file.read(int.from_bytes(file.read(8), "little"))
    return text[text.rfind(b"}") + 1 :]


def _digest(metadata: Mapping[str, str]) -> str:
    """Return the sha256 of the header's texts."""
    total = hashlib.sha256()
    for name, text in sorted(metadata.items()):
        total.update(f"{name}\0{len(text)}\0{text}\0".encode())
    return total.hexdigest()
