"""What a weight file holds by the names of its tensors, without reading any tensor.

Nothing in a file is executed: of a pickle only the texts in it are looked at.
"""

import io
import json
import pickletools
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from merflow.errors import MerflowError

HEAD = 1 << 24
"""Bytes in which the names of a file must stand; networks of a billion parameters need less."""
LEGACY = 4
"""Pickles before the tensors in PyTorch's older format: magic number, version, machine, names."""
PREFIXES = ("module.", "state_dict.")
# What a damaged archive or pickle also gives.
OTHERS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, StopIteration, AttributeError)


def tensor_names(path: Path) -> set[str]:
    """Return the names of a weight file's tensors; of a pickle all texts, the names among them.

    Raises:
        MerflowError: It is neither safetensors nor a file of PyTorch, or it is cut short.
    """
    try:
        with path.open("rb") as stream:
            if path.suffix == ".safetensors":
                found = _safetensors(stream, path.stat().st_size)
            elif zipfile.is_zipfile(stream):
                found = _zipped(stream)
            else:
                stream.seek(0)
                found = _legacy(stream)
    except (ArithmeticError, LookupError, TypeError, ValueError, *OTHERS) as error:
        raise _damaged(path) from error
    if not found:
        raise _damaged(path)
    return {_bare(name) for name in found}


def _damaged(path: Path) -> MerflowError:
    return MerflowError(f"{path} is cut short or is no weight file; get it again")


def _bare(name: str) -> str:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _safetensors(stream: BinaryIO, size: int) -> set[str]:
    """Return the names in the header, if the file has the bytes that it promises.

    Source: the format's own description.
    """
    length = int.from_bytes(stream.read(8), "little")
    if not 2 <= length <= HEAD:
        raise ValueError("no header")
    header = json.loads(stream.read(length))
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    end = max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
    if size != 8 + length + end:
        raise ValueError("cut short")
    return set(tensors)


def _zipped(stream: BinaryIO) -> set[str]:
    """Return the texts of ``data.pkl`` in PyTorch's format since 1.6."""
    with zipfile.ZipFile(stream) as archive:
        inner = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        with archive.open(inner) as pickle:
            return set(_texts(io.BytesIO(pickle.read(HEAD))))


def _legacy(stream: BinaryIO) -> set[str]:
    """Return the texts of the pickles before the tensors."""
    head = io.BytesIO(stream.read(HEAD))
    found: set[str] = set()
    for _ in range(LEGACY):
        found |= set(_texts(head))
    return found


def _texts(pickle: BinaryIO) -> Iterator[str]:
    """Yield the texts in one pickle; it is taken apart, never run."""
    for _, value, _ in pickletools.genops(pickle):
        if isinstance(value, str):
            yield value
