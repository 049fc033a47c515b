"""Where the pictures of a clip lie that somebody else has cut out.

Also asked while planning, so it imports nothing but the standard library.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".bmp", ".png", ".jpg", ".jpeg")
ARRAY = ".npy"
ALIGNED = "_aligned"
"""How OpenFace ends the name of a clip's folder."""
LARGEST = 1 << 24
"""No frame has such a number (float32 holds all below); a name that ends in it is a time or so."""
_NUMBER = re.compile(r"\d+(?=\D*$)")


@dataclass(frozen=True)
class Pictures:
    """The files of one clip; all lie inside of the root.

    Attributes:
        files: Pictures in the order of their numbers, or one array; none if there is nothing.
        table: OpenFace's csv of the clip; None if there is none.
        outside: How many files or folders were passed over because they lead out of the root.
    """

    files: tuple[Path, ...]
    table: Path | None
    outside: int = 0


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
        files, led_out = _pictures_in(folder, within)
        outside += led_out
        if files:
            return Pictures(files, beside, outside)
    for array in (root / clip / f"{Path(clip).name}{ARRAY}", root / f"{clip}{ARRAY}"):
        if array.is_file():
            if _inside(within, array):
                return Pictures((array,), beside, outside)
            outside += 1
    return Pictures((), beside, outside)


def number_of(path: Path) -> int | None:
    """Return the frame that a picture's name ends in; None if there is no number in it."""
    found = _NUMBER.search(path.stem)
    return int(found[0]) if found and int(found[0]) < LARGEST else None


def watched_files(root: Path, clips: Iterable[str]) -> list[str]:
    """Return all files that decide the faces of the clips, for the graph to watch."""
    found: list[str] = []
    for clip in clips:
        listed = pictures_of(root, clip)
        tables = () if listed.table is None else (listed.table,)
        found += [str(path) for path in (*listed.files, *tables)]
    return found


def _pictures_in(folder: Path, within: str) -> tuple[tuple[Path, ...], int]:
    """Return the pictures of a folder in order, and how many lead out of ``within``.

    By number, then name; those without a number last.
    """
    if not folder.is_dir():
        return (), 0
    if not _inside(within, folder):
        return (), 1
    with os.scandir(folder) as entries:
        named = [entry for entry in entries if Path(entry.name).suffix.lower() in SUFFIXES]
    # A link alone can lead out of a folder that lies inside.
    kept = [
        folder / e.name for e in named if not e.is_symlink() or _inside(within, folder / e.name)
    ]
    return tuple(sorted(kept, key=_place)), len(named) - len(kept)


def _place(path: Path) -> tuple[bool, int, str]:
    number = number_of(path)
    return number is None, number or 0, path.name


def _inside(within: str, path: Path) -> bool:
    """Return whether a path, its links followed, lies in the folder ``within``."""
    real = os.path.realpath(path)
    return real == within or real.startswith(within.rstrip(os.sep) + os.sep)
