"""What a process spends before it works: starting Python and importing packages."""

import atexit
import builtins
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

LINE = re.compile(r"^start-up: (\d+\.\d+) s of (\d+\.\d+) s$", re.MULTILINE)


class ImportMeter:
    """Adds up the wall time of import statements, wherever in the program they stand.

    Attributes:
        seconds: Spent so far, of outermost imports alone: those inside them are part of them.
    """

    def __init__(self) -> None:
        """Count nothing yet."""
        self.seconds = 0.0
        self._depth = 0
        self._real = builtins.__import__

    def install(self) -> None:
        """Watch the import statements of this process from now on."""
        builtins.__import__ = self._timed

    def _timed(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if self._depth:
            return self._real(name, globals, locals, fromlist, level)
        self._depth += 1
        began = time.perf_counter()
        try:
            return self._real(name, globals, locals, fromlist, level)
        finally:
            self._depth -= 1
            self.seconds += time.perf_counter() - began


def tell_at_exit() -> None:
    """Print, at the end of this process, how long it took to start and to run."""
    # What the interpreter took before this line; it computes all the while.
    before, began, meter = time.process_time(), time.perf_counter(), ImportMeter()
    meter.install()

    def tell() -> None:
        ran = before + time.perf_counter() - began
        try:
            print(f"start-up: {before + meter.seconds:.2f} s of {ran:.2f} s", flush=True)
        except BrokenPipeError:  # who read it, such as `head`, has gone
            # What is still to be written has to go somewhere when the interpreter ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    atexit.register(tell)


def told_in(logs: Path, since: float) -> list[tuple[float, float]]:
    """Return (start-up, whole time) in seconds of each process that told them in a log.

    Args:
        logs: Folder of the rules' logs.
        since: Seconds of the epoch; older logs are not looked at.
    """
    recent = [path for path in sorted(logs.rglob("*.log")) if path.stat().st_mtime >= since]
    found = [LINE.findall(path.read_text(errors="replace")) for path in recent]
    return [(float(start), float(ran)) for pairs in found for start, ran in pairs[-1:]]


def share(wall_s: float, graph_s: float, processes: list[tuple[float, float]], cores: int) -> str:
    """Return the sentence on how much of a run went into starting up.

    Args:
        wall_s: The whole run, from the start of Snakemake.
        graph_s: Until its first job: imports and planning.
        processes: From :func:`told_in`.
        cores: How many of them worked side by side.
    """
    imports = sum(start for start, _ in processes)
    part = (graph_s + imports / cores) / wall_s
    return (
        f"{part:.0%} of {wall_s:.0f} s (planning {graph_s:.1f} s; imports of {len(processes)} jobs "
        f"{imports:.1f} s on {cores} cores)"
    )
