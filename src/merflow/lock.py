"""One run at a time in a folder, with a lock that ends with its process.

Snakemake's own lock outlives a killed run and has to be taken away by hand; this one is held by
the operating system and is gone with the process, however that ended.
"""

import fcntl
import os
from pathlib import Path

import psutil

from merflow.errors import MerflowError

LOCK = Path(".snakemake/merflow.lock")
JOBS = Path(".snakemake/merflow.jobs")


class RunLock:
    """The lock of a working folder; held until the process ends.

    Args:
        path: The lock of the run itself.
        jobs: What its jobs hold, see :func:`hold_as_job`: they may outlive a run that was killed.
    """

    def __init__(self, path: Path = LOCK, jobs: Path = JOBS) -> None:
        """Hold nothing yet."""
        self.path, self.jobs = path, jobs
        self._file: int | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            MerflowError: Another run holds it, or jobs of one that was killed are still at work.
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
        self._demand_no_jobs(file)
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        self._file = file

    def _demand_no_jobs(self, file: int) -> None:
        """Refuse while jobs of an earlier run are at work: they would get at the same files.

        Raises:
            MerflowError: There are such jobs; the lock, ``file``, is let go.
        """
        jobs = os.open(self.jobs, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(jobs, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise MerflowError(
                f"jobs of a run that was killed are still at work in {Path.cwd()}: wait for them, "
                f"what they finish is kept, or stop them{_how_to_stop()}, and start again"
            ) from None
        finally:
            os.close(jobs)


def _how_to_stop() -> str:
    """Return the command that stops the jobs of this folder, and of no other, if any is found."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words, folder = process.info["cmdline"] or [], process.info["cwd"]
        if "merflow" in words and folder == str(Path.cwd()):
            found.append(str(process.pid))
    return f" (kill {' '.join(found)})" if found else ""


def hold_as_job(path: Path = JOBS) -> None:
    """Let this process be known as a job until it ends, where Snakemake works in this folder."""
    if path.exists():
        fcntl.flock(os.open(path, os.O_RDWR), fcntl.LOCK_SH)
