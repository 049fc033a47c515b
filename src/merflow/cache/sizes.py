"""Bytes on the disk, a file with several names counted once."""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

Inode = tuple[int, int]


def files_below(place: Path, follow: bool = False) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield a file, or the files below a folder, sorted, with their status.

    What goes meanwhile, as beside a run at work, is left out.

    Args:
        place: The file or folder.
        follow: Take what a link leads to; else a link is a file.
    """
    try:
        status = place.stat() if follow else place.lstat()
        folder = stat.S_ISDIR(status.st_mode)
        children = sorted(place.iterdir()) if folder else []
    except FileNotFoundError:
        return
    if not folder:
        yield place, status
    elif not (place.is_symlink() and place.parent.resolve().is_relative_to(place.resolve())):
        for child in children:
            yield from files_below(child, follow)


def inode(status: os.stat_result) -> Inode:
    """Return what a file's hard links have in common."""
    return status.st_dev, status.st_ino


def size(places: Iterable[Path]) -> int:
    """Return the bytes of all files at or below the places, each inode once."""
    found = [status for place in places for _, status in files_below(place)]
    return sum({inode(status): status.st_size for status in found}.values())


def freed(places: Sequence[Path]) -> list[int]:
    """Return the bytes that the disk gets back from each place, once all of them are removed.

    A file that has a name elsewhere gives nothing back; one that has several names among the
    places counts at the first.
    """
    held = [[status for _, status in files_below(place)] for place in places]
    names = Counter(inode(status) for files in held for status in files)
    counted: set[Inode] = set()
    sizes = []
    for files in held:
        sizes.append(0)
        for status in files:
            key = inode(status)
            if names[key] >= status.st_nlink and key not in counted:
                counted.add(key)
                sizes[-1] += status.st_size
    return sizes


def readable(count: int) -> str:
    """Return bytes as ``12.3 MB``."""
    value, units = float(count), ("B", "kB", "MB", "GB", "TB")
    for unit in units:
        if value < 1000 or unit == units[-1]:
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return rows of cells as lines; the columns ``right`` are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
