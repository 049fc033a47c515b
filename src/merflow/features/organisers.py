"""Features as the challenge's organisers give them out: a folder a layer, a npy file a clip.

``<name>-UTT/<clip>.npy`` (or ``_UTT``) holds one vector of shape (dim,), ``<name>-FRA/<clip>.npy``
(or ``_FRA``) one vector a frame, (frames, dim). A clip in which the organisers found no face has a
vector of zeros. Also asked while planning, so it imports nothing but NumPy.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Num

from merflow.errors import MerflowError
from merflow.storage.npy import load_array

FRAMES = ("-FRA", "_FRA")  # how the organisers end the name of a folder of frames
SUFFIX = ".npy"
SHOWN = 3  # of the files that are missing, in the sentence
LARGE = 1 << 20  # bytes; from here on a file is read where it lies


def npy_name(clip: str) -> str:
    """Return the file name of a clip's features.

    Raises:
        MerflowError: The clip's name would lead to another folder, or is no file name.
    """
    name = f"{clip}{SUFFIX}"
    if not clip or any(mark in clip for mark in "/\\\0") or len(os.fsencode(name)) > 255:
        raise MerflowError(
            f"the clip {clip!r} cannot have features in a file: its name must be a plain file "
            "name, without a slash and shorter than 250 bytes"
        )
    return name


def check_complete(folder: Path, clips: Sequence[str]) -> None:
    """Check that every clip has its file; one without a face has a vector of zeros.

    Raises:
        MerflowError: The folder is not there, or files are missing: how many, and the first few.
    """
    try:
        there = set(os.listdir(folder))
    except OSError as error:
        raise MerflowError(
            f"the folder of features {folder} cannot be read ({error.strerror}): correct "
            "features.encoders.<name>.folders"
        ) from None
    missing = [name for name in map(npy_name, clips) if name not in there]
    if missing:
        more = ", ..." if len(missing) > SHOWN else ""
        raise MerflowError(
            f"{folder} lacks the features of {len(missing)} of {len(clips)} clips "
            f"({', '.join(missing[:SHOWN])}{more}): complete the folder; a clip without a face "
            "has a vector of zeros there"
        )


def read_vector(file: Path, deviation: bool) -> tuple[Float32[np.ndarray, "_dim"], int]:
    """Return a clip's vector, and how many frames it is the mean of (1: it is given as such).

    Args:
        file: Of shape (dim,), (1, dim) or (frames, dim), any real type.
        deviation: Whether the population standard deviation over the frames follows the mean.

    Returns:
        The values of a single vector as they are, in float32; else the float64 mean over the
        frames, rounded to float32. Of shape (dim,), or (2 dim,) with the deviation.

    Raises:
        MerflowError: The file is missing, no npy file, pickled or empty, has another shape or
            type, holds NaN or infinity, or has no frames to take a deviation over.
    """
    values = _numbers(file)
    # The organisers write (1, dim) where a clip has one frame, others where they took the mean.
    if deviation and (values.ndim == 1 or (len(values) == 1 and not _of_frames(file))):
        raise MerflowError(
            f"{file} holds one vector of shape {values.shape}, which has no standard deviation: "
            f"name the folder of its frames (<name>{FRAMES[0]} or <name>{FRAMES[1]}) or set "
            "statistics to mean"
        )
    frames = np.atleast_2d(values)
    with np.errstate(over="ignore", invalid="ignore"):
        parts = [frames[0] if len(frames) == 1 else frames.mean(axis=0, dtype=np.float64)]
        if deviation:
            parts.append(frames.std(axis=0, dtype=np.float64))
        vector = np.concatenate(parts).astype(np.float32)
    if not np.isfinite(vector).all():
        raise MerflowError(f"{file} holds NaN or infinity: extract or download it again")
    return vector, len(frames)


def write_vector(file: Path, vector: Float32[np.ndarray, "_dim"]) -> None:
    """Write one vector as :func:`read_vector` gives it back, to the last bit."""
    with file.open("xb") as stream:
        np.lib.format.write_array(stream, np.ascontiguousarray(vector, "<f4"), allow_pickle=False)


def _of_frames(file: Path) -> bool:
    return file.parent.name.endswith(FRAMES)


def _numbers(file: Path) -> Num[np.ndarray, "..."]:
    """Return the array of a file, if it is one of numbers with one or two dimensions."""
    try:
        values = load_array(file, mapped=file.stat().st_size > LARGE)
    except FileNotFoundError:
        raise MerflowError(f"{file} is missing: complete the folder") from None
    except (OSError, ValueError) as error:
        told = " ".join(str(error).split())
        raise MerflowError(
            f"{file} is no npy file of numbers ({told}): extract or download it again"
        ) from None
    if values.dtype.kind not in "fiu":
        raise MerflowError(f"{file} holds no plain array of numbers: extract or download it again")
    if values.ndim not in (1, 2) or not values.size:
        raise MerflowError(
            f"{file} has the shape {values.shape}: a clip's features have the shape (dim,) or "
            "(frames, dim), neither of them 0"
        )
    return values
