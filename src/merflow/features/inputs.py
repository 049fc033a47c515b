"""What an encoder is given for a sample: its sound or its face crops, clean or corrupted."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from merflow.corpus.clip_file import checked_clip
from merflow.errors import MerflowError
from merflow.faces.crops import CropCodec, read_crops
from merflow.features.samples import Sample
from merflow.media.sound import read_sound
from merflow.noise.folder import NoiseFolder
from merflow.noise.manifest import NoiseRow
from merflow.noise.sound import corrupt_sound
from merflow.noise.visual import transform_crops
from merflow.storage.digest import settings_digest


class Sounds:
    """Sounds of the clips, 16 kHz mono.

    Args:
        root: Folder that the manifest's paths are relative to.
        noise_root: The noise folder; needed for corrupted copies alone.
        known: Where digests of recordings are remembered, as :class:`NoiseFolder` takes it.

    Attributes:
        recipe: None: how they are made follows from this code alone.
    """

    recipe = None

    def __init__(self, root: Path, noise_root: Path | None, known: Path | None = None) -> None:
        """Read nothing yet."""
        self._root = root
        self._noise = NoiseFolder(noise_root, known) if noise_root else None
        self._last: tuple[str, np.ndarray] | None = None

    def key(self, sample: Sample) -> str:
        """Return the store's key of a sample."""
        return sample.key("audio")

    def has(self, sample: Sample) -> bool:
        """Return True: every clip of the manifest has sound."""
        return True

    def expect(self, samples: Iterable[Sample]) -> None:
        """Look at the recordings of all samples that will be asked for, before any thread does.

        Raises:
            MerflowError: A recording is missing or leads out of the noise folder.
        """
        if self._noise is not None:
            self._noise.hash_all(sample.noise.noise_file for sample in samples if sample.noise)

    def load(self, sample: Sample) -> Float32[np.ndarray, "samples"]:
        """Return the sound; the copies of a clip, asked for in turn, share one decoding.

        Raises:
            MerflowError: The clip or its noise is missing, changed, or cannot be decoded.
        """
        last = self._last  # other threads replace it
        if last is None or last[0] != sample.sha256:
            path = checked_clip(self._root, sample.clip, sample.path, sample.sha256)
            last = self._last = (sample.sha256, read_sound(path))
        sound = last[1]
        if sample.noise is None:
            return sound
        return self._corrupted(sound, sample.clip, sample.noise)

    def _corrupted(self, sound: np.ndarray, clip: str, row: NoiseRow) -> np.ndarray:
        if self._noise is None:
            raise MerflowError(
                f"clip {clip} is to be mixed with {row.noise_file}, but no noise folder is "
                "named: give --noise-root"
            )
        self._noise.unchanged(row.noise_file, row.noise_sha256)
        return corrupt_sound(sound, row, self._noise.root)


class Crops:
    """Face crops of the clips.

    Args:
        shards: Files of crops that hold all the clips asked for.

    Attributes:
        recipe: Digest of how the crops were made.
    """

    def __init__(self, shards: Sequence[Path]) -> None:
        """Read the headers.

        Raises:
            MerflowError: A file is missing or damaged, or they were made differently.
        """
        self._reader = read_crops(shards)
        recipes = {path: CropCodec().keys(path)[0] for path in shards}
        self.recipe = recipes[shards[0]]
        for path, recipe in recipes.items():
            if recipe != self.recipe:
                raise MerflowError(
                    f"the face files {shards[0]} and {path} were made with different settings or "
                    "code: run the faces step again"
                )

    def key(self, sample: Sample) -> str:
        """Return the store's key of a sample, of its crops too: given pictures may change."""
        return settings_digest([sample.key("visual"), self._reader.digest(sample.sha256)])

    def has(self, sample: Sample) -> bool:
        """Return whether a face was found in the clip."""
        scores = self._reader.track(sample.sha256)[:, 6]
        return not np.isnan(scores).all()

    def expect(self, samples: Iterable[Sample]) -> None:
        """Do nothing: crops need no recording."""

    def load(self, sample: Sample) -> UInt8[np.ndarray, "frames 112 112 3"]:
        """Return the crops of the frames with a face."""
        crops = self._reader.crops(sample.sha256)
        row = sample.noise
        if row is None:
            return crops
        return transform_crops(crops, row.transform, row.magnitude, row.visual_seed)
