"""How the store keeps features: items by key inside, rows by clip and copy outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from merflow.features.file import FeatureFile, Row, write_features


@dataclass(frozen=True)
class Utterance:
    """What an encoder gives for one input.

    Attributes:
        frames: Length of the input: face crops, or samples of sound.
        values: The utterance mean of each layer.
    """

    frames: int
    values: dict[str, Float32[np.ndarray, "_dim"]]


class FeatureCodec:
    """A ShardStore codec whose files are feature shards.

    Clips of the same content share a key, are computed once, and each get a row.

    Args:
        rows: For each key of this job its rows; their ``frames`` are taken from the item.
        layers: The encoder's layers, first to last.
    """

    suffix = ".safetensors"

    def __init__(self, rows: Mapping[str, Sequence[Row]], layers: Sequence[str]) -> None:
        """Keep whose items they are."""
        self._rows = rows
        self._layers = layers

    def write(self, path: Path, items: Mapping[str, Utterance], recipe: str) -> None:
        """Write the items, sorted by clip and copy; without any, layers of shape (0, 0)."""
        named = [
            (replace(row, frames=item.frames), key)
            for key, item in items.items()
            for row in self._rows[key]
        ]
        named.sort(key=lambda pair: (pair[0].clip, pair[0].copy))
        keys = [key for _, key in named]
        values = {
            layer: np.stack([items[key].values[layer] for key in keys])
            if keys
            else np.zeros((0, 0), np.float32)
            for layer in self._layers
        }
        write_features(path, recipe, keys, [row for row, _ in named], values)

    def keys(self, path: Path) -> tuple[str, list[str]]:
        """Return (recipe, keys) of a file; raises MerflowError if its header is damaged."""
        file = FeatureFile(path)
        return file.recipe, list(dict.fromkeys(file.keys))

    def read(self, path: Path, keys: Sequence[str]) -> dict[str, Utterance]:
        """Return the named items; raises MerflowError if the file is damaged."""
        file = FeatureFile(path)
        place = {key: index for index, key in enumerate(file.keys)}
        layers = {layer: file.layer(layer) for layer in file.layers}
        return {
            key: Utterance(
                file.rows[place[key]].frames,
                {layer: matrix[place[key]] for layer, matrix in layers.items()},
            )
            for key in keys
        }
