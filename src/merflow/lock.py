"""One run at a time in a folder, with a lock that ends with its process.

Snakemake's own lock outlives a killed run and has to be taken away by hand; this one is held by
the operating system and is gone with the process, however that ended.
"""

import fcntl
import os
from pathlib import Path

from merflow.errors import MerflowError

LOCK = Path(".snakemake/merflow.lock")


class RunLock:
    """The lock of a working folder; held until the process ends."""

    def __init__(self, path: Path = LOCK) -> None:
        """Hold nothing yet."""
        self.path = path
        self._file: int | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            MerflowError: Another process holds it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 32).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise MerflowError(
                f"another run (process {holder}) is at work in {Path.cwd()}: wait for it, or stop "
                "it, and start again"
            ) from None
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file
