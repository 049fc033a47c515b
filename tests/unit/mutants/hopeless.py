"""Files and paths that are no usable clip, each with its one reason."""

import io
import os
import socket
import struct
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from mutants.forms import AVI, BITEXACT, FORMS, Form, Scene, write
from mutants.good import first, link_to, sized, write_bytes
from mutants.mutant import USABLE, Mutant, bad

SMALL = Form("mkv", "matroska", "mpeg4", "yuv420p", "pcm_s16le", rate=8000)


def hopeless(scene: Scene, content: bytes, beside: str) -> Iterator[Mutant]:
    """Yield all of them.

    Args:
        scene: Pictures and sound.
        content: A good mp4.
        beside: Name of a good mp4 in the folder that holds the corpus.
    """
    yield from paths(content, beside)
    yield from other_files(content, beside)
    yield from incomplete(scene)
    yield from beyond_limits(scene)
    told = bad("told.mp4", "defective", partial(write_bytes, content=content))
    yield replace(told, defect="two persons speak at once")


def paths(content: bytes, beside: str) -> Iterator[Mutant]:
    """Yield paths that lead to no file of the corpus."""
    yield bad("paths/absent.mp4", "missing")
    yield bad("paths/absent/absent.mp4", "missing")
    yield bad("names/absent/../a b.mp4", "missing")
    yield bad("paths", "missing")
    yield bad("paths/folder.mp4", "missing", lambda path: path.mkdir(parents=True))
    yield bad("paths/pipe.mp4", "missing", os.mkfifo)
    yield bad("paths/socket.mp4", "missing", make_socket)
    yield bad("paths/loop.mp4", "missing", link_to("loop.mp4"))
    yield bad("paths/there.mp4", "missing", link_to("back.mp4"))
    yield bad("paths/back.mp4", "missing", link_to("there.mp4"))
    yield bad("paths/dangling.mp4", "missing", link_to("nothing.mp4"))
    yield bad("paths/device.mp4", "outside_root", link_to("/dev/zero"))
    yield bad("paths/out.mp4", "outside_root", link_to(f"../../{beside}"))
    yield bad("paths/out_by_folder/../../../" + beside, "outside_root")
    yield bad("paths/up", "outside_root", link_to("../.."))
    yield bad(f"paths/up/{beside}", "outside_root")
    yield bad(f"../{beside}", "outside_root")
    yield bad(f"../../../../../../../{beside}", "outside_root")
    yield bad("/etc/passwd", "outside_root")
    yield bad("/dev/zero", "outside_root")
    yield bad("n" * 300 + ".mp4", "undecodable")
    yield bad("d/" * 3000 + "a.mp4", "undecodable")
    # Root reads whatever the permissions say.
    readable = USABLE if os.geteuid() == 0 else "undecodable"
    yield bad("paths/forbidden.mp4", readable, lambda path: forbid(path, content))


def other_files(content: bytes, beside: str) -> Iterator[Mutant]:
    """Yield files that hold no media, or name other files to be opened."""
    yield bad("files/zero.mp4", "empty", lambda path: write_bytes(path, b""))
    for name, held in {
        "text.mp4": b"This is no film.\n" * 50,
        "page.mp4": b"<!doctype html><video src='x.mp4'></video>",
        "table.avi": b"path,emotion\na.mp4,happy\n",
        "picture.png": picture("PNG"),
        "picture.jpg": picture("JPEG"),
        "archive.mp4": archive(content),
        "program.mp4": Path(sys.executable).read_bytes()[:200_000],
        "zeros.mp4": bytes(100_000),
        "one.mp4": b"\0",
        "random.mp4": np.random.default_rng(0).bytes(100_000),
        "numbers.npy": b"\x93NUMPY" + bytes(1000),
        **playlists(beside),
    }.items():
        yield bad(f"files/{name}", "undecodable", partial(write_bytes, content=held))
    yield bad("files/moving.gif", "soundless", partial(write_bytes, content=picture("GIF")))


def playlists(beside: str) -> dict[str, bytes]:
    """Return files that name the clip beside the corpus, in each language for that."""
    target = f"../../{beside}"
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n"
    texts = {
        "list.m3u8": hls,
        "list.mp4": hls,
        "list.ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "script.mp4": f"ffconcat version 1.0\nfile '{target}'\n",
        "script.txt": f"file '{target}'\n",
        "passwd.m3u8": hls.replace(target, "/etc/passwd"),
        "address.m3u8": hls.replace(target, "http://127.0.0.1:9/a.ts"),
        "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
        "description.mpd": f'<?xml version="1.0"?><MPD><BaseURL>{target}</BaseURL></MPD>',
        "edit.xml": f'<?xml version="1.0"?><AssetMap><Path>{target}</Path></AssetMap>',
    }
    return {name: text.encode() for name, text in texts.items()}


