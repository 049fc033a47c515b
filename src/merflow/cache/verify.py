"""Proving every file of features, crops and decoding facts by its checksums."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from merflow.cache.sizes import Inode, files_below, inode
from merflow.corpus.facts import FactsCodec
from merflow.storage.tensors import DamageError, TensorFile, VersionError


@dataclass
class Proof:
    """What was found.

    Attributes:
        files: How many files were read, links of one file counted once.
        size: Their bytes.
        damaged: The names of each damaged file: an output and its link in the store.
        others: The names of each file of another version, of which nothing can be proved.
    """

    files: int = 0
    size: int = 0
    damaged: list[list[Path]] = field(default_factory=list)
    others: list[list[Path]] = field(default_factory=list)


def proved_files(results: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files of features, crops and facts with their status.

    Outputs and stores, also behind links to other disks; no weights, no torn writes.
    """
    for noun, suffix in (
        ("features", ".safetensors"),
        ("faces", ".safetensors"),
        ("corpus/store", FactsCodec.suffix),
    ):
        for path, status in files_below(results / noun, follow=True):
            own = path.relative_to(results / noun).parts
            hidden = any(part.startswith(".") for part in own)
            if path.suffix == suffix and own[0] != "weights" and not hidden:
                yield path, status


def prove(results: Path) -> Proof:
    """Read every such file once and return which are damaged, and which of another version.

    Raises:
        MerflowError: A file cannot be read.
    """
    names: dict[Inode, list[Path]] = {}
    sizes: dict[Inode, int] = {}
    for path, status in proved_files(results):
        names.setdefault(inode(status), []).append(path)
        sizes[inode(status)] = status.st_size
    proof = Proof()
    for key, links in names.items():
        try:
            _prove(links[0])
        except DamageError:
            proof.damaged.append(links)
        except VersionError:
            proof.others.append(links)
        except FileNotFoundError:  # a job has merged its parts meanwhile
            continue
        proof.files += 1
        proof.size += sizes[key]
    return proof


def _prove(path: Path) -> None:
    if path.suffix == FactsCodec.suffix:
        FactsCodec().keys(path)
    else:
        TensorFile(path).prove()
