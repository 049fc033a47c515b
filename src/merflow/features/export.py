"""Writing a layer of the cache in the organisers' layout."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from merflow.corpus.manifest import read_manifest
from merflow.errors import MerflowError
from merflow.features.organisers import npy_name, write_vector
from merflow.features.read import read_layers


def export_layer(
    shards: Sequence[Path], manifest: Path, layer: str, folder: Path, *, deviation: bool
) -> int:
    """Write ``<clip>.npy``, float32 of shape (dim,), for each clip, and return their number.

    Of features with ``statistics: mean_std`` the vector is the mean and behind it the deviation,
    of shape (2 dim,), which is printed: other readers of the layout know means alone.

    Clips of the manifest without a row, which have no face, get a vector of zeros, as the
    organisers write it. The folder is whole or absent.

    Args:
        shards: The clean feature shards of one encoder.
        manifest: Of the corpus.
        layer: The layer.
        folder: Output, ``<encoder>-<layer>-UTT``.
        deviation: Whether the encoder's ``statistics`` are ``mean_std``; only told.

    Raises:
        MerflowError: A shard is missing or lacks the layer, no clip has a row, a clip's name is no
            file name, or the folder is there already.
    """
    if folder.exists():
        raise MerflowError(f"{folder} is there already: remove it or name another --out")
    table = read_layers(shards, [layer])
    if not table.clips:
        raise MerflowError(f"no clip has a row in {shards[0]}: there is nothing to export")
    values = dict(zip(table.clips, table.values[layer], strict=True))
    names = {clip: npy_name(clip) for clip in read_manifest(manifest)["clip"]}
    nothing = np.zeros_like(table.values[layer][0])
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        temporary.mkdir()
        for clip, name in names.items():
            write_vector(temporary / name, values.get(clip, nothing))
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    half = len(nothing) // 2
    held = f"the mean in {half} values and behind it the deviation in {half} (mean_std)"
    print(f"each file holds {held if deviation else f'{len(nothing)} values'}")
    print(
        f"{len(names)} clips in {folder}, {len(names.keys() - values.keys())} of them without a "
        "face, as vectors of zeros"
    )
    return len(names)
