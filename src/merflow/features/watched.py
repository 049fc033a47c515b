"""What precomputed features and given pictures are at present, in one digest, for the graph to
watch.

Snakemake looks into an input only where it is newer than the output, so files that older ones
replace would go unnoticed. Also asked while planning, so it imports nothing but the standard
library.
"""

import hashlib
import os
from collections.abc import Sequence

SMALL = 1 << 28  # bytes in all, up to which contents are read: about 0.3 s


def files_digest(files: Sequence[str], root: str | None = None) -> str:
    """Return the hex sha256 of the files' names and contents, in their order.

    Of more than ``SMALL`` bytes in all, size and time of change (ns) stand for the contents: a
    copy that keeps the times is the same. Links are followed.

    Args:
        files: In an order that follows from their clips.
        root: A folder that all lie in, below which the folders' names count, as they name the
            clips of pictures. None: the files' own names name the clips, and no folder's counts.

    Raises:
        OSError: A file is not there.
    """
    stats = [os.stat(file) for file in files]
    read = sum(stat.st_size for stat in stats) <= SMALL
    total = hashlib.sha256()
    for file, stat in zip(files, stats, strict=True):
        name = os.path.basename(file) if root is None else os.path.relpath(file, root)
        total.update(f"{name}\0".encode(errors="surrogateescape"))
        if read:
            with open(file, "rb") as stream:
                total.update(hashlib.sha256(stream.read()).digest())
        else:
            total.update(f"{stat.st_size} {stat.st_mtime_ns}\0".encode())
    return total.hexdigest()
