"""A shard of the feature cache, collected from features that somebody else has extracted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from merflow.encoders.registry import kind_of
from merflow.errors import MerflowError
from merflow.features.codec import FeatureCodec, Utterance
from merflow.features.file import Row
from merflow.features.organisers import check_complete, npy_name, read_vector
from merflow.features.samples import Sample
from merflow.progress import Progress
from merflow.storage.atomic import replacing
from merflow.storage.digest import code_digest, file_sha256, settings_digest

CODE = (
    *(f"merflow.features.{name}" for name in ("codec", "file", "organisers", "precomputed")),
    "merflow.encoders.registry",
)


def collect_shard(
    spec: Mapping[str, Any], clips: Sequence[str], samples: Sequence[Sample], out: Path
) -> list[str]:
    """Write the features of the samples, and return the clips without a face, which have no row.

    A row's key is the digest of the contents of its files and of the layers' names, not of where
    they lie. A clip whose vector is zero in a layer of a visual encoder has no face: the
    organisers write zeros for it.

    Args:
        spec: The encoder's settings: ``of``, ``folders`` and ``statistics``.
        clips: All clips of the corpus, each of which must have its files, sorted.
        samples: The clips of this shard, clean.
        out: Output, a feature shard.

    Raises:
        MerflowError: Files are missing or damaged, or vectors have different lengths.
    """
    kind = kind_of(spec)
    folders = {layer: Path(spec["folders"][layer]) for layer in kind.layers(spec)}
    for folder in folders.values():
        check_complete(folder, clips)
    reader = _Reader(folders, spec.get("statistics") == "mean_std", clips[0] if clips else None)
    rows: dict[str, list[Row]] = {}
    items: dict[str, Utterance] = {}
    progress, faceless = Progress(out.stem, len(samples), "clips"), []
    for sample in samples:
        key, item = reader.read(sample.clip)
        progress.add()
        if kind.modality == "visual" and not all(map(np.any, item.values.values())):
            faceless.append(sample.clip)
            continue
        rows.setdefault(key, []).append(Row(sample.clip, sample.sha256, 0, 0))
        items[key] = item
    settings = {"of": spec["of"], "statistics": spec.get("statistics", "mean")}
    recipe = settings_digest([settings, list(folders), code_digest(*CODE)])
    with replacing(out) as temporary:
        codec = FeatureCodec(rows, list(folders))
        codec.write(temporary, {key: items[key] for key in sorted(items)}, recipe)
    print(f"{out.stem}: {len(samples)} clips, {len(faceless)} of them zero vectors, without a face")
    return faceless


def faceless_table(clips: Sequence[str], manifest: pd.DataFrame) -> pd.DataFrame:
    """Return clip, split, path, reason, detail of clips without a face, sorted by clip.

    Args:
        clips: From :func:`collect_shard`.
        manifest: Of the corpus.
    """
    table = manifest.loc[manifest["clip"].isin(list(clips)), ["clip", "split", "path"]]
    table = table.assign(reason="faceless", detail="a vector of zeros")
    return table.sort_values("clip")


class _Reader:
    """Reads clips whose vectors must be as long as those of the corpus's first clip.

    The first of the corpus, not of the shard, so that shards agree with each other.
    """

    def __init__(self, folders: Mapping[str, Path], deviation: bool, first: str | None) -> None:
        self._folders, self._deviation, self._first = folders, deviation, first
        self._dims: dict[str, int] = {}

    def read(self, clip: str) -> tuple[str, Utterance]:
        """Return a clip's key and its vectors."""
        if not self._dims and self._first is not None:
            first = self._vectors(self._first)
            self._dims = {layer: len(vector) for layer, (vector, _) in first.items()}
        found = self._vectors(clip)
        for layer, (vector, _) in found.items():
            if len(vector) != self._dims[layer]:
                name = npy_name(self._first or "")
                raise MerflowError(
                    f"{self._folders[layer] / npy_name(clip)} has vectors of {len(vector)} values "
                    f"and {name} beside it of {self._dims[layer]}: extract them alike"
                )
        sums = [
            [layer, file_sha256(folder / npy_name(clip))] for layer, folder in self._folders.items()
        ]
        frames = max(count for _, count in found.values())
        vectors = {layer: vector for layer, (vector, _) in found.items()}
        return settings_digest(sums), Utterance(frames, vectors)

    def _vectors(self, clip: str) -> dict[str, tuple[np.ndarray, int]]:
        name = npy_name(clip)
        return {
            layer: read_vector(folder / name, self._deviation)
            for layer, folder in self._folders.items()
        }
