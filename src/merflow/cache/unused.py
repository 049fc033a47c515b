"""What can go: places that the present settings do not use, and what killed writes left."""

import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from merflow.cache.used import NOUNS

# Of storage.atomic.replacing and the training store (.name.<process>.ext), and of hard_link.
TORN = re.compile(r"\..+\.\d+(\.\w+)?|\.(shard-[0-9a-f]{8}|weights-seed\d+)\.\w+")


def unused(results: Path, used: Collection[Path]) -> list[Path]:
    """Return the topmost places below the nouns' folders that hold nothing used, sorted.

    Args:
        results: The folder of results.
        used: Files, and folders that count with all they hold; leftovers in them still do not.
    """
    above = {parent for path in used for parent in path.parents}
    found: list[Path] = []
    for noun in NOUNS:
        if (results / noun).is_dir():
            found += _walk(results / noun, set(used), above)
    return found


def _walk(folder: Path, used: set[Path], above: set[Path]) -> Iterator[Path]:
    for child in sorted(folder.iterdir()):
        whole = not child.is_symlink() and child.is_dir()
        if TORN.fullmatch(child.name):
            yield child
        elif child in used:
            if whole:
                yield from _torn(child)
        elif child in above and whole:
            yield from _walk(child, used, above)
        else:
            yield child


def _torn(folder: Path) -> Iterator[Path]:
    """Yield what killed writes left in a folder that is used."""
    for child in sorted(folder.iterdir()):
        if TORN.fullmatch(child.name):
            yield child
        elif child.is_dir() and not child.is_symlink():
            yield from _torn(child)


def remove(results: Path, places: Collection[Path]) -> None:
    """Remove files and folders, and the folders that are left empty above them."""
    for place in places:
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        for parent in place.parents:
            if parent.parent == results or any(parent.iterdir()):
                break
            parent.rmdir()
