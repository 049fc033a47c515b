"""Fundamental frequency by YIN.

Source: de Cheveigne and Kawahara, "YIN, a fundamental frequency estimator for speech and music"
(JASA 2002), steps 1 to 5; the figures are ours.
"""

import numpy as np
import scipy.fft
from jaxtyping import Bool, Float

from merflow.encoders.cepstrum import framed
from merflow.media.sound import RATE

WINDOW = 1024  # samples, 64 ms; also the FFT's, in which no lag asked for wraps around
LOWEST_HZ, HIGHEST_HZ = 60, 600
LAGS = RATE // LOWEST_HZ + 2  # one more than is searched on either side
SUM = WINDOW - LAGS  # samples that each lag is summed over
CLEAR = 0.15  # the first dip below it is the period
CHUNK = 512  # frames at a time

Frames = Float[np.ndarray, " frames"]


def pitch(samples: Float[np.ndarray, " samples"]) -> tuple[Frames, Frames]:
    """Return each frame's fundamental frequency in Hz and how aperiodic it is, 0 to about 1.

    The frequency is that of the first dip of the aperiodicity below .15, or else of the deepest,
    and says something only where the aperiodicity is low.

    Args:
        samples: A sound at 16 kHz, at least one frame of the cepstrum long.
    """
    windows = framed(samples, WINDOW)
    parts = [_pitch(windows[k : k + CHUNK]) for k in range(0, len(windows), CHUNK)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _pitch(windows: Float[np.ndarray, "frames 1024"]) -> tuple[Frames, Frames]:
    curve = _aperiodicity(windows)
    first = RATE // HIGHEST_HZ
    inner = curve[:, first:-1]
    dip = (inner < curve[:, first - 1 : -2]) & (inner <= curve[:, first + 1 :])
    clear = dip & (inner < CLEAR)
    lag = first + np.where(clear.any(axis=1), clear.argmax(axis=1), _deepest(inner, dip))
    rows = np.arange(len(windows))
    before, here, after = (curve[rows, lag + step] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    # At a dip the vertex of the parabola lies within half a lag; elsewhere there is none.
    bent = np.where(bend > 0, bend, 1.0)
    shift = np.where(bend > 0, np.clip((before - after) / (2 * bent), -0.5, 0.5), 0.0)
    return RATE / (lag + shift), here


def _deepest(
    inner: Float[np.ndarray, "frames lags"], dip: Bool[np.ndarray, "frames lags"]
) -> np.ndarray:
    """Return the index of the deepest dip, of the smallest value where there is no dip."""
    dips = np.where(dip, inner, np.inf)
    return np.where(dip.any(axis=1), dips.argmin(axis=1), inner.argmin(axis=1))


def _aperiodicity(windows: Float[np.ndarray, "frames 1024"]) -> Float[np.ndarray, "frames lags"]:
    """Return YIN's cumulative mean normalised difference for the lags 0 to LAGS; 1 in silence."""
    head = scipy.fft.rfft(windows[:, :SUM], WINDOW, axis=1)
    whole = scipy.fft.rfft(windows, axis=1)
    product = scipy.fft.irfft(whole * head.conj(), WINDOW, axis=1)[:, : LAGS + 1]
    squares = np.pad(np.cumsum(windows**2, axis=1), ((0, 0), (1, 0)))
    energy = squares[:, SUM : SUM + LAGS + 1] - squares[:, : LAGS + 1]
    difference = np.maximum(energy[:, :1] + energy - 2 * product, 0)
    difference[:, 0] = 0
    total = np.cumsum(difference, axis=1)
    steps = np.arange(LAGS + 1)
    heard = total > 1e-12 * np.maximum(energy[:, :1], 1e-12)
    return np.where(heard, difference * steps / np.where(heard, total, 1), 1.0)
