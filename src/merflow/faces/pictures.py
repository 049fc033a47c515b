"""Where the pictures of a clip lie that somebody else has cut out.

Also asked while planning, so it imports nothing but the standard library.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".bmp", ".png", ".jpg", ".jpeg")
ARRAY = ".npy"
ALIGNED = "_aligned"
"""How OpenFace ends the name of a clip's folder."""
LARGEST = 1 << 24
"""No frame has such a number (float32 holds all below); a name that ends in it is a time or so."""
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True)
class Pictures:
    """The files of one clip; all lie inside of the root.

    Attributes:
        files: Pictures in the order of their frames, or one array; none if there is nothing.
        frames: The frame of each picture, by :func:`numbers_of`, all different; none of an array.
            One without a number follows the picture before it, from 1 on.
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


def numbers_of(stems: Sequence[str]) -> list[int | None]:
    """Return the frame that each name of a folder tells; None where it tells none.

    It is the last number of the name, or the last that is not the same in all names: behind
    ``frame_007_112x112`` stands the size. Numbers of ``LARGEST`` and above tell no frame.

    Args:
        stems: The names without suffix; two pictures may have one.
    """
    found = [[int(run) for run in _NUMBERS.findall(stem)][::-1] for stem in stems]
    places = range(max(map(len, found), default=0))
    for place in places:
        told = [run[place] if len(run) > place else None for run in found]
        if len(set(told)) > 1 or len(set(stems)) == 1:
            return [number if number is None or number < LARGEST else None for number in told]
    return [None] * len(stems)


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
        named = [entry for entry in entries if Path(entry.name).suffix.lower() in SUFFIXES]
    # A link alone can lead out of a folder that lies inside.
    kept = [e.name for e in named if not e.is_symlink() or _inside(within, folder / e.name)]
    return [folder / name for name in sorted(kept)], len(named) - len(kept)


def _framed(
    pictures: Sequence[Path],
) -> tuple[tuple[Path, ...], tuple[int, ...], tuple[tuple[Path, Path], ...]]:
    """Return pictures that are sorted by name as files, frames and doubles of :class:`Pictures`."""
    numbers = numbers_of([path.stem for path in pictures])
    numbered = sorted(
        zip(numbers, pictures, strict=True),
        key=lambda pair: (pair[0] is None, pair[0] or 0),
    )
    taken: dict[int, Path] = {}
    doubles, last = [], 0
    for number, path in numbered:
        last = last + 1 if number is None else number
        if last in taken:
            doubles.append((path, taken[last]))
        else:
            taken[last] = path
    return tuple(taken.values()), tuple(taken), tuple(doubles)


def _inside(within: str, path: Path) -> bool:
    """Return whether a path, its links followed, lies in the folder ``within``."""
    real = os.path.realpath(path)
    return real == within or real.startswith(within.rstrip(os.sep) + os.sep)
