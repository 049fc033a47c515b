"""Clips of the demo's talking heads in the containers of real corpora."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

from merflow.corpus.demo.clips import clip_frames, clip_sound
from merflow.corpus.demo.labels import VALENCE_MEAN, Label
from merflow.media.sound import RATE

SPEC = {"seed": 7, "duration_s": 0.64, "fps": 12.5, "width": 160, "height": 112}


@dataclass(frozen=True)
class Container:
    """Suffix, codecs and sampling rate of a corpus's files."""

    suffix: str
    picture: str
    sound: str
    rate: int


AVI = Container(".avi", "mpeg4", "pcm_s16le", 44100)
AVI_48 = Container(".avi", "mpeg4", "mp3", 48000)
MP4_16 = Container(".mp4", "libx264", "aac", 16000)
MP4_48 = Container(".mp4", "libx264", "aac", 48000)
FLV = Container(".flv", "flv", "mp3", 44100)


def make(
    folder: Path,
    name: str,
    container: Container,
    emotion: str = "happy",
    speaker: int = 1,
    *,
    duration_s: float = SPEC["duration_s"],
    picture: bool = True,
    sound: bool = True,
) -> Path:
    """Write a clip of a speaker who shows one of the demo's emotions; returns its file."""
    heard = np.resize(_speech(emotion, speaker % 3), round(duration_s * RATE))
    spec, label = SPEC | {"duration_s": duration_s}, _label(name, emotion, speaker)
    seen = list(clip_frames(label, spec, heard)) if picture else []
    file = folder / f"{name}{container.suffix}"
    file.parent.mkdir(parents=True, exist_ok=True)
    write(file, container, seen, heard if sound else None)
    return file


@cache
def _speech(emotion: str, speaker: int) -> np.ndarray:
    """Return what all clips of an emotion and a voice say: drawing it is what costs most."""
    return clip_sound(_label("speech", emotion, speaker), SPEC)


def _label(name: str, emotion: str, speaker: int) -> Label:
    felt = VALENCE_MEAN[emotion]
    return Label(0, name, "train", emotion, felt, f"speaker_{speaker:02d}", emotion, felt)


def write(
    file: Path, container: Container, frames: Sequence[np.ndarray], sound: np.ndarray | None
) -> None:
    """Mux RGB pictures, if any, and sound of 16 kHz, if any, with the container's codecs."""
    with av.open(str(file), "w") as out:
        streams = []
        if frames:
            picture = out.add_stream(container.picture, Fraction(SPEC["fps"]).limit_denominator())
            picture.height, picture.width = frames[0].shape[:2]
            picture.pix_fmt = "yuv420p"
            streams.append((picture, [_picture(image) for image in frames]))
        if sound is not None:
            sounder = out.add_stream(container.sound, container.rate, layout="mono")
            streams.append((sounder, _sounds(sounder, sound)))
        for stream, pieces in streams:
            for piece in [*pieces, None]:
                out.mux(stream.encode(piece))


def _picture(image: np.ndarray) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")


def _sounds(stream: av.AudioStream, sound: np.ndarray) -> list[av.AudioFrame]:
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(sound[None], np.float32), format="flt", layout="mono"
    )
    frame.sample_rate = RATE
    context = stream.codec_context
    change = av.AudioResampler(context.format, "mono", stream.rate, context.frame_size or None)
    return [*change.resample(frame), *change.resample(None)]
