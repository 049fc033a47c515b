"""Which inputs an encoder gets: the clips of a shard, clean or corrupted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from merflow.corpus.manifest import read_manifest
from merflow.errors import MerflowError
from merflow.noise.manifest import NoiseRow, read_noise
from merflow.storage.digest import settings_digest
from merflow.storage.shards import shard_of

Modality = Literal["audio", "visual"]


@dataclass(frozen=True)
class Sample:
    """One clip, clean or corrupted.

    Attributes:
        clip: The clip's name.
        sha256: Digest of its file.
        path: Its file, relative to the corpus root; empty where only labels are given.
        duration_s: Its length in seconds, as the manifest has it; 0 where it is not known.
        noise: How it is corrupted; None for the clean original.
    """

    clip: str
    sha256: str
    path: str
    duration_s: float
    noise: NoiseRow | None = None

    @property
    def copy(self) -> int:
        """0 for the clean original."""
        return self.noise.copy if self.noise else 0

    def key(self, modality: Modality) -> str:
        """Return the store's key: content and what corrupts this modality, no name and number."""
        corruption = None
        if self.noise:
            audio = modality == "audio"
            corruption = self.noise.sound_settings if audio else self.noise.visual_settings
        return settings_digest([self.sha256, corruption])


def samples_of_shard(manifest: Path, noise: Path | None, shard: int, shards: int) -> list[Sample]:
    """Return the samples of one shard, sorted by clip and copy.

    Args:
        manifest: The corpus manifest.
        noise: None: the clean originals of all clips. A noise manifest: the corrupted copies that
            it lists, of the training clips or of a test split.
        shard: 0, ..., shards - 1.
        shards: Number of shards.

    Raises:
        MerflowError: A manifest is missing or damaged, or the two do not belong together.
    """
    table = read_manifest(manifest).fillna({"duration": 0.0})
    split = dict(zip(table["clip"], table["split"], strict=True))
    clips = [
        Sample(*row)
        for row in table[["clip", "sha256", "path", "duration"]].itertuples(index=False)
        if shard_of(row[0], shards) == shard
    ]
    if noise is None:
        return clips
    rows = read_noise(noise)
    drawn = {row.clip for row in rows}
    splits = {split.get(clip) for clip in drawn}
    if not drawn or {clip for clip, name in split.items() if name in splits} != drawn:
        raise MerflowError(
            f"the noise manifest {noise} is not about the clips of {manifest}: draw the noise "
            "again (`snakemake` does it)"
        )
    return _corrupted(clips, rows)


def _corrupted(clips: Sequence[Sample], rows: Sequence[NoiseRow]) -> list[Sample]:
    """Return one sample for each row of the given clips."""
    named = {sample.clip: sample for sample in clips}
    ordered = sorted(rows, key=lambda row: (row.clip, row.copy))
    return [replace(named[row.clip], noise=row) for row in ordered if row.clip in named]
