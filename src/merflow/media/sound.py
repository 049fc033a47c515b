"""Sound of any container as 16 kHz mono."""

from pathlib import Path

import av
import numpy as np
from jaxtyping import Float32

from merflow.media.container import ClipDefect, decoded, opened, sound_stream

RATE = 16000
"""Samples a second of every sound in this package."""


class Resampler:
    """Turns decoded sound frames into 16 kHz mono, in pieces.

    Channels are averaged here: libav's own downmix of floats adds 3 dB to what both channels
    share. A change of rate or layout inside a stream starts a new resampler. Channels come out
    interleaved: of more than eight planes PyAV (18.1) reads beyond the last.
    """

    def __init__(self) -> None:
        """Start with no known input format."""
        self._input: tuple[int, str, str] | None = None
        self._resampler: av.AudioResampler | None = None

    def feed(self, frame: av.AudioFrame) -> Float32[np.ndarray, "samples"]:
        """Return the samples that are ready after one more frame."""
        form = (frame.sample_rate, frame.layout.name, frame.format.name)
        ended = self.flush() if form != self._input else np.zeros(0, np.float32)
        if self._resampler is None:
            self._input = form
            self._resampler = av.AudioResampler(format="flt", layout=frame.layout, rate=RATE)
        frame.pts = None  # gaps between time stamps are not filled
        return np.concatenate([ended, _mono(self._resampler.resample(frame))])

    def flush(self) -> Float32[np.ndarray, "samples"]:
        """Return the samples that the resampler still holds."""
        resampler, self._resampler = self._resampler, None
        return np.zeros(0, np.float32) if resampler is None else _mono(resampler.resample(None))


def read_sound(path: str | Path) -> Float32[np.ndarray, "samples"]:
    """Return the whole first sound stream, 16 kHz mono in [-1, 1].

    The first sample is the stream's first after the codec's priming. Damaged packets are left out.

    Raises:
        ClipDefect: Missing or empty file, no sound stream, or nothing in it can be decoded.
    """
    pieces, resampler = [], Resampler()
    with opened(path) as container:
        stream = sound_stream(container, path)
        for frame in decoded(container, [stream]):
            pieces.append(resampler.feed(frame))
    pieces.append(resampler.flush())
    sound = np.concatenate(pieces)
    if not sound.size:
        raise ClipDefect("undecodable", "no sample of its sound can be decoded", path)
    return sound


def _mono(frames: list[av.AudioFrame]) -> Float32[np.ndarray, "samples"]:
    """Average the channels of interleaved frames; decoders may overshoot [-1, 1] a little."""
    if not frames:
        return np.zeros(0, np.float32)
    pieces = [frame.to_ndarray().reshape(-1, frame.layout.nb_channels) for frame in frames]
    channels = np.ascontiguousarray(np.concatenate(pieces).T)
    with np.errstate(invalid="ignore", over="ignore"):  # damaged floats may be of any size
        sound = channels.mean(axis=0, dtype=np.float32)
    return np.clip(np.nan_to_num(sound, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
