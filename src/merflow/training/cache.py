"""Reading feature shards as the command line names them: ``NAME=shard.safetensors``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from merflow.errors import MerflowError
from merflow.features.read import read_layers
from merflow.training.data import Rows


def read_rows(
    shards: Mapping[str, Sequence[Path]], features: Mapping[str, tuple[str, str]], option: str
) -> dict[str, Rows]:
    """Read the rows of each feature; only the layers asked for are read.

    Args:
        shards: Shards of each encoder.
        features: (encoder, layer) of each feature.
        option: The option that names shards, for errors.

    Raises:
        MerflowError: An encoder has no shards, or a shard is damaged or lacks a layer.
    """
    tables = {}
    for encoder in dict.fromkeys(encoder for encoder, _ in features.values()):
        if encoder not in shards:
            raise MerflowError(
                f"no shard of the encoder {encoder} is given: add {option} {encoder}=SHARD"
            )
        layers = [layer for name, layer in features.values() if name == encoder]
        tables[encoder] = read_layers(shards[encoder], list(dict.fromkeys(layers)))
    return {
        feature: Rows(tables[name].clips, tables[name].copies, tables[name].values[layer])
        for feature, (name, layer) in features.items()
    }
