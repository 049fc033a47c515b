"""Mixing speech with noise at a given signal-to-noise ratio."""

import numpy as np
from jaxtyping import Float, Float32

from merflow.errors import MerflowError


def mix_at_snr(
    speech: Float[np.ndarray, "samples"], noise: Float[np.ndarray, "samples"], snr_db: float
) -> Float32[np.ndarray, "samples"]:
    """Add noise so that rms(speech) / rms(scaled noise) is 10^(snr/20).

    A mix that leaves [-1, 1] is scaled down as a whole, which keeps the ratio. Where the noise is
    silence no scaling gives the ratio and the speech is returned unchanged.

    Source: the corruption of the MER 2023 baseline (RMS scaling, rescaling of peaks).
    """
    clean, other = np.asarray(speech, np.float64), np.asarray(noise, np.float64)
    level = np.sqrt(np.mean(other**2)) if other.size else 0.0
    if level > 0.0:
        wanted = np.sqrt(np.mean(clean**2)) / 10.0 ** (snr_db / 20.0)
        mixed = clean + other * (wanted / level)
    else:
        mixed = clean
    peak = np.abs(mixed).max(initial=0.0)
    return (mixed / peak if peak > 1.0 else mixed).astype(np.float32)


def take_looped(
    noise: Float[np.ndarray, "samples"], offset: int, length: int
) -> Float[np.ndarray, "length"]:
    """Return ``length`` samples from ``offset`` on, starting over at the noise's end.

    Raises:
        MerflowError: The noise has no samples.
    """
    if not noise.size:
        raise MerflowError("a noise recording has no samples; remove it from the noise folder")
    return np.take(noise, np.arange(offset, offset + length), mode="wrap")
