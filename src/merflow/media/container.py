"""Opening a media file safely and decoding what can be decoded."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import overload

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from merflow.errors import MerflowError
from merflow.media.limits import MAX_PIXELS

# Playlists, concatenation scripts and image sequences make libav open further files of their
# choosing, which may lie outside the corpus; only formats that hold their own media are opened.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,asf,ogg,mxf,wav,w64,flac,mp3,aac,"
    "aiff,au,caf,amr,h264,hevc,m4v,mpegvideo,ivf,nut,rm,dv,swf,gif"
)


class ClipDefect(MerflowError):  # noqa: N818 - a state of a file, not a failure
    """A file that cannot serve as a clip.

    Attributes:
        reason: One of :data:`merflow.media.reasons.REASONS`.
        detail: A few words without the path, fit for ``quarantine.csv``.
    """

    def __init__(self, reason: str, detail: str, path: str | Path | None = None) -> None:
        """Keep the reason; with a path, the message names the file."""
        super().__init__(detail if path is None else f"{path}: {detail}; replace or remove it")
        self.reason = reason
        self.detail = detail


Frame = av.AudioFrame | av.VideoFrame


@contextmanager
def opened(path: str | Path) -> Iterator[InputContainer]:
    """Open a media file for reading, with its decoders set to one thread.

    Raises:
        ClipDefect: ``missing``, ``empty`` or ``undecodable``.
    """
    file = Path(path)
    if not file.is_file():
        raise ClipDefect("missing", "there is no such file", path)
    if file.stat().st_size == 0:
        raise ClipDefect("empty", "the file has 0 bytes", path)
    try:
        container = av.open(
            f"file:{file}",  # a name with a colon is not a protocol
            metadata_errors="ignore",
            options={"format_whitelist": FORMATS, "protocol_whitelist": "file"},
        )
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError) as error:
        raise ClipDefect("undecodable", "no media format was recognised in it", path) from error
    with container:
        for stream in container.streams:
            if stream.codec_context is not None:
                stream.codec_context.thread_count = 1
        yield container


def picture_stream(container: InputContainer, path: str | Path) -> VideoStream:
    """Return the first moving-picture stream; a cover image of a sound file is none.

    Pictures that outgrow ``MAX_PIXELS`` on the way are not decoded.

    Raises:
        ClipDefect: ``no_picture``, ``too_large``, or ``undecodable`` where its codec is unknown.
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise ClipDefect("undecodable", "the codec of its picture is unknown", path)
            if stream.width * stream.height > MAX_PIXELS:
                size = f"{stream.width} x {stream.height}"
                raise ClipDefect("too_large", f"its pictures have {size} pixels", path)
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            return stream
    raise ClipDefect("no_picture", "it has no picture stream", path)


def sound_stream(container: InputContainer, path: str | Path) -> AudioStream:
    """Return the first sound stream.

    Raises:
        ClipDefect: ``soundless``, or ``undecodable`` where its codec is unknown.
    """
    for stream in container.streams.audio:
        if stream.codec_context is None:
            raise ClipDefect("undecodable", "the codec of its sound is unknown", path)
        return stream
    raise ClipDefect("soundless", "it has no sound stream", path)


@overload
def decoded(
    container: InputContainer, streams: Sequence[VideoStream]
) -> Iterator[av.VideoFrame]: ...
@overload
def decoded(
    container: InputContainer, streams: Sequence[AudioStream]
) -> Iterator[av.AudioFrame]: ...
@overload
def decoded(
    container: InputContainer, streams: Sequence[AudioStream | VideoStream]
) -> Iterator[Frame]: ...
def decoded(
    container: InputContainer, streams: Sequence[AudioStream | VideoStream]
) -> Iterator[Frame]:
    """Yield the frames of the given streams, in the file's order.

    Damaged packets are skipped; where the file breaks off, what the decoders still hold is kept.
    """
    packets = container.demux(list(streams))
    while True:
        try:
            packet = next(packets)
        except StopIteration:  # the last packets of demux have flushed the decoders
            return
        except MemoryError:
            raise
        except (av.FFmpegError, ValueError):
            break
        except IndexError:  # demux flushes streams that appeared on the way and has no decoder
            break
        yield from _kept(packet.decode)
    for stream in streams:
        yield from _kept(stream.codec_context.decode)


def _kept(decode: Callable[[], Sequence[object]]) -> list[Frame]:
    """Return the frames that ``decode`` gives, or nothing where it fails."""
    try:
        found = decode()
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError):
        return []
    return [frame for frame in found if isinstance(frame, Frame)]
