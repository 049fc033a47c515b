"""The one exception that a user is meant to read, what the system's errors are in its words, and
names in them.
"""

import errno
import os
import shutil
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
ADVICE = {
    errno.ENOSPC: "free space there",
    errno.EDQUOT: "free space there, or ask for a larger quota",
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    errno.EROFS: "work in a folder that can be written to",
    errno.EACCES: "correct its permissions",
    errno.EPERM: "correct its permissions",
    errno.ENOTDIR: "move the file that stands where a folder should be",
    errno.EEXIST: "move the file that stands where a folder should be",
    errno.EISDIR: "move the folder that stands where a file should be",
    errno.ENAMETOOLONG: "shorten it",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.EIO: "look after the disk",
    errno.ESTALE: "look after the network drive",
}
"""Errors of the machine rather than of the program -> what to do."""


class MerflowError(Exception):
    """Bad input, told in one sentence: what is wrong, where it is, and what to do.

    The command line prints the sentence without a traceback; set ``MERFLOW_DEBUG=1`` to see one.
    """


def machine_error(error: OSError) -> MerflowError | None:
    """Return the sentence for an error of the machine; None for any other, which may be a bug."""
    if error.errno not in ADVICE:
        return None
    where = os.fsdecode(error.filename) if error.filename else "a file"
    free = f" ({_free(Path(where))} free)" if error.errno in FULL else ""
    return MerflowError(
        f"{where}: {os.strerror(error.errno)}{free}; {ADVICE[error.errno]} and run the same "
        "command again: what was finished is kept"
    )


def shown(name: str) -> str:
    r"""Return a file's name as text that UTF-8 can write, in a table or on a screen.

    Bytes that are not UTF-8 are ``\xNN``. Other surrogates, which no file's name has, are
    ``\udNNN``; all else stays.
    """
    named = (f"\\x{ord(one) - 0xDC00:02x}" if "\udc80" <= one <= "\udcff" else one for one in name)
    return "".join(named).encode(errors="backslashreplace").decode()


def _free(path: Path) -> str:
    """Return how much space there is on the disk that a file is, or was to be, on."""
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    return f"{shutil.disk_usage(there).free / 2**20:,.1f} MiB"
