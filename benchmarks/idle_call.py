"""What a call of Snakemake with nothing to do costs, against an empty Snakefile in the same run.

    python benchmarks/idle_call.py [--runs 5]

Run it in the project's root after `snakemake --cores all`. Calls alternate between the two sides.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "all"]
EMPTY = 'rule all:\n    input:\n        "Snakefile",\n'


def timed(folder: Path) -> float:
    """Return the wall seconds of one call; fails if a job ran."""
    started = time.perf_counter()
    done = subprocess.run(SNAKEMAKE, cwd=folder, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    text = done.stdout + done.stderr
    if done.returncode or "Nothing to be done" not in text:
        sys.exit(f"a job ran or the call failed in {folder}:\n{text[-2000:]}")
    return seconds


def main() -> None:
    """Time both sides in turn and print medians, difference and ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        empty = Path(name)
        (empty / "Snakefile").write_text(EMPTY)
        pairs = [(timed(Path.cwd()), timed(empty)) for _ in range(runs)]
    ours, plain = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"merflow, nothing to do: {ours:.2f} s (median of {runs})")
    print(f"empty Snakefile:        {plain:.2f} s")
    print(f"difference {ours - plain:+.2f} s, ratio {ours / plain:.2f}")


if __name__ == "__main__":
    main()
