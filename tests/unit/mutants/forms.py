"""Writing a scene in the containers and codecs that corpora come in."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from merflow.media.sound import read_sound
from merflow.media.video import iterate_frames


@dataclass(frozen=True)
class Form:
    """A container with its codecs; ``widest`` is the largest layout that the sound can have."""

    suffix: str
    container: str
    picture: str
    pixels: str
    sound: str
    widest: int = 2
    rate: int = 16000

    def sound_s(self, written_s: float) -> tuple[float, float]:
        """Return the least and the most seconds of sound that decode where so many were written.

        Without loss it is what was written. Else a codec fills its last frame, or keeps the end of
        it back; and where the container does not say what the codec put before the start, that
        comes out too.
        """
        frame_s = FRAMES.get(self.sound, 0) / self.rate
        lost = frame_s if self.sound in KEEPING_BACK else 0.0
        untold = frame_s if self.container in UNTOLD else 0.0
        return max(0.0, written_s - lost), written_s + frame_s + untold

    def length_s(self, picture_s: float, sound_s: float) -> tuple[float, float]:
        """Return the least and the most length of a clip of so many seconds of each."""
        least, most = self.sound_s(sound_s)
        # An avi begins at 0: what such a codec puts before the start shifts pictures by one.
        shifted = 0.1 if self.container == "avi" and self.sound in FRAMES else 0.0
        return max(picture_s - TICK_S, least), max(picture_s + TICK_S + shifted, most)


MP4 = Form("mp4", "mp4", "libx264", "yuv420p", "aac", 6)
MKV = Form("mkv", "matroska", "ffv1", "yuv444p", "flac", 6)
AVI = Form("avi", "avi", "mpeg4", "yuv420p", "pcm_s16le")
FORMS = [
    *(MP4, MKV, AVI),
    Form("mov", "mov", "mpeg4", "yuv420p", "pcm_s16le", 6),
    Form("mp4", "mp4", "libx265", "yuv420p", "ac3", 6, 48000),
    Form("mkv", "matroska", "libx264", "yuv444p", "pcm_f32le", 6),
    Form("avi", "avi", "mjpeg", "yuvj420p", "pcm_u8"),
    Form("avi", "avi", "mpeg4", "yuv420p", "libmp3lame", 2, 44100),
    Form("webm", "webm", "libvpx", "yuv420p", "libopus", 6, 48000),
    Form("webm", "webm", "libvpx-vp9", "yuv420p", "libopus", 2, 48000),
    Form("flv", "flv", "flv", "yuv420p", "libmp3lame", 2, 44100),
    Form("flv", "flv", "libx264", "yuv420p", "aac", 2, 44100),
    Form("ts", "mpegts", "libx264", "yuv420p", "mp2", 2, 48000),
    Form("wmv", "asf", "wmv2", "yuv420p", "wmav2", 2, 44100),
]
FRAMES = {"aac": 1024, "ac3": 1536, "libmp3lame": 1152, "libopus": 960, "mp2": 1152}
FRAMES |= {"wmav2": 2048}
"""Samples in a frame of the codecs with loss; the others give back what was written."""
KEEPING_BACK = {"ac3", "wmav2"}
UNTOLD = {"avi", "flv"}
TICK_S = 0.001
"""A container's step of time: that of matroska, webm, flv and asf, and the others' are finer."""
BITEXACT = {"fflags": "+bitexact"}
"""Option of containers that would else hold a random number."""
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
OPTIONS = {
    "libx264": {"preset": "ultrafast", "threads": "1"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=none"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "wmav2": {"b": "64000"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
}
SOUND_FORMATS = {"flac": "s16", "pcm_s16le": "s16", "pcm_u8": "u8", "mp2": "s16"}
SOUND_FORMATS |= {"pcm_f32le": "flt", "libopus": "flt"}


@dataclass(frozen=True)
class Scene:
    """A drawn clip: RGB pictures [n, height, width, 3], and float32 samples at 16 kHz."""

    pictures: np.ndarray
    sound: np.ndarray


def scene_of(clip: Path) -> Scene:
    """Read a clip whole."""
    return Scene(np.array([frame for _, frame in iterate_frames(clip, None)]), read_sound(clip))


def write(
    path: Path,
    scene: Scene,
    form: Form,
    fps: float = 10.0,
    stamps: np.ndarray | None = None,
    channels: int = 1,
    turn: int = 0,
    with_sound: bool = True,
    sound_s: float | None = None,
) -> None:
    """Write a scene in a form.

    Args:
        path: Where to.
        scene: Pictures of any size, which are shown at ``fps``.
        form: Container and codecs.
        fps: Pictures a second.
        stamps: Times of the pictures in milliseconds; else they are even.
        channels: Of the sound, all alike.
        turn: Degrees of the display matrix.
        with_sound: Whether there is a sound stream.
        sound_s: Length of the sound, which starts over at its end; by default the pictures'.
    """
    rate = Fraction(fps).limit_denominator(1001)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=form.container, options=BITEXACT) as output:
        picture = output.add_stream(form.picture, rate, OPTIONS.get(form.picture))
        picture.height, picture.width = scene.pictures.shape[1:3]
        picture.pix_fmt = form.pixels
        picture.codec_context.thread_count = 1
        if stamps is not None:
            picture.codec_context.time_base = Fraction(1, 1000)
        if turn:
            picture.set_display_rotation(turn)
        sound = None
        if with_sound:
            options = OPTIONS.get(form.sound)
            sound = output.add_stream(form.sound, form.rate, options, layout=LAYOUTS[channels])
        for number, shown in enumerate(scene.pictures):
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format=form.pixels)
            frame.pts, frame.time_base = number, 1 / rate
            if stamps is not None:
                frame.pts, frame.time_base = int(stamps[number]), Fraction(1, 1000)
            output.mux(picture.encode(frame))
        output.mux(picture.encode(None))
        if sound is not None:
            length = len(scene.pictures) / fps if sound_s is None else sound_s
            _write_sound(output, sound, scene.sound, round(length * form.rate), channels)


def _write_sound(output: Any, stream: Any, sound: np.ndarray, samples: int, channels: int) -> None:
    """Encode ``samples`` samples, from the start of the sound on, in every channel."""
    kind = SOUND_FORMATS.get(stream.codec_context.name, "fltp")
    stream.codec_context.open(strict=False)
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(kind, LAYOUTS[channels], stream.rate, size)
    held = np.resize(sound, samples).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.tile(held, (channels, 1)), "fltp", LAYOUTS[channels])
    frame.sample_rate, frame.pts, frame.time_base = stream.rate, 0, Fraction(1, stream.rate)
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        output.mux(stream.encode(piece))
    output.mux(stream.encode(None))
