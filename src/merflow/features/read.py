"""Reading cached features: only the layers asked for, whatever the shards."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64

from merflow.errors import MerflowError
from merflow.features.file import FeatureFile


@dataclass(frozen=True)
class FeatureTable:
    """Features of many utterances, sorted by clip and copy.

    Attributes:
        clips: The clip of each row.
        copies: The copy of each row; 0 is the clean original.
        values: For each layer the utterance means.
    """

    clips: list[str]
    copies: Int64[np.ndarray, "rows"]
    values: dict[str, Float32[np.ndarray, "rows _dim"]]


def read_layers(shards: Sequence[Path], layers: Sequence[str] | None = None) -> FeatureTable:
    """Return the named layers (all: None) of all shards of one encoder.

    Clips without a face have no row in the shards of a visual encoder. Shards of several
    conditions may be given together.

    Raises:
        MerflowError: A shard is missing or damaged, has not the layer, was made with other
            settings or code than the others, or holds a row that another one holds too.
    """
    files = open_shards(shards)
    names = list(layers) if layers is not None else files[0].layers if files else []
    rows = [row for file in files for row in file.rows]
    order = sorted(range(len(rows)), key=lambda index: (rows[index].clip, rows[index].copy))
    values = {layer: _joined(files, layer)[order] for layer in names}
    clips = [rows[index].clip for index in order]
    copies = np.array([rows[index].copy for index in order], dtype=np.int64)
    return FeatureTable(clips, copies, values)


def open_shards(shards: Sequence[Path]) -> list[FeatureFile]:
    """Open shards that belong together; raises as :func:`read_layers`."""
    files: list[FeatureFile] = []
    seen: dict[tuple[str, int], Path] = {}
    for path in map(Path, shards):
        try:
            file = FeatureFile(path)
        except FileNotFoundError:
            raise MerflowError(
                f"the feature file {path} is missing: run the features step first"
            ) from None
        if files and file.recipe != files[0].recipe:
            raise MerflowError(
                f"the feature files {files[0].path} and {path} were made with different settings "
                "or code: delete the older one and rerun"
            )
        for row in file.rows:
            other = seen.setdefault((row.clip, row.copy), path)
            if other is not path:
                raise MerflowError(
                    f"the feature files {other} and {path} both hold copy {row.copy} of clip "
                    f"{row.clip}: delete those of another number of shards"
                )
        files.append(file)
    return files


def _joined(files: Sequence[FeatureFile], layer: str) -> Float32[np.ndarray, "rows _dim"]:
    """Return one layer of all files; files without rows do not know how wide it is."""
    pieces = [file.layer(layer) for file in files]
    filled = [piece for piece in pieces if len(piece)]
    return np.concatenate(filled) if filled else np.zeros((0, 0), np.float32)
