"""What generated speakers say or show, made once and kept in a file (a ShardStore codec)."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from merflow.storage.shards import ShardStore

BATCH = 8  # speakers a round, some two seconds
Arrays = dict[str, np.ndarray]


class ArraysCodec:
    """Named arrays of each speaker, tensors ``<speaker>/<name>``."""

    suffix = ".safetensors"

    def write(self, path: Path, items: Mapping[str, Arrays], recipe: str) -> None:
        """Write speakers with the recipe in the metadata."""
        tensors = {
            f"{key}/{name}": np.ascontiguousarray(value)
            for key, arrays in items.items()
            for name, value in arrays.items()
        }
        save_file(tensors, path, metadata={"recipe": recipe})

    def keys(self, path: Path) -> tuple[str, list[str]]:
        """Return (recipe, speakers) without reading values."""
        with safe_open(path, framework="numpy") as file:
            recipe = (file.metadata() or {}).get("recipe", "")
            return recipe, sorted({name.partition("/")[0] for name in file.keys()})  # noqa: SIM118

    def read(self, path: Path, keys: Sequence[str]) -> dict[str, Arrays]:
        """Return the named speakers."""
        with safe_open(path, framework="numpy") as file:
            items: dict[str, Arrays] = {key: {} for key in keys}
            for tensor in file.keys():  # noqa: SIM118 - no mapping
                key, _, name = tensor.partition("/")
                if key in items:
                    items[key][name] = file.get_tensor(tensor)
            return items


def speaker_name(number: int) -> str:
    """Return the name of a speaker that the demo encoders learn from."""
    return f"pretraining_{number:04d}"


def make_all(
    make: Callable[[int], Arrays], speakers: int, folder: Path, what: str, recipe: str
) -> Arrays:
    """Return the arrays of all speakers, joined in their order along the first axis.

    Speakers that were made before a kill are read from ``folder``.
    """
    numbers = {speaker_name(number): number for number in range(speakers)}
    store = ShardStore(folder / "speakers", recipe, ArraysCodec())
    output = folder / f"{what}.safetensors"
    store.complete(
        list(numbers), lambda keys: {key: make(numbers[key]) for key in keys}, output, BATCH
    )
    items = ArraysCodec().read(output, list(numbers))
    names = items[speaker_name(0)]
    return {name: np.concatenate([items[key][name] for key in numbers]) for name in names}
