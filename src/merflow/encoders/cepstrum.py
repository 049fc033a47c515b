"""Power spectra of 25 ms every 10 ms and their mel cepstrum (source: textbook, figures ours).

The sound's mean is taken off, and zeros follow where it is shorter than one frame; what is left
behind the last whole frame, less than 10 ms, is not looked at.
"""

import numpy as np
import scipy.fft
from jaxtyping import Float, Float32

from merflow.media.sound import RATE

WINDOW, HOP, FFT = 400, 160, 512  # samples
BANDS, LOWEST_HZ, HIGHEST_HZ = 40, 20.0, 8000.0
COEFFICIENTS = 20  # 0, the loudness, to 19
FLOOR, DEPTH = 1e-10, 1e-8  # least energy of a band: of all sounds; against the sound's largest
SLOPE = 4  # frames to either side of a slope

Sound = Float32[np.ndarray, "_samples"]
Spectra = Float[np.ndarray, "frames 257"]


def centred(sound: Sound) -> Float[np.ndarray, " at_least_400"]:
    """Return the sound in float64 without its mean, with zeros behind it up to one frame."""
    wide = np.asarray(sound, np.float64)
    wide = wide - wide.mean() if wide.size else wide
    return np.pad(wide, (0, max(0, WINDOW - wide.size)))


def framed(samples: Float[np.ndarray, " samples"], width: int) -> Float[np.ndarray, "frames _"]:
    """Return windows of ``width`` samples around the middles of the frames; zeros outside."""
    count = (samples.size - WINDOW) // HOP + 1
    before = (width - WINDOW) // 2
    padded = np.pad(samples, (before, width))
    return np.lib.stride_tricks.sliding_window_view(padded, width)[: count * HOP : HOP]


def spectra(samples: Float[np.ndarray, " samples"]) -> Spectra:
    """Return the power |FFT|^2 of Hann windows, bins of 31.25 Hz."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    transform = scipy.fft.rfft(framed(samples, WINDOW) * hann, FFT, axis=1)
    return transform.real**2 + transform.imag**2


def cepstrum(power: Spectra) -> Float[np.ndarray, "frames 20"]:
    """Return the orthonormal DCT-II of the natural logarithm of the energies of 40 mel bands."""
    energy = power @ mel_bands().T
    least = max(FLOOR, DEPTH * float(energy.max()))
    logarithm = np.log(np.maximum(energy, least))
    return scipy.fft.dct(logarithm, type=2, norm="ortho", axis=1)[:, :COEFFICIENTS]


def slopes(values: Float[np.ndarray, "frames dim"]) -> Float[np.ndarray, "frames dim"]:
    """Return the slope of the line through nine frames, a frame; the ends are repeated."""
    steps = np.arange(-SLOPE, SLOPE + 1)
    padded = np.pad(values, ((SLOPE, SLOPE), (0, 0)), mode="edge")
    weighted = [step * padded[SLOPE + step : SLOPE + step + len(values)] for step in steps]
    return np.sum(weighted, axis=0) / np.sum(steps**2)


def mel_bands() -> Float[np.ndarray, "bands=40 bins=257"]:
    """Return triangles of height 1, corners evenly spaced on the scale 2595 lg(1 + f/700)."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST_HZ, HIGHEST_HZ))
    corners = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    left, middle, right = (corners[k : BANDS + k, None] for k in range(3))
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    rising, falling = (bins - left) / (middle - left), (right - bins) / (right - middle)
    return np.maximum(0, np.minimum(rising, falling))
