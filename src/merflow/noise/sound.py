"""Corrupting sound: background speech mixed in at a drawn signal-to-noise ratio."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from merflow.media.container import ClipDefect
from merflow.media.mix import mix_at_snr, take_looped
from merflow.media.sound import RATE, read_sound
from merflow.noise.folder import NoiseFolder, unreadable
from merflow.noise.manifest import NoiseRow

Sound = Float32[np.ndarray, "samples"]


def corrupt_sound(sound: Sound, row: NoiseRow, root: Path) -> Sound:
    """Return the sound with the row's noise in it, as long as before.

    The noise starts at ``row.offset`` and is looped where it ends before the clip. Source: the
    corruption of the challenge organisers (FACTS 4.7), here seeded.

    Args:
        sound: 16 kHz mono in [-1, 1].
        row: One row of the noise manifest.
        root: The noise folder.

    Raises:
        MerflowError: The noise file is missing, outside the folder, or cannot be decoded.
    """
    noise = read_excerpt(NoiseFolder(root).path(row.noise_file), row.offset, len(sound))
    return mix_at_snr(sound, noise, row.snr_db)


def read_excerpt(path: Path, offset: int, length: int) -> Sound:
    """Return ``length`` samples (16 kHz mono) of a noise recording from ``offset`` on, looped.

    MUSAN's recordings last many minutes and are 16 kHz mono already: of such files only the
    excerpt is decoded, which gives the same samples. All others are decoded and resampled whole.

    Raises:
        MerflowError: The file cannot be decoded.
    """
    excerpt = _native_excerpt(path, offset, length)
    if excerpt is not None:
        return excerpt
    try:
        return take_looped(read_sound(path), offset, length)
    except ClipDefect:
        raise unreadable(path) from None


def _native_excerpt(path: Path, offset: int, length: int) -> Sound | None:
    """Return the excerpt if the file is 16 kHz mono PCM and holds all of it, else None."""
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as recording:
            native = recording.samplerate == RATE and recording.channels == 1
            whole = recording.subtype.startswith("PCM_")
            if not (native and whole and offset + length <= recording.frames):
                return None
            recording.seek(offset)
            excerpt = recording.read(length, dtype="float32")
    except soundfile.LibsndfileError:
        raise unreadable(path) from None
    return excerpt if len(excerpt) == length else None
