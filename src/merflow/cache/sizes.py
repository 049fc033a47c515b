"""Bytes on the disk, a file with several names counted once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

Inode = tuple[int, int]


def files_below(place: Path) -> Iterator[Path]:
    """Yield a file, or the files below a folder, sorted; links to elsewhere are not followed."""
    if place.is_symlink() or place.is_file():
        yield place
    elif place.is_dir():
        for child in sorted(place.iterdir()):
            yield from files_below(child)


def inode(path: Path) -> Inode:
    """Return what a file's hard links have in common."""
    status = path.lstat()
    return status.st_dev, status.st_ino


def size(places: Iterable[Path]) -> int:
    """Return the bytes of all files at or below the places, each inode once."""
    files = {inode(path): path.lstat().st_size for place in places for path in files_below(place)}
    return sum(files.values())


def freed(places: Sequence[Path]) -> list[int]:
    """Return the bytes that the disk gets back from each place, once all of them are removed.

    A file that has a name elsewhere gives nothing back; one that has several names among the
    places counts at the first.
    """
    held = [[path.lstat() for path in files_below(place)] for place in places]
    names = Counter((file.st_dev, file.st_ino) for files in held for file in files)
    counted: set[Inode] = set()
    sizes = []
    for files in held:
        sizes.append(0)
        for file in files:
            key = file.st_dev, file.st_ino
            if names[key] >= file.st_nlink and key not in counted:
                counted.add(key)
                sizes[-1] += file.st_size
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
