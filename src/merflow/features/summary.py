"""What may be published of a feature cache: counts, widths and digests, nothing of one clip."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from merflow.features.file import FeatureFile
from merflow.features.read import open_shards

# Packages that decide the values; local parts such as "+cpu" are left out.
PACKAGES = ("av", "numpy", "opencv-python-headless", "pillow", "soundfile", "torch", "transformers")


def summary(shards: Mapping[tuple[str, str], Sequence[Path]]) -> str:
    """Return the summary of all encoders and conditions as JSON with sorted keys.

    Args:
        shards: The shards of each (encoder, condition).

    Raises:
        MerflowError: A shard is missing or damaged, or does not belong to the others.
    """
    encoders: dict[str, dict[str, Any]] = {}
    for (encoder, condition), paths in shards.items():
        encoders.setdefault(encoder, {})[condition] = condition_summary(paths)
    versions = {name: version(name).split("+")[0] for name in PACKAGES}
    return json.dumps({"encoders": encoders, "versions": versions}, indent=2, sort_keys=True) + "\n"


def condition_summary(paths: Sequence[Path]) -> dict[str, Any]:
    """Return rows, layers with their widths, and the digest of contents and values.

    The digest is the sha256 over (clip sha256, copy, sha256 of the row's values) in sorted order:
    it depends neither on the clips' names nor on the number of shards.
    """
    files = open_shards(paths)
    widths: dict[str, int] = {}
    contents = sorted(content for file in files for content in _contents(file, widths))
    total = hashlib.sha256("\n".join(contents).encode()).hexdigest()
    return {"layers": widths, "rows": len(contents), "sha256": total}


def _contents(file: FeatureFile, widths: dict[str, int]) -> list[str]:
    """Return one line for each row, and note the layers' widths; one layer is held at a time."""
    sums = [hashlib.sha256() for _ in file.rows]
    for layer in file.layers:
        matrix = file.layer(layer)
        widths[layer] = max(widths.get(layer, 0), matrix.shape[1])
        for total, vector in zip(sums, matrix, strict=True):
            total.update(f"{layer}\0".encode())
            total.update(vector.tobytes())
    return [
        f"{row.sha256} {row.copy} {total.hexdigest()}"
        for row, total in zip(file.rows, sums, strict=True)
    ]
