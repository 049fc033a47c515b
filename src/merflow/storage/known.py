"""Digests of large files that no job computes twice while the files stay as they are."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from merflow.storage.atomic import write_text
from merflow.storage.digest import file_sha256

SETTLED_NS = 2 * 10**9
"""A file that changed more recently may change again within one tick of its disk's clock (ours)."""

Known = dict[str, tuple[str, str]]
"""What the disk said of a file, and its sha256, by absolute path."""


class KnownDigests:
    """The sha256 of files, remembered with what the disk says of each.

    A file is read again when its size, its inode, or the time (ns) of its last change of content
    or of state is another; so is one that was replaced by a file with the old one's times.

    Args:
        kept: Where they are remembered, JSON; several jobs may use it at a time. None: nowhere.
    """

    def __init__(self, kept: Path | None) -> None:
        """Read what is remembered."""
        self._kept = kept
        self._known = _read(kept)

    def sha256(self, paths: Sequence[Path]) -> list[str]:
        """Return the hex sha256 of each file.

        Raises:
            OSError: A file cannot be read.
        """
        found, new = [], {}
        for path in paths:
            name, (said, changed_ns) = os.path.abspath(path), _said(path)
            before, digest = self._known.get(name, ("", ""))
            if before != said:
                began = time.time_ns()
                digest = file_sha256(path)
                if _said(path)[0] == said and began - changed_ns > SETTLED_NS:
                    new[name] = said, digest
            found.append(digest)
        if new and self._kept is not None:
            # What other jobs have found meanwhile stays.
            self._known = _read(self._kept) | new
            write_text(self._kept, json.dumps(self._known, indent=0, sort_keys=True) + "\n")
        return found


def _said(path: Path) -> tuple[str, int]:
    """Return what the disk says of a file, and when it last changed (ns)."""
    stat = os.stat(path)
    said = f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"
    return said, max(stat.st_mtime_ns, stat.st_ctime_ns)


def _read(kept: Path | None) -> Known:
    """Return what is remembered; what is damaged or not there counts as nothing."""
    try:
        told = json.loads(kept.read_bytes()) if kept else {}
        return {name: (said, digest) for name, (said, digest) in told.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
