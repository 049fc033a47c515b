"""What can be measured of a sound in each of HuBERT's frames, without any network."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy.fft import dct
from scipy.ndimage import uniform_filter1d
from scipy.signal import medfilt

from merflow.media.sound import RATE

HOP, WINDOW = 320, 400  # samples: HuBERT's stride and receptive field
FFT, BANDS, LOWEST_HZ, HIGHEST_HZ = 512, 26, 60.0, 7600.0
COEFFICIENTS = 13
FLOOR = 1e-7  # of a band's power, against the loudest frame
LONG, LONG_COEFFICIENTS = 21, 5  # frames of the slow spectrum
PITCH_WINDOW, PITCH_FFT, PITCH_BAND_HZ = 1024, 2048, 900.0
PITCH_HZ = (55.0, 420.0)
OCTAVE_COST = 0.06  # keeps the estimate from halving the pitch
VOICED, QUIET = 0.45, -3.5  # least periodicity; least log level against the whole sound
MIDDLE_HZ = 150.0

Frames = Float[np.ndarray, "frames _"]


@dataclass(frozen=True)
class Acoustics:
    """Measurements of one sound, one row a frame of 25 ms every 20 ms.

    Attributes:
        spectrum: Mel cepstrum 1..13 and its slope over five frames.
        timbre: Mel cepstrum 1..5, mean over .4 s weighted by loudness.
        loudness: Log level against the whole sound, and its slope.
        pitch: Octaves above 150 Hz; the same against the sound's median; both 0 where it is
            voiceless; whether it is voiced; periodicity 0..1.
    """

    spectrum: Frames
    timbre: Frames
    loudness: Frames
    pitch: Frames


def frame_count(samples: int) -> int:
    """Return how many frames HuBERT makes of a sound of at least 400 samples."""
    return (samples - WINDOW) // HOP + 1


def measure(sound: Float32[np.ndarray, " samples"]) -> Acoustics:
    """Return the measurements of a sound at 16 kHz (source: ours, of textbook parts)."""
    sound = np.asarray(sound, np.float64)
    short = _windows(sound, WINDOW)
    power = np.abs(np.fft.rfft(short * np.hanning(WINDOW), FFT)) ** 2
    bands = np.log(power @ MEL.T + FLOOR * power.sum(axis=1).max() + 1e-12)
    cepstrum = dct(bands, type=2, norm="ortho", axis=1)[:, 1 : COEFFICIENTS + 1]
    whole = sound.std() + 1e-9
    level = np.log(short.std(axis=1) / whole + 1e-4)
    return Acoustics(
        spectrum=np.hstack([cepstrum, _slope(cepstrum)]),
        timbre=_slow(cepstrum[:, :LONG_COEFFICIENTS], np.exp(level)),
        loudness=np.stack([level, _slope(level[:, None])[:, 0]], axis=1),
        pitch=_pitch(sound, level),
    )


def _windows(sound: Float[np.ndarray, " samples"], width: int) -> Frames:
    """Return windows around the middles of HuBERT's frames; zeros outside of the sound."""
    before = (width - WINDOW) // 2
    padded = np.pad(sound, (before, width))
    starts = HOP * np.arange(frame_count(sound.size))
    return padded[starts[:, None] + np.arange(width)]


def _mel_filters() -> Float[np.ndarray, "bands bins"]:
    """Return triangles whose corners are evenly spaced on the mel scale."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST_HZ, HIGHEST_HZ))
    corners = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    low, middle, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    bins = np.fft.rfftfreq(FFT, 1 / RATE)
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    return np.maximum(0.0, np.minimum(rising, falling))


MEL = _mel_filters()


def _slope(values: Frames) -> Frames:
    """Return the least-squares slope over five frames, a frame."""
    padded = np.pad(values, ((2, 2), (0, 0)), mode="edge")
    return (2 * (padded[4:] - padded[:-4]) + padded[3:-1] - padded[1:-3]) / 10


def _slow(values: Frames, weights: Float[np.ndarray, " frames"]) -> Frames:
    """Return the weighted mean over some frames on either side."""
    weights = weights[:, None] + 1e-6
    return uniform_filter1d(values * weights, LONG, axis=0, mode="nearest") / uniform_filter1d(
        weights, LONG, axis=0, mode="nearest"
    )


def _pitch(sound: Float[np.ndarray, " samples"], level: Float[np.ndarray, " frames"]) -> Frames:
    """Return pitch by the autocorrelation of what lies under 900 Hz (Boersma 1993, simplified)."""
    window = np.hanning(PITCH_WINDOW)
    frames = _windows(sound, PITCH_WINDOW)
    spectrum = np.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * window, PITCH_FFT)
    spectrum[:, round(PITCH_BAND_HZ * PITCH_FFT / RATE) :] = 0
    lags = np.arange(int(RATE / PITCH_HZ[1]), int(RATE / PITCH_HZ[0]))
    likeness = _autocorrelation(spectrum)
    likeness = likeness[:, lags] / np.maximum(likeness[:, :1], 1e-9)
    shape = _autocorrelation(np.fft.rfft(window, PITCH_FFT))
    likeness *= shape[0] / shape[lags]
    best = (likeness - OCTAVE_COST * np.log2(lags / lags[0])).argmax(axis=1)
    periodicity = likeness[np.arange(len(best)), best].clip(0, 1)
    voiced = (periodicity > VOICED) & (level > QUIET)
    octaves = np.log2(RATE / lags[best] / MIDDLE_HZ)
    usual = np.median(octaves[voiced]) if voiced.any() else 0.0
    smooth = medfilt(np.where(voiced, octaves, usual), 5)
    columns = [smooth * voiced, (smooth - usual) * voiced, 1.0 * voiced, periodicity]
    return np.stack(columns, axis=1)


def _autocorrelation(spectrum: np.ndarray) -> np.ndarray:
    return np.fft.irfft(np.abs(spectrum) ** 2)
