"""Files of crops and tracks: how they are laid out, and how others read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from merflow.errors import MerflowError
from merflow.faces.detect import LANDMARKS
from merflow.faces.facts import Facts, from_bytes, to_bytes
from merflow.storage.tensors import TensorFile, write_tensors

TRACK = (
    *("frame", "time_s", "x", "y", "w", "h", "score"),
    *(f"{name}_{axis}" for name in LANDMARKS for axis in "xy"),
)
"""Columns of a track: number and time (s) of a frame looked at, box (pixels), score, landmarks.

A frame with a score has a face; box and landmarks are NaN in given pictures, where nobody knows
them."""


@dataclass(frozen=True)
class FaceClip:
    """The main face of one clip.

    Attributes:
        crops: Aligned RGB faces, one for each frame with a score, in order.
        track: One row a frame that was looked at, columns ``TRACK``; NaN where there is no face,
            and for what is not known.
        facts: How the face was chosen.
    """

    crops: UInt8[np.ndarray, "kept 112 112 3"]
    track: Float32[np.ndarray, "frames 17"]
    facts: Facts


class CropCodec:
    """Clips in a safetensors file, keyed by the clip file's sha256 (a ShardStore codec).

    Tensors ``<sha256>/crops`` uint8 [kept, 112, 112, 3], ``<sha256>/track`` float32 [frames, 17]
    and ``<sha256>/facts`` uint8 (JSON), each with its checksum; the metadata hold the recipe.
    """

    suffix = ".safetensors"

    def write(self, path: Path, items: Mapping[str, FaceClip], recipe: str) -> None:
        """Write the clips; the same clips and recipe give the same bytes."""
        tensors = {}
        for key, clip in sorted(items.items()):
            tensors[f"{key}/crops"] = clip.crops
            tensors[f"{key}/facts"] = to_bytes(clip.facts)
            tensors[f"{key}/track"] = clip.track
        write_tensors(path, tensors, {"recipe": recipe})

    def keys(self, path: Path) -> tuple[str, list[str]]:
        """Return (recipe, keys) without reading values; raises DamageError."""
        file = _opened(path)
        return file.said["recipe"], _keys(file)

    def read(self, path: Path, keys: Sequence[str]) -> dict[str, FaceClip]:
        """Return the named clips; raises DamageError if one is not as it was written."""
        file = _opened(path)
        return {key: _clip(file, key) for key in keys}


class CropReader:
    """Crops of many shards, read one clip at a time."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """List what the files hold; raises DamageError."""
        self._files = {key: file for file in map(_opened, paths) for key in _keys(file)}

    def __contains__(self, sha256: str) -> bool:
        """Return whether the clip with this digest is there."""
        return sha256 in self._files

    def crops(self, sha256: str) -> UInt8[np.ndarray, "frames 112 112 3"]:
        """Return the crops of one clip, RGB; 0 frames if no face was found.

        Raises:
            DamageError: It is not as it was written.
            MerflowError: The clip is in none of the files.
        """
        return self._tensor(sha256, "crops")

    def track(self, sha256: str) -> Float32[np.ndarray, "frames 17"]:
        """Return the track of one clip, columns ``TRACK``.

        Raises:
            DamageError: It is not as it was written.
            MerflowError: The clip is in none of the files.
        """
        return self._tensor(sha256, "track")

    def digest(self, sha256: str) -> str:
        """Return the digest of the crops of one clip, without reading them."""
        return self._file(sha256).checksum(f"{sha256}/crops")

    def facts(self, sha256: str) -> Facts:
        """Return how the face of one clip was chosen; raises as :meth:`track`."""
        return from_bytes(self._tensor(sha256, "facts"))

    def _tensor(self, sha256: str, part: str) -> np.ndarray:
        return self._file(sha256).tensor(f"{sha256}/{part}")

    def _file(self, sha256: str) -> TensorFile:
        if sha256 not in self._files:
            raise MerflowError(
                f"no face file holds the clip with sha256 {sha256}; run the faces step again"
            )
        return self._files[sha256]


def read_crops(paths: Sequence[str | Path]) -> CropReader:
    """Return a reader over shards; only the clip asked for is read.

    Raises:
        MerflowError: A file is missing or damaged.
    """
    missing = [path for path in paths if not Path(path).is_file()]
    if missing:
        raise MerflowError(f"there is no face file {missing[0]}; run the faces step")
    return CropReader([Path(path) for path in paths])


def _opened(path: Path) -> TensorFile:
    """Open a file; raises FileNotFoundError or DamageError."""
    return TensorFile(path, "face file")


def _clip(file: TensorFile, key: str) -> FaceClip:
    crops, track, facts = (file.tensor(f"{key}/{part}") for part in ("crops", "track", "facts"))
    return FaceClip(crops, track, from_bytes(facts))


def _keys(file: TensorFile) -> list[str]:
    names = (name.partition("/") for name in file.names)
    return [key for key, _, part in names if part == "crops"]
