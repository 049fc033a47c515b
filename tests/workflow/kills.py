"""Killing runs of the graph at any moment and finishing them: what was lost, is it the same?

``python tests/workflow/kills.py 20`` kills twenty runs of presets/small.yaml with SIGKILL to the
whole process group, at times spread evenly over a run, and finishes each. It prints a line for
each kill and fails where a prediction differs or a job did more than one batch again.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from graph import (
    ROOT,
    Outcome,
    prediction_bytes,
    small_settings,
    snakemake,
    write_settings,
)

from merflow.progress import BEGUN
from merflow.seeds import generator

STEP = re.compile(r" merflow (?:--threads \d+ )?(\w+ [\w-]+)")
LINE = re.compile(rf"^{BEGUN}.*: (\d+) \w+$", re.MULTILINE)


@dataclass(frozen=True)
class Kill:
    """One killed and finished run.

    Attributes:
        after_s: When it was killed, from the start of Snakemake.
        working: Commands of the jobs that were at work then.
        again: Units of work that were begun twice, by log, where there were any.
        excess: Jobs that did more than one batch again.
        equal: Whether all predictions are those of a straight run.
    """

    after_s: float
    working: tuple[str, ...]
    again: dict[str, int]
    excess: tuple[str, ...]
    equal: bool

    def line(self) -> str:
        """Return the kill in one line."""
        working = ", ".join(self.working) or "none"
        again = ", ".join(f"{name} {count}" for name, count in self.again.items()) or "nothing"
        return (
            f"killed after {self.after_s:5.1f} s; at work: {working}; done again: {again}; "
            f"predictions {'equal' if self.equal else 'DIFFER'}"
            + (f"; more than a batch: {', '.join(self.excess)}" if self.excess else "")
        )


def begun(folder: Path, since: float = 0.0) -> dict[str, list[int]]:
    """Return the sizes of the batches that each job's log says were begun.

    Args:
        folder: Of the run.
        since: Seconds of the epoch; logs that were written before are left out.
    """
    logs = folder / "results" / "logs"
    return {
        path.relative_to(logs).as_posix(): [int(size) for size in LINE.findall(path.read_text())]
        for path in sorted(logs.rglob("*.log"))
        if path.stat().st_mtime >= since
    }


def start(folder: Path) -> subprocess.Popen:
    """Start Snakemake in a process group of its own."""
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), "--cores", "2", "--quiet", "all"]
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ},
    )


def wait_for(process: subprocess.Popen, folder: Path, rule: str, batches: int) -> None:
    """Wait until a job of a rule has begun a number of batches."""
    while process.poll() is None:
        counts = {log: len(sizes) for log, sizes in begun(folder).items() if log.startswith(rule)}
        if max(counts.values(), default=0) >= batches:
            return
        time.sleep(0.02)
    raise AssertionError(f"the run ended before {rule} had begun {batches} batches")


def kill(process: subprocess.Popen) -> tuple[str, ...]:
    """Kill the process group; return which steps were at work."""
    working = []
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            words = child.cmdline()
        except psutil.Error:
            continue
        if "merflow" in words and not words[0].endswith("sh"):
            step = STEP.search(" ".join(words))
            working.append(step.group(1) if step else "starting")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return tuple(sorted(working))


def kill_and_finish(folder: Path, after_s: float, straight: Path) -> Kill:
    """Run in an empty folder, kill, finish, and compare with the straight run."""
    write_settings(folder, small_settings())
    process = start(folder)
    time.sleep(after_s)
    working = kill(process)
    first, resumed = begun(folder), time.time()
    outcome: Outcome = snakemake(folder, "--cores", "2")
    assert outcome.code == 0, outcome.text[-6000:]
    second, whole = begun(folder, resumed), begun(straight)
    again, excess = Counter[str](), []
    for log, sizes in whole.items():
        surplus = sum(first.get(log, [])) + sum(second.get(log, [])) - sum(sizes)
        if surplus > 0:
            again[log] = surplus
        if surplus > max(sizes, default=0):
            excess.append(log)
    equal = prediction_bytes(folder) == prediction_bytes(straight)
    return Kill(after_s, working, dict(again), tuple(excess), equal)


def times(count: int, wall_s: float) -> Iterator[float]:
    """Yield moments spread evenly over a run: one drawn in each of ``count`` equal stretches."""
    draws = generator(0, "kills").random(count)
    for number, draw in enumerate(draws):
        yield (number + draw) / count * wall_s


def kills(folder: Path, count: int, straight: Path, wall_s: float) -> Iterator[Kill]:
    """Kill and finish ``count`` runs, one after the other, each in a folder of its own."""
    for number, after_s in enumerate(times(count, wall_s)):
        place = folder / f"kill-{number}"
        yield kill_and_finish(place, after_s, straight)
        shutil.rmtree(place)


def main(count: int) -> int:
    """Make a straight run, then kill and finish ``count``; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="merflow-kills-") as name:
        folder = Path(name)
        straight = folder / "straight"
        write_settings(straight, small_settings())
        began = time.monotonic()
        outcome = snakemake(straight, "--cores", "2")
        assert outcome.code == 0, outcome.text[-6000:]
        wall_s = time.monotonic() - began
        print(f"a straight run takes {wall_s:.0f} s, {sum(outcome.jobs.values())} jobs", flush=True)
        done = []
        for one in kills(folder, count, straight, wall_s):
            print(one.line(), flush=True)
            done.append(one)
    at_work = sum(bool(one.working) for one in done)
    fine = sum(one.equal and not one.excess for one in done)
    print(f"{len(done)} kills, {at_work} while jobs were at work; {fine} finished as they should")
    return 0 if fine == len(done) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
