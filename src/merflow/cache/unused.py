"""What can go: places that the present settings do not use, and what killed writes left."""

import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from merflow.cache.used import NOUNS

# Of storage.atomic and the training store: .name.<number>.ext.
TORN = re.compile(r"\..+\.\d+(\.\w+)?")


def unused(results: Path, used: Collection[Path], named: Collection[Path]) -> list[Path]:
    """Return the topmost places below the nouns' folders that hold nothing used, sorted.

    Args:
        results: The folder of results.
        used: Files, and folders that count with all they hold; leftovers in them still do not.
        named: Of them those that the settings name: somebody's own, in which nothing is looked for.
    """
    above = {parent for path in used for parent in path.parents}
    found: list[Path] = []
    for noun in NOUNS:
        if (results / noun).is_dir():
            found += _walk(results / noun, set(used), above, set(named))
    return found


def _walk(folder: Path, used: set[Path], above: set[Path], named: set[Path]) -> Iterator[Path]:
    for child in sorted(folder.iterdir()):
        # A link to a folder may hold what is used, on a bigger disk: that disk is not tidied.
        whole = not child.is_symlink() and child.is_dir()
        if child in named:
            continue
        if TORN.fullmatch(child.name) and child not in above:
            yield child
        elif child in used:
            if whole:
                yield from _torn(child, named)
        elif child in above:
            if whole:
                yield from _walk(child, used, above, named)
        else:
            yield child


def _torn(folder: Path, named: set[Path]) -> Iterator[Path]:
    """Yield what killed writes left in a folder that is used."""
    for child in sorted(folder.iterdir()):
        if child in named:
            continue
        holds = any(child in place.parents for place in named)
        if TORN.fullmatch(child.name) and not holds:
            yield child
        elif child.is_dir() and not child.is_symlink():
            yield from _torn(child, named)


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
