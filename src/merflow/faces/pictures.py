"""Where the pictures of a clip lie that somebody else has cut out.

Also asked while planning, so it imports nothing that is slow to import.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from merflow.faces.numbering import natural, numbers_of

SUFFIXES = (".bmp", ".png", ".jpg", ".jpeg")
ARRAY = ".npy"
ALIGNED = "_aligned"
"""How OpenFace ends the name of a clip's folder."""


@dataclass(frozen=True)
class Pictures:
    """The files of one clip; all lie inside of the root.

    Attributes:
        files: Pictures in the order of their frames, or one array; none if there is nothing.
        frames: The frame of each picture, by :func:`merflow.faces.numbering.numbers_of`, all
            different; none of an array. Those without a number follow the others, from 1 on.
        doubles: Further pictures of a frame, with the one that is taken: the first by name.
        table: OpenFace's csv of the clip; None if there is none.
        outside: How many files or folders were passed over because they lead out of the root.
    """

    files: tuple[Path, ...]
    table: Path | None
    outside: int = 0
    frames: tuple[int, ...] = ()
    doubles: tuple[tuple[Path, Path], ...] = ()


def pictures_of(root: Path, clip: str) -> Pictures:
    """Return the files of a clip, of the first of these places that has any.

    ``<root>/<clip>/`` and ``<root>/<clip>_aligned/`` with a picture a frame (bmp, png, jpg, jpeg),
    ``<root>/<clip>/<clip>.npy``, ``<root>/<clip>.npy``; beside it OpenFace's ``<root>/<clip>.csv``.
    Hidden files are passed over, as the ``._1.png`` that macOS leaves beside each picture.

    Args:
        root: The folder of all clips.
        clip: The clip's name, which is the file name of the video without its suffix.
    """
    within, outside = os.path.realpath(root), 0
    table = root / f"{clip}.csv"
    beside = table if table.is_file() and _inside(within, table) else None
    for folder in (root / clip, root / f"{clip}{ALIGNED}"):
        found, led_out = _pictures_in(folder, within)
        outside += led_out
        if found:
            files, frames, doubles = _framed(found)
            return Pictures(files, beside, outside, frames, doubles)
    for array in (root / clip / f"{Path(clip).name}{ARRAY}", root / f"{clip}{ARRAY}"):
        if array.is_file():
            if _inside(within, array):
                return Pictures((array,), beside, outside)
            outside += 1
    return Pictures((), beside, outside)


def watched_files(root: Path, clips: Iterable[str]) -> list[str]:
    """Return all files that decide the faces of the clips, for the graph to watch."""
    found: list[str] = []
    for clip in clips:
        listed = pictures_of(root, clip)
        tables = () if listed.table is None else (listed.table,)
        doubles = [double for double, _ in listed.doubles]
        found += [str(path) for path in (*listed.files, *doubles, *tables)]
    return found


def _pictures_in(folder: Path, within: str) -> tuple[list[Path], int]:
    """Return the pictures of a folder by name, and how many lead out of ``within``."""
    if not folder.is_dir():
        return [], 0
    if not _inside(within, folder):
        return [], 1
    with os.scandir(folder) as entries:
        named = [entry for entry in entries if _is_picture(entry.name)]
    # A link alone can lead out of a folder that lies inside.
    kept = [e.name for e in named if not e.is_symlink() or _inside(within, folder / e.name)]
    # Without suffix: 1.png stands before its copy, 1 (1).png.
    kept.sort(key=os.path.splitext)
    return [folder / name for name in kept], len(named) - len(kept)


def _is_picture(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _framed(
    pictures: Sequence[Path],
) -> tuple[tuple[Path, ...], tuple[int, ...], tuple[tuple[Path, Path], ...]]:
    """Return pictures that are sorted by name as files, frames and doubles of :class:`Pictures`."""
    told = list(zip(numbers_of([path.stem for path in pictures]), pictures, strict=True))
    taken: dict[int, Path] = {}
    doubles = []
    numbered = [(number, path) for number, path in told if number is not None]
    for number, path in sorted(numbered, key=lambda pair: pair[0]):
        if number in taken:
            doubles.append((path, taken[number]))
        else:
            taken[number] = path
    others = [path for number, path in told if number is None]
    follow = max(taken, default=0) + 1
    taken |= dict(enumerate(sorted(others, key=lambda path: natural(path.name)), start=follow))
    return tuple(taken.values()), tuple(taken), tuple(doubles)


def _inside(within: str, path: Path) -> bool:
    """Return whether a path, its links followed, lies in the folder ``within``."""
    real = os.path.realpath(path)
    return real == within or real.startswith(within.rstrip(os.sep) + os.sep)
