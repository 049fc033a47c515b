"""What precomputed features are at present, in one digest, for the graph to watch.

Snakemake looks into an input only where it is newer than the output, so files that older ones
replace would go unnoticed. Also asked while planning, so it imports nothing but the standard
library.
"""

import hashlib
import os
from collections.abc import Sequence

SMALL = 1 << 28  # bytes in all, up to which contents are read: about 0.3 s


def files_digest(files: Sequence[str]) -> str:
    """Return the hex sha256 of the files' names and contents, in their order.

    Of more than ``SMALL`` bytes in all, size and time of change (ns) stand for the contents: a
    copy that keeps the times is the same. The folders' names do not count, links are followed.

    Raises:
        OSError: A file is not there.
    """
    stats = [os.stat(file) for file in files]
    read = sum(stat.st_size for stat in stats) <= SMALL
    total = hashlib.sha256()
    for file, stat in zip(files, stats, strict=True):
        total.update(f"{os.path.basename(file)}\0".encode(errors="surrogateescape"))
        if read:
            with open(file, "rb") as stream:
                total.update(hashlib.sha256(stream.read()).digest())
        else:
            total.update(f"{stat.st_size} {stat.st_mtime_ns}\0".encode())
    return total.hexdigest()
