"""What the graph does to the clips of a corpus, in a process of its own that tells its memory.

``python -m mutants.run check FOLDER OUT SHARDS`` checks all clips of ``FOLDER/root`` and writes
``OUT/manifest.csv`` and ``OUT/quarantine.csv``; ``python -m mutants.run read FOLDER OUT`` then
reads the usable ones as the later steps do, and prints what each gave.
"""

import json
import re
import resource
import sys
from pathlib import Path

from merflow.corpus.check import check_shard
from merflow.corpus.clip_file import checked_clip
from merflow.corpus.labels import LabelSpec, read_labels
from merflow.corpus.manifest import read_manifest, write_manifest
from merflow.media.limits import Limits
from merflow.media.sound import read_sound
from merflow.media.video import iterate_frames

LIMITS = Limits(cpu_s=2.0, wall_s=120.0, memory=150 * 2**20)
"""Such that a small file can break each of them."""


def check(folder: Path, out: Path, shards: int) -> None:
    """Check all clips, shard by shard, and merge the tables."""
    labels = read_labels(folder / "labels.csv", LabelSpec(["happy"], False, []))
    tables = [out / f"{shard}.csv" for shard in range(shards)]
    for shard, table in enumerate(tables):
        check_shard(labels, folder / "root", shard, shards, out / "store", table, LIMITS)
    write_manifest(tables, out / "manifest.csv", out / "quarantine.csv")


def read(folder: Path, out: Path) -> dict[str, tuple[int, int]]:
    """Return, for each usable clip, how many pictures and samples it gives."""
    found = {}
    for row in read_manifest(out / "manifest.csv").itertuples():
        path = checked_clip(folder / "root", row.clip, row.path, row.sha256)
        pictures = sum(1 for _ in iterate_frames(path, None))
        found[row.clip] = pictures, read_sound(path).size
    return found


def own_mb() -> int:
    """Return the largest resident memory of this process so far, in MiB.

    Not from ``getrusage``, which counts the process that started this one.
    """
    said = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", said)[1]) // 1024


def workers_mb() -> int:
    """Return the largest resident memory of any process that this one started, in MiB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


if __name__ == "__main__":
    step, folder, out, *more = sys.argv[1:]
    if step == "check":
        check(Path(folder), Path(out), int(more[0]))
        print(json.dumps([own_mb(), workers_mb()]))
    else:
        found = read(Path(folder), Path(out))
        print(json.dumps([found, own_mb()]))