def incomplete(scene: Scene) -> Iterator[Mutant]:
    """Yield clips without sound, without pictures, or with neither to be perceived."""
    mute = replace(scene, sound=np.zeros(16000, np.float32))
    for number, form in enumerate(FORMS):
        path = f"incomplete/{number}"
        yield bad(
            f"{path}-no_sound.{form.suffix}",
            "soundless",
            partial(write, scene=scene, form=form, with_sound=False),
        )
        yield bad(
            f"{path}-silent.{form.suffix}", "soundless", partial(write, scene=mute, form=form)
        )
    for suffix in ("wav", "mp3", "flac", "m4a", "mka", "ogg", "aiff", "au"):
        make = partial(write_sound, sound=scene.sound)
        yield bad(f"incomplete/sound.{suffix}", "no_picture", make)
    yield bad("incomplete/cover.mp3", "no_picture", partial(write_cover, sound=scene.sound))
    yield bad(
        "incomplete/wav.mp4", "no_picture", partial(write_sound, sound=scene.sound, kind="wav")
    )


def beyond_limits(scene: Scene) -> Iterator[Mutant]:
    """Yield clips that are too long, too large or too slow; the last two for a test's limits."""
    few = sized(first(scene, 1), 16, 16)
    for form in (SMALL, replace(AVI, rate=8000)):
        frames = replace(few, pictures=np.repeat(few.pictures, 180, axis=0))
        make = partial(write, scene=frames, form=form, fps=0.1)
        yield bad(f"limits/half_an_hour.{form.suffix}", "too_long", make)
    make = partial(write, scene=few, form=SMALL, sound_s=601.0)
    yield bad("limits/sound.mkv", "too_long", make)
    yield bad("limits/pixels.mkv", "too_large", partial(repeated, side=4100, times=1))
    yield bad("limits/memory.mkv", "too_large", partial(repeated, side=4000, times=1))
    yield bad("limits/slow.mkv", "too_slow", partial(repeated, side=2000, times=400))


def repeated(path: Path, side: int, times: int) -> None:
    """Write one compressed picture many times: quick to write and slow to read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options=BITEXACT) as output:
        stream = output.add_stream("mjpeg", 10, width=side, height=side, pix_fmt="yuvj444p")
        sound = output.add_stream("pcm_s16le", 8000, layout="mono")
        frame = av.VideoFrame(side, side, "yuvj444p")
        for plane in frame.planes:
            plane.update(bytes([120]) * plane.buffer_size)
        frame.pts, frame.time_base = 0, Fraction(1, 10)
        packets = [bytes(p) for p in [*stream.encode(frame), *stream.encode(None)] if p.size]
        noise = np.random.default_rng(0).integers(-9000, 9000, (1, 800), np.int16)
        heard = av.AudioFrame.from_ndarray(noise, "s16", "mono")
        heard.sample_rate = 8000
        output.mux([*sound.encode(heard), *sound.encode(None)])
        for number in range(times):
            packet = av.Packet(packets[0])
            packet.stream, packet.time_base = stream, Fraction(1, 10)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            output.mux(packet)


def write_sound(path: Path, sound: np.ndarray, kind: str | None = None) -> None:
    """Write sound alone, in the container that the suffix or ``kind`` names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codec = {"mp3": "libmp3lame", "flac": "flac", "m4a": "aac", "mka": "pcm_f32le"}
    codec |= {"ogg": "flac", "aiff": "pcm_s16be", "au": "pcm_s16be"}
    with av.open(str(path), "w", format=kind, options=BITEXACT) as output:
        stream = output.add_stream(codec.get(path.suffix[1:], "pcm_s16le"), 16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.tile(sound, (1, 1)), "fltp", "mono")
        frame.sample_rate, frame.pts = 16000, 0
        stream.codec_context.open(strict=False)
        kind_of = stream.codec_context.format.name
        size = stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(kind_of, "mono", 16000, size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))


def write_cover(path: Path, sound: np.ndarray) -> None:
    """Write an mp3 with a cover image (ID3v2.3 APIC), which players show and nobody filmed."""
    write_sound(path, sound)
    image = b"\0image/png\0\3\0" + picture("PNG")
    frame = b"APIC" + struct.pack(">IH", len(image), 0) + image
    size = len(frame)
    safe = bytes((size >> shift) & 127 for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\3\0\0" + safe + frame + path.read_bytes())


def picture(kind: str) -> bytes:
    """Return a small picture file; a gif moves."""
    held, shades = io.BytesIO(), [Image.new("L", (32, 32), shade) for shade in (50, 200)]
    more: dict[str, Any] = {"save_all": True, "append_images": shades[1:]} if kind == "GIF" else {}
    shades[0].save(held, kind, **more)
    return held.getvalue()


def archive(content: bytes) -> bytes:
    """Return a zip that holds a clip."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr(zipfile.ZipInfo("clip.mp4"), content)
    return held.getvalue()


def make_socket(path: Path) -> None:
    """Leave a socket; its name must be short, so it is made from within its folder."""
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def forbid(path: Path, content: bytes) -> None:
    """Write a file that its owner may not read."""
    write_bytes(path, content)
    path.chmod(0)
