"""Writing a clip: h264 pictures and aac sound in mp4."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from jaxtyping import Float, UInt8

from merflow.errors import MerflowError
from merflow.storage.atomic import replacing

# Without mbtree: x264's vector code for it takes whole groups of blocks, reads past the end of a
# row where the width is no multiple of 256 pixels, and so made some bytes differ between runs.
PICTURE = {"preset": "veryfast", "crf": "20", "threads": "1", "mbtree": "0"}
SOUND_BITS = 64_000
CHUNK = 1024
TICK = Fraction(1, 90_000)  # s; the usual rates are whole numbers of it
NOMINAL_RATE = Fraction(25)  # told to the encoder where frames have times of their own
Picture = UInt8[np.ndarray, "h w 3"]


def write_clip(
    path: str | Path,
    frames: Iterable[Picture],
    fps: float,
    sound: Float[np.ndarray, "samples"],
    rate: int,
) -> None:
    """Write an mp4 clip; the same input gives the same bytes on one machine.

    Encoder settings are fixed and single-threaded, and neither time nor version is written.

    Args:
        path: Where to write; parent folders are made.
        frames: RGB pictures of one even height and width, taken one at a time.
        fps: Pictures a second.
        sound: Mono, in [-1, 1].
        rate: Samples a second.

    Raises:
        MerflowError: No frames, an odd size, or a size that changes.
    """
    frame_rate = Fraction(fps).limit_denominator(1001)
    stamped = ((number, 1, image) for number, image in enumerate(frames))
    _write(path, stamped, frame_rate, 1 / frame_rate, sound, rate, PICTURE)


def write_timed_clip(
    path: str | Path,
    frames: Iterable[tuple[float, Picture]],
    sound: Float[np.ndarray, "samples"],
    rate: int,
) -> None:
    """Write an mp4 clip whose frames keep their own times, as :func:`write_clip` else.

    No frame is left out or doubled, be the rate constant or not; the last lasts as long as the
    one before. Of frames at one time the later ones follow by 1/90000 s.

    Args:
        path: Where to write; parent folders are made.
        frames: (time in seconds after the first frame, RGB picture), as
            :func:`merflow.media.video.iterate_frames` yields them.
        sound: Mono, in [-1, 1]; it begins with the first frame.
        rate: Samples a second.

    Raises:
        MerflowError: No frames, an odd size, or a size that changes.
    """
    # Frames that are written in another order than they are shown in would blur the clip's end.
    in_order = PICTURE | {"bf": "0"}
    _write(path, _stamped(frames), NOMINAL_RATE, TICK, sound, rate, in_order)


def _stamped(frames: Iterable[tuple[float, Picture]]) -> Iterator[tuple[int, int, Picture]]:
    """Yield (time, duration, picture) in ticks, each later than the last."""
    waiting: tuple[int, Picture] | None = None
    lasts = round(1 / NOMINAL_RATE / TICK)
    for time, image in frames:
        stamp = round(time / TICK)
        if waiting is not None:
            stamp = max(stamp, waiting[0] + 1)
            lasts = stamp - waiting[0]
            yield waiting[0], lasts, waiting[1]
        waiting = stamp, image
    if waiting is not None:
        yield waiting[0], lasts, waiting[1]


def _write(
    path: str | Path,
    frames: Iterable[tuple[int, int, Picture]],
    frame_rate: Fraction,
    tick: Fraction,
    sound: Float[np.ndarray, "samples"],
    rate: int,
    settings: dict[str, str],
) -> None:
    """Write frames that come with time and duration in ticks (s)."""
    sound = np.ascontiguousarray(sound, dtype=np.float32)
    sent, images = 0, iter(frames)
    first = next(images, None)
    if first is None:
        raise MerflowError(f"{path}: a clip of no frames cannot be written")
    with replacing(path) as temporary, _container(temporary) as container:
        picture = _picture_stream(container, first[2], frame_rate, settings, path)
        picture.codec_context.time_base = tick
        picture.codec_context.flags |= av.codec.context.Flags.frame_duration
        sounder = _sound_stream(container, rate)
        for number, (stamp, lasts, image) in enumerate(chain([first], images)):
            if image.shape != (picture.height, picture.width, 3):
                raise MerflowError(f"{path}: frame {number} has another size than the first")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.duration, frame.time_base = stamp, lasts, tick
            container.mux(picture.encode(frame.reformat(format="yuv420p", threads=1)))
            # Alternating keeps the file interleaved and the memory small.
            until = min(sound.size, round((stamp + lasts) * rate * tick))
            sent = _send(container, sounder, sound, sent, until)
        _send(container, sounder, sound, sent, sound.size)
        container.mux(picture.encode(None))
        container.mux(sounder.encode(None))


def _container(path: Path) -> av.container.OutputContainer:
    """Open an mp4 for writing, without the muxer's version in it."""
    return av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"})


def _picture_stream(
    container: av.container.OutputContainer,
    image: np.ndarray,
    frame_rate: Fraction,
    settings: dict[str, str],
    path: str | Path,
) -> av.VideoStream:
    """Add the h264 stream for pictures of one size."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        raise MerflowError(
            f"{path}: {width} x {height} pictures cannot be written as yuv420p; "
            "crop a row or column so that both sides are even"
        )
    stream = container.add_stream("libx264", frame_rate, settings)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.codec_context.thread_count = 1
    return stream


def _sound_stream(container: av.container.OutputContainer, rate: int) -> av.AudioStream:
    """Add the aac stream."""
    stream = container.add_stream("aac", rate, {"threads": "1"}, layout="mono")
    stream.bit_rate = SOUND_BITS
    stream.codec_context.thread_count = 1
    # Without it libav writes its version into the first aac packet.
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    return stream


def _send(
    container: av.container.OutputContainer,
    stream: av.AudioStream,
    sound: np.ndarray,
    start: int,
    until: int,
) -> int:
    """Encode samples from ``start`` in chunks that begin before ``until``; return the next one."""
    while start < until:
        chunk = sound[None, start : start + CHUNK]
        frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = stream.rate, start
        frame.time_base = Fraction(1, stream.rate)
        container.mux(stream.encode(frame))
        start += chunk.shape[1]
    return start
