"""The noise manifest: one row for each corrupted copy of a training clip, or for each test clip.

Training and test clips have manifests of their own, whose recordings are not the same.
"""

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from merflow.errors import MerflowError
from merflow.storage.atomic import replacing


@dataclass(frozen=True)
class NoiseRow:
    """How one copy of one clip is corrupted.

    Attributes:
        clip: The clip's name in the corpus manifest.
        copy: 1, 2, ...; copy 0 is the clean original and has no row. A test clip has copy 1 alone.
        noise_file: Noise recording, relative to the noise folder, with forward slashes.
        offset: First sample taken from it, at 16 kHz.
        snr_db: Signal-to-noise ratio in dB; may be negative.
        transform: One of ``merflow.noise.visual.TRANSFORMS``.
        magnitude: Its strength, in the transform's own unit.
        visual_seed: Decides what the transform draws beside its magnitude (cutout's position).
        noise_sha256: Digest of the noise recording, so that a replaced file is noticed.
    """

    clip: str
    copy: int
    noise_file: str
    offset: int
    snr_db: int
    transform: str
    magnitude: float
    visual_seed: int
    noise_sha256: str

    @property
    def sound_settings(self) -> dict[str, Any]:
        """What decides the corrupted sound, beside the clip."""
        return {"noise": self.noise_sha256, "offset": self.offset, "snr_db": self.snr_db}

    @property
    def visual_settings(self) -> dict[str, Any]:
        """What decides the corrupted crops, beside the clip."""
        settings = {"transform": self.transform, "magnitude": self.magnitude}
        return settings | ({"seed": self.visual_seed} if self.transform == "cutout" else {})


COLUMNS = [field.name for field in fields(NoiseRow)]


def write_noise(path: Path, rows: Iterable[NoiseRow]) -> None:
    """Write the noise manifest, sorted by clip and copy."""
    import pandas as pd

    ordered = sorted(rows, key=lambda row: (row.clip, row.copy))
    table = pd.DataFrame([asdict(row) for row in ordered], columns=COLUMNS)
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def read_noise(path: Path) -> list[NoiseRow]:
    """Return the rows of a noise manifest, in the order of the file.

    Raises:
        MerflowError: The file is missing or its columns are not those of :class:`NoiseRow`.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            records = csv.DictReader(stream)
            if records.fieldnames != COLUMNS:
                raise MerflowError(
                    f"the noise manifest {path} has the columns {records.fieldnames}, "
                    f"not {COLUMNS}: run `merflow noise draw` again"
                )
            return [_row(record) for record in records]
    except FileNotFoundError:
        raise MerflowError(
            f"the noise manifest {path} is missing: run `merflow noise draw` first"
        ) from None
    except (TypeError, ValueError) as error:
        raise MerflowError(
            f"the noise manifest {path} is damaged ({error}): delete it and rerun"
        ) from None


def _row(record: dict[str, str]) -> NoiseRow:
    """Convert the texts of a csv row to the types of :class:`NoiseRow`."""
    types = get_type_hints(NoiseRow)
    return NoiseRow(**{name: types[name](record[name]) for name in COLUMNS})
