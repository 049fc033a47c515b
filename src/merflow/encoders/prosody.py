"""Statistics of melody, loudness and timbre of one sound (source: ours, of textbook parts).

A frame is *heard* if it lies at most 40 dB below the loudest one and above -90 dB, *voiced* if it
is heard and its aperiodicity is below .3. Statistics over no frame are 0.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float

from merflow.encoders.cepstrum import FFT, HOP, WINDOW, Spectra, framed
from merflow.encoders.pitch import pitch
from merflow.media.sound import RATE

VOICED = 0.3
HEARD_DB, SILENT_DB, FLOOR_DB = 40.0, -90.0, -100.0  # below the loudest; absolute; of a level
DEPTH_DB = 60.0  # levels further below the loudest count as that far
MIDDLE_HZ = 150.0
ROLLOFF = 0.85
LOW_HZ, HIGH_HZ = (50.0, 1000.0), (1000.0, 5000.0)  # the bands of the alpha ratio

Frames = Float[np.ndarray, " frames"]
Mask = Bool[np.ndarray, " frames"]
Named = Iterator[tuple[str, float]]


def prosody(samples: Float[np.ndarray, " samples"], power: Spectra) -> dict[str, float]:
    """Return the statistics by name; the order is always the same.

    Args:
        samples: A sound at 16 kHz without its mean, at least one frame long.
        power: Its spectra.
    """
    level = _level(framed(samples, WINDOW))
    heard = (level >= level.max() - HEARD_DB) & (level > SILENT_DB)
    hertz, aperiodicity = pitch(samples)
    voiced = heard & (aperiodicity < VOICED)
    return {
        **dict(_melody(np.log2(hertz / MIDDLE_HZ), voiced)),
        "aperiodicity mean": _mean(aperiodicity[heard]),
        **dict(_loudness(np.maximum(level, level.max() - DEPTH_DB))),
        "heard share": float(heard.mean()),
        **dict(_timbre(samples, power, heard)),
    }


def _level(windows: Float[np.ndarray, "frames 400"]) -> Frames:
    """Return the mean power in dB, 0 for a square wave of amplitude 1."""
    return 10 * np.log10(np.mean(windows**2, axis=1) + 10 ** (FLOOR_DB / 10))


def _melody(octaves: Frames, voiced: Mask) -> Named:
    """Fundamental frequency in octaves above 150 Hz, over the voiced frames."""
    yield from _spread("pitch", octaves[voiced])
    yield "pitch slope", _slope(octaves, voiced)
    yield "pitch step", _mean(np.abs(np.diff(octaves))[voiced[1:] & voiced[:-1]])
    stretches = int(voiced[0]) + int((voiced[1:] & ~voiced[:-1]).sum())
    seconds = len(voiced) * HOP / RATE
    yield "voiced share", float(voiced.mean())
    yield "voiced stretches a second", stretches / seconds
    yield "voiced stretch seconds", voiced.sum() * HOP / RATE / max(stretches, 1)


def _loudness(level: Frames) -> Named:
    """Levels in dB, over all frames."""
    yield from _spread("level", level)
    yield "level slope", _slope(level, np.ones(len(level), bool))
    yield "level step", _mean(np.abs(np.diff(level)))


def _timbre(samples: Float[np.ndarray, " samples"], power: Spectra, heard: Mask) -> Named:
    """Shape of the spectrum: mean and deviation over the heard frames."""
    hertz = np.arange(FFT // 2 + 1) * RATE / FFT
    total = power[heard].sum(axis=1, keepdims=True)
    # Heard, but the Hann window may hide a click at the frame's rim.
    share = power[heard] / np.where(total > 0, total, 1)
    centroid = share @ hertz
    spread = np.sqrt(np.maximum(share @ hertz**2 - centroid**2, 0))
    rolloff = hertz[(np.cumsum(share, axis=1) >= ROLLOFF - 1e-9).argmax(axis=1)]
    flatness = np.log(share + 1e-12).mean(axis=1)
    low, high = (share[:, (hertz >= a) & (hertz < b)].sum(axis=1) for a, b in (LOW_HZ, HIGH_HZ))
    ratio = 10 * np.log10((low + 1e-6) / (high + 1e-6))
    windows = framed(samples, WINDOW)[heard]
    crossings = (windows[:, 1:] * windows[:, :-1] < 0).mean(axis=1)
    flux = np.abs(np.diff(share, axis=0)).sum(axis=1)[np.diff(np.flatnonzero(heard)) == 1]
    for name, values in (
        ("centroid", centroid),
        ("bandwidth", spread),
        ("rolloff", rolloff),
        ("flatness", flatness),
        ("alpha ratio", ratio),
        ("zero crossings", crossings),
        ("flux", flux),
    ):
        yield f"{name} mean", _mean(values)
        yield f"{name} deviation", float(values.std()) if values.size else 0.0


def _spread(name: str, values: Frames) -> Named:
    yield f"{name} mean", _mean(values)
    yield f"{name} deviation", float(values.std()) if values.size else 0.0
    for percent in (10, 50, 90):
        yield f"{name} {percent} %", float(np.percentile(values, percent)) if values.size else 0.0


def _mean(values: Frames) -> float:
    return float(values.mean()) if values.size else 0.0


def _slope(values: Frames, chosen: Mask) -> float:
    """Return the slope of the line through the chosen frames, a second."""
    seconds = np.flatnonzero(chosen) * HOP / RATE
    if seconds.size < 2:
        return 0.0
    away = seconds - seconds.mean()
    return float(away @ values[chosen] / (away @ away))
