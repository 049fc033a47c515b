"""Finding clips in a folder by the stems of their names."""

import os
from pathlib import Path

from merflow.errors import MerflowError

_NAMES = "3gp asf avi flv m4v mkv mov mp4 mpeg mpg mts ogv ts webm wmv"
MEDIA = frozenset(f".{name}" for name in _NAMES.split())
"""Suffixes of clips, in small letters."""


def clips_in(folder: Path) -> dict[str, str]:
    """Return stem -> name of the clips that lie in a folder itself, sorted by stem.

    Hidden files are left out, as those that macOS writes beside each copied one.

    Raises:
        MerflowError: The folder is not there or cannot be read, two clips have one stem, or a name
            cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file())
    except OSError as error:
        raise MerflowError(
            f"the folder {folder} cannot be read ({error.strerror}); put the clips there as "
            "docs/corpora.md says, or correct corpus.root"
        ) from error
    found: dict[str, str] = {}
    for name in names:
        stem, suffix = os.path.splitext(name)  # a folder may hold 73,000 names
        if name.startswith(".") or suffix.lower() not in MEDIA:
            continue
        if any(mark in stem for mark in "\n\r|"):
            raise MerflowError(
                f"{folder}: the name {name!r} holds a line break or '|'; rename the clip"
            )
        if stem in found:
            raise MerflowError(
                f"{folder}: {found[stem]} and {name} are both clip '{stem}'; remove one of them"
            )
        found[stem] = name
    return found
