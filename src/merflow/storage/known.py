"""Digests of large files that no job computes twice while the files stay as they are."""

import json
import os
import threading
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
    or of state is another; so is one that was replaced by a file with the old one's times. Where a
    disk keeps no time of state (exFAT, some of SMB) another content of the same size and with the
    old times is not noticed.

    Threads may ask at a time, and so may jobs: of what two jobs write at one moment some may be
    forgotten, and is read again.

    Args:
        kept: Where they are remembered, JSON. None: nowhere.
    """

    def __init__(self, kept: Path | None) -> None:
        """Read what is remembered."""
        self._kept = kept
        self._known = _read(kept)
        self._writing = threading.Lock()

    def sha256(self, paths: Sequence[Path]) -> list[str]:
        """Return the hex sha256 of each file; what is new is remembered in one writing for all.

        Where that cannot be written, it is said and no more is remembered.

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
        if new:
            self._remember(new)
        return found

    def _remember(self, new: Known) -> None:
        """Add to what is remembered; files that are gone leave it."""
        with self._writing:
            if self._kept is None:
                return
            # What other jobs have found meanwhile stays.
            every = self._known | _read(self._kept) | new
            self._known = {name: told for name, told in every.items() if os.path.isfile(name)}
            try:
                write_text(self._kept, json.dumps(self._known, indent=0, sort_keys=True) + "\n")
            except OSError as error:
                print(
                    f"{self._kept} cannot be written ({error.strerror}): later jobs read the "
                    "files again",
                    flush=True,
                )
                self._kept = None


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
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
