"""Proving every feature and crop file by its checksums."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from merflow.cache.sizes import Inode, files_below, inode
from merflow.storage.tensors import DamageError, TensorFile


@dataclass
class Proof:
    """What was found.

    Attributes:
        files: How many files were read, links of one file counted once.
        size: Their bytes.
        damaged: The names of each damaged file: an output and its link in the store.
    """

    files: int = 0
    size: int = 0
    damaged: list[list[Path]] = field(default_factory=list)


def tensor_files(results: Path) -> Iterator[Path]:
    """Yield the files of features and crops, outputs and stores; no weights, no torn writes."""
    for noun in ("features", "faces"):
        for path in files_below(results / noun):
            own = path.relative_to(results / noun).parts
            hidden = any(part.startswith(".") for part in own)
            if path.suffix == ".safetensors" and own[0] != "weights" and not hidden:
                yield path


def prove(results: Path) -> Proof:
    """Read every file of features and crops once and return which are damaged."""
    names: dict[Inode, list[Path]] = {}
    for path in tensor_files(results):
        names.setdefault(inode(path), []).append(path)
    proof = Proof()
    for links in names.values():
        try:
            TensorFile(links[0]).prove()
        except DamageError:
            proof.damaged.append(links)
        except FileNotFoundError:  # a job has merged its parts meanwhile
            continue
        proof.files += 1
        proof.size += links[0].stat().st_size
    return proof
