"""The noise recordings: there, readable, enough."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from merflow.corpus.finding import Finding, few
from merflow.doctor.apart import apart
from merflow.doctor.case import Case
from merflow.doctor.words import duration
from merflow.noise.recordings import recording_names
from merflow.settings.sources import uses_noise

FEW = 20
"""Fewer recordings than this are heard again and again (ours)."""
BUDGET_S = 5.0


def look(case: Case) -> Iterator[Finding]:
    """Yield what is to be said of the recordings that corrupted copies are made with."""
    noise = case.config["noise"]
    if not uses_noise(case.config):
        yield Finding("fine", "not used: no system is trained with noisy copies")
        return
    if noise["source"] == "demo":
        yield Finding("fine", "generated in the run")
        return
    root = Path(noise["root"])
    if not root.is_dir():
        return  # told among the files
    names = recording_names(root)
    heads = apart(_lengths, [root / name for name in names], limit_s=3 * BUDGET_S)
    read = [(Path(path), length) for path, length in heads.items]
    bad = [path.relative_to(root) for path, length in read if length <= 0]
    if bad:
        yield Finding(
            "error",
            f"{len(bad)} of {len(names):,} recordings in {root} cannot be read as sound "
            f"({few(bad)})",
            "remove them or replace them by good copies",
        )
    if len(names) < 2:
        yield Finding(
            "warning",
            f"{root} has one recording: training copies and test clips need different ones",
            "add recordings, such as the speech of MUSAN (https://www.openslr.org/17)",
        )
    elif len(names) < FEW:
        yield Finding(
            "warning",
            f"{root} has {len(names)} recordings, so that each corrupts many clips, and a quarter "
            "of them is kept for tests",
            "add recordings, such as the speech of MUSAN (https://www.openslr.org/17)",
        )
    if not bad:
        yield _summary(root, names, read, heads.trouble)


def _summary(
    root: Path, names: Sequence[str], read: Sequence[tuple[Path, float]], trouble: str
) -> Finding:
    layout = "MUSAN's speech" if any("speech-" in name for name in names) else "recordings"
    said = f"{root}: {len(names):,} {layout}"
    if len(read) == len(names):
        return Finding("fine", f"{said}, {duration(sum(length for _, length in read))} in all")
    looked = f"the headers of {len(read):,} were read"
    return Finding("fine", f"{said}; {looked}{f' ({trouble})' if trouble else ''}")


def _lengths(paths: Sequence[Path]) -> Iterator[tuple[str, float]]:
    """Yield (path, length in seconds) by the headers; 0 where there is none."""
    import soundfile

    began = time.perf_counter()
    for path in paths:
        if time.perf_counter() - began > BUDGET_S:
            return
        try:
            facts = soundfile.info(str(path))
            length = facts.frames / facts.samplerate if facts.samplerate else 0.0
        except (soundfile.LibsndfileError, OSError):
            length = 0.0
        yield str(path), length
