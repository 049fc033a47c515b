"""Writing a clip: h264 pictures and aac sound in mp4."""

from collections.abc import Iterable
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


def write_clip(
    path: str | Path,
    frames: Iterable[UInt8[np.ndarray, "h w 3"]],
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
    sound = np.ascontiguousarray(sound, dtype=np.float32)
    frame_rate = Fraction(fps).limit_denominator(1001)
    sent, images = 0, iter(frames)
    first = next(images, None)
    if first is None:
        raise MerflowError(f"{path}: a clip of no frames cannot be written")
    with replacing(path) as temporary, _container(temporary) as container:
        picture = _picture_stream(container, first, frame_rate, path)
        sounder = _sound_stream(container, rate)
        for number, image in enumerate(chain([first], images)):
            if image.shape != (picture.height, picture.width, 3):
                raise MerflowError(f"{path}: frame {number} has another size than the first")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = number, 1 / frame_rate
            container.mux(picture.encode(frame.reformat(format="yuv420p", threads=1)))
            # Alternating keeps the file interleaved and the memory small.
            until = min(sound.size, round((number + 1) * rate / frame_rate))
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
    path: str | Path,
) -> av.VideoStream:
    """Add the h264 stream for pictures of one size."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        raise MerflowError(
            f"{path}: {width} x {height} pictures cannot be written as yuv420p; "
            "crop a row or column so that both sides are even"
        )
    stream = container.add_stream("libx264", frame_rate, PICTURE)
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
