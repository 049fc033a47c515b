"""Strange but sound clips: every one is usable, and its pictures and length are known."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mutants.forms import AVI, FORMS, MKV, MP4, Form, Scene, write
from mutants.mutant import USABLE, Mutant

SIZES = [(2, 2), (2, 16), (1, 1), (15, 15), (33, 35), (95, 127), (4, 640), (640, 4), (161, 3)]
RATES = [1, 5, 12.5, 15, 24000 / 1001, 25, 30000 / 1001, 50, 60, 120]
NAMES = [
    *("a b.mp4", " ' .mp4", "it's.mp4", '"double".mp4', "line\nbreak.mp4", "tab\tstop.mp4"),
    *("-rf.mp4", "--help.mp4", "{wild}.mp4", "{0}.mp4", "%(name)s.mp4", "$HOME.mp4", "`id`.mp4"),
    *("a;b&c.mp4", "a|b.mp4", "*?.mp4", "[a].mp4", "#.mp4", "back\\slash.mp4", "a:b.mp4"),
    *("http:a.mp4", "concat:a|b.mp4", "file:a.mp4", "pipe:0.mp4", ".hidden.mp4", "no suffix"),
    *("dot.", "CAPITALS.MP4", "\x01\x7f.mp4", "ü 漢字 🎬.mp4", "u\u0308.mp4", "e" * 240 + ".mp4"),
    *("a,b.mp4", "~.mp4", "a=b.mp4", "con.mp4", "a%20b.mp4"),
]


def sound_clips(scene: Scene, draw: np.random.Generator) -> Iterator[Mutant]:
    """Yield all of them, in one order."""
    for form in FORMS:
        for channels in (1, 2, 6):
            if channels <= form.widest:
                yield clip(scene, form, channels=channels)
    for rate in (8000, 11025, 22050, 32000, 44100, 48000, 96000):
        for form in (MP4, MKV, AVI):
            yield clip(scene, replace(form, rate=rate))
    for fps, form in itertools.product(RATES, (MP4, MKV)):
        yield clip(scene, form, fps=fps)
    for count, form in itertools.product((1, 2, 3, 5), (MP4, MKV, AVI)):
        yield clip(first(scene, count), form)
    for form in (MP4, MKV, AVI):  # .02 s
        yield clip(first(scene, 1), form, fps=50.0)
    for height, width in SIZES:
        for form in (MKV, AVI, replace(MKV, picture="libx264")):
            if form is not AVI or min(height, width) > 1:
                yield clip(sized(scene, height, width), form)
    for form in (MP4, replace(MP4, container="mov", suffix="mov"), replace(MP4, suffix="m4v")):
        for turn in (90, 180, 270):
            yield clip(scene, form, turn=turn)
    for form in (MKV, replace(MKV, picture="libx264"), MP4, MP4):
        yield uneven(scene, form, draw)
    for form, longer in itertools.product((MP4, MKV, AVI), (0.3, 2.0)):
        yield clip(scene, form, sound_s=longer)


def clip(scene: Scene, form: Form, **how: Any) -> Mutant:
    """Return the mutant that :func:`write` makes with these options."""
    count, fps = len(scene.pictures), how.get("fps", 10.0)
    sound_s = how.get("sound_s", count / fps)
    return Mutant(
        f"a.{form.suffix}",
        frozenset({USABLE}),
        lambda path: write(path, scene, form, **how),
        count,
        form.length_s(count / fps, sound_s),
        form.sound_s(sound_s),
    )


def uneven(scene: Scene, form: Form, draw: np.random.Generator) -> Mutant:
    """Return a clip of variable frame rate."""
    gaps = draw.integers(20, 400, len(scene.pictures))
    stamps = np.concatenate([[0], np.cumsum(gaps[:-1])])
    length = float(stamps[-1]) / 1000
    return Mutant(
        f"a.{form.suffix}",
        frozenset({USABLE}),
        lambda path: write(path, scene, form, stamps=stamps, sound_s=length),
        len(scene.pictures),
        form.length_s(length + 0.1, length),  # the last picture stands as the file's rate says
        form.sound_s(length),
    )


def first(scene: Scene, count: int) -> Scene:
    """Return the first pictures of a scene."""
    return replace(scene, pictures=scene.pictures[:count])


def sized(scene: Scene, height: int, width: int) -> Scene:
    """Return a scene of another size, cut or repeated."""
    rows = np.resize(np.arange(scene.pictures.shape[1]), height)
    columns = np.resize(np.arange(scene.pictures.shape[2]), width)
    return replace(scene, pictures=scene.pictures[:, rows][:, :, columns])


def copies(content: bytes, whole: Mutant) -> Iterator[Mutant]:
    """Yield one good mp4 under many names and paths, with rubbish behind it, and turned."""

    def put(path: str, held: bytes = content) -> Mutant:
        return replace(whole, path=path, make=lambda file: write_bytes(file, held))

    for name in NAMES:
        yield put(f"names/{name}")
    for suffix in ("avi", "mkv", "wav", "jpg", "txt", "mp3", "m3u8", "csv", "npy", ""):
        yield put(f"suffix/good.{suffix}" if suffix else "suffix/good")
    for size in (1, 1000, 100_000):
        yield put(f"behind/{size}.mp4", content + bytes(size))
    yield put("behind/same.mp4", content + content)
    for turn, matrix in MATRICES.items():
        yield put(f"turned/{turn}.mp4", turned(content, matrix))
    yield replace(whole, path="names/../names/a b.mp4", make=None)
    yield replace(whole, path="./names//a b.mp4", make=None)
    yield replace(whole, path="links/in.mp4", make=link_to("../names/a b.mp4"))
    yield replace(whole, path="links/twice.mp4", make=link_to("in.mp4"))
    yield replace(whole, path="links/folder/a b.mp4", make=linked_folder("../names"))


ONE = 1 << 16
# a, b, u, c, d, v: where the file's header says how the pictures are to be shown.
MATRICES = {
    "quarter": (0, ONE, 0, -ONE, 0, 0),
    "half": (-ONE, 0, 0, 0, -ONE, 0),
    "three quarters": (0, -ONE, 0, ONE, 0, 0),
    "mirror": (-ONE, 0, 0, 0, ONE, 0),
    "nothing": (0, 0, 0, 0, 0, 0),
    "askew": (46341, 46341, 0, -46341, 46341, 0),
}


def turned(content: bytes, matrix: tuple[int, ...]) -> bytes:
    """Return an mp4 with another matrix in the header of its picture's track (``tkhd``)."""
    start = content.index(b"tkhd") + 4 + 40
    put = np.array(matrix, ">i4").tobytes()
    return content[:start] + put + content[start + len(put) :]


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def link_to(target: str | Path) -> Any:
    """Return what makes a symbolic link."""

    def make(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    return make


def linked_folder(target: str) -> Any:
    """Return what makes the folder of a file a symbolic link."""

    def make(path: Path) -> None:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        path.parent.symlink_to(target)

    return make
