"""The disk of ``results/``: room for what will be written, and what kind of disk it is."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from merflow.cache.sizes import readable
from merflow.corpus.finding import Finding
from merflow.doctor.amounts import (
    CROP,
    crops_left,
    encodings,
    faces_seen,
    run_numbers,
    trained_runs,
    widest,
)
from merflow.doctor.case import Case
from merflow.layout.data import RESULTS

SPARE = 1.25
"""Room that is wanted for each byte that is estimated: logs, tables, what is written before it
replaces what was there (ours)."""
NETWORK = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "lustre", "beegfs", "gpfs", "ceph")
WITHOUT_LINKS = ("vfat", "msdos", "exfat")
VOLATILE = ("tmpfs", "ramfs")
ROW = 100  # bytes of a clip's predictions in both readings, about


def look(case: Case) -> Iterator[Finding]:
    """Yield whether the disk suits, and whether there is room; raises as :attr:`Case.lengths`."""
    results = Path(RESULTS).absolute()
    if results.is_symlink() and not results.exists():
        target = results.readlink()
        yield Finding("error", f"{results} is a link to {target}, which is not there", "make it")
    elif results.exists() and not results.is_dir():
        yield Finding("error", f"{results} is no folder", "move it away")
    place = _existing(results)
    if not os.access(place, os.W_OK | os.X_OK):
        yield Finding(
            "error",
            f"{place} cannot be written",
            "correct its permissions, or make results/ a link to a folder that you may write",
        )
    yield from _kind(place)
    yield _room(case, _parts(case), shutil.disk_usage(place).free)


def _existing(place: Path) -> Path:
    """Return the nearest folder that is there, links followed."""
    while not place.is_dir():
        place = place.parent
    return place.resolve()


def _parts(case: Case) -> dict[str, float]:
    """Return the bytes that are still to be written; raises as :attr:`Case.lengths`."""
    parts = {}
    if case.layout.needs_faces:
        parts["crops"] = CROP * faces_seen(case) * crops_left(case)
    for one in encodings(case):
        parts[f"features of {one.name}"] = one.bytes * one.left
    parts["runs"] = _runs(case)
    return parts


def _runs(case: Case) -> float:
    """Return the bytes of the weights and predictions of the runs that are not there."""
    training, folds = case.config["fusion"]["training"], case.config["corpus"]["folds"]["count"]
    tests = sum(case.counts.values()) - case.counts["train"]
    rows, total = case.counts["train"] + tests * folds, 0.0
    for name, run in trained_runs(case).items():
        if Path(RESULTS, "runs", name, "predictions-honest.parquet").exists():
            continue
        # The alignments hold nearly all of the weights; each fold has its own.
        weights = 4.0 * folds * run_numbers(case, run) * (widest(training) + 2)
        total += len(training["seeds"]) * (weights + ROW * rows)
    return total


def _room(case: Case, parts: dict[str, float], free: int) -> Finding:
    need = sum(parts.values())
    largest = sorted(parts.items(), key=lambda part: -part[1])
    shown = ", ".join(f"{name} {readable(round(size))}" for name, size in largest if size >= 1e5)
    how = f"clips of {case.lengths.mean_s:.2f} s" if case.lengths.mean_s else "labels alone"
    if case.lengths.error_s:
        how += f" +- {case.lengths.error_s:.2f} s, {case.lengths.told}"
    said = f"about {readable(round(need))} to be written ({shown or 'little'}; {how})"
    if need * SPARE <= free:
        return Finding("fine", f"{said}; {readable(free)} free")
    return Finding(
        "error" if need > free else "warning",
        f"{said}, but {readable(free)} free",
        "make room (`merflow cache gc` removes what is not used), make results/ a link to a "
        "larger disk, or lower faces.fps",
    )


def _kind(place: Path) -> Iterator[Finding]:
    """Yield what is unusual about the file system."""
    mounted = [
        part for part in psutil.disk_partitions(all=True) if place.is_relative_to(part.mountpoint)
    ]
    if not mounted:
        return
    part = max(mounted, key=lambda one: len(one.mountpoint))
    kind = part.fstype.lower()
    if kind in VOLATILE:
        yield Finding(
            "warning",
            f"results/ lies in memory ({part.mountpoint}, {kind}): it is gone when the machine "
            "restarts, and takes memory from the jobs",
            "make results/ a link to a disk",
        )
    elif kind in WITHOUT_LINKS:
        yield Finding(
            "warning",
            f"results/ lies on {kind} ({part.mountpoint}), which has no hard links: crops and "
            "features take their place twice",
            "make results/ a link to another disk",
        )
    elif kind.startswith(NETWORK):
        yield Finding(
            "warning",
            f"results/ lies on a network disk ({part.mountpoint}, {kind}): small files are slow, "
            "and a second run on another machine may go unnoticed",
            "run one at a time, or make results/ a link to a local disk",
        )
