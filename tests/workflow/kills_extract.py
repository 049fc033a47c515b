"""Killing one extraction job at any moment and finishing it: what was lost, is it the same?

``python tests/workflow/kills_extract.py 20 [hubert | manet]`` runs one real
``python -m merflow features extract`` straight, then kills it with SIGKILL at moments spread evenly
over that time, each in a store of its own, and finishes it. Clips are real ones where
MERFLOW_REAL_DATA names a folder with some below data/, else generated sounds and crops. It prints a
line for each kill and fails where a shard differs or more than one batch was computed twice.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from kills import LINE, times

from merflow.corpus.manifest import COLUMNS
from merflow.encoders.demo.write import write_demo
from merflow.encoders.registry import DEMO_FILE
from merflow.faces.crops import TRACK, CropCodec, FaceClip
from merflow.faces.facts import Facts
from merflow.faces.shard import clips_of_shard, crop_shard
from merflow.storage.digest import file_sha256

BATCH = 4
CLIPS = {"hubert": 120, "manet": 24}  # more seconds of work than of start
SPECS = {"hubert": {"layers": 24}, "manet": {"forward_order": 2021}}
WIDTHS = {"hubert": 64, "manet": 16}
FACES = {"backend": "cascade", "fps": 5.0, "min_face": 0.2, "detect_side": 360, "yunet": {}}
FACES |= {"person": "largest", "mask": False, "detect_every": 1}


@dataclass(frozen=True)
class Job:
    """One extraction.

    Attributes:
        options: Of the command, but the store and the output.
    """

    options: tuple[str, ...]

    def start(self, folder: Path, log: Path) -> subprocess.Popen:
        """Start it with store and output in a folder, in a process group of its own."""
        command = [sys.executable, "-m", "merflow", "features", "extract", *self.options]
        command += ["--store", "store", "--out", "0-of-1.safetensors"]
        with log.open("w") as said:
            return subprocess.Popen(
                command, cwd=folder, stdout=said, stderr=said, start_new_session=True
            )

    def finish(self, folder: Path) -> list[int]:
        """Run it to its end in a folder; return the sizes of the batches it began."""
        log = folder / "finish.log"
        assert self.start(folder, log).wait() == 0, log.read_text()[-3000:]
        return begun(log)


@dataclass(frozen=True)
class Kill:
    """One killed and finished job.

    Attributes:
        after_s: When it was killed.
        ended: Whether it had ended by itself before.
        first: Items it had begun until then.
        again: Items that were begun twice.
        equal: Whether the shard is that of the straight run, byte for byte.
        left: Files beside the shard in the store at the end.
    """

    after_s: float
    ended: bool
    first: int
    again: int
    equal: bool
    left: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """Whether no more than a batch was computed again, and nothing else is different."""
        return self.again <= BATCH and self.equal and not self.left

    def line(self) -> str:
        """Return the kill in one line."""
        return (
            f"killed after {self.after_s:5.1f} s{' (had ended)' if self.ended else ''}; "
            f"{self.first} items begun; computed twice: {self.again}; "
            f"shard {'equal' if self.equal else 'DIFFERS'}"
            + (f"; left in the store: {', '.join(self.left)}" if self.left else "")
        )


def begun(log: Path) -> list[int]:
    """Return the sizes of the batches that a log says were begun."""
    return [int(size) for size in LINE.findall(log.read_text())]


def prepare(folder: Path, kind: str) -> Job:
    """Write weights, manifest and, for eyes, face crops; return the job."""
    real = os.environ.get("MERFLOW_REAL_DATA")
    filmed = sorted(Path(real, "data").rglob("*.mp4")) if real else []
    root = filmed[0].parent if filmed else _generated(folder / "raw", CLIPS[kind])
    paths = sorted(path for path in root.iterdir() if path.suffix in (".mp4", ".wav"))
    paths = paths[: CLIPS[kind]]
    filled = {"split": "train", "emotion": "sad", "duration": "1.0"}
    rows = [
        filled | {"clip": path.stem, "path": path.name, "sha256": file_sha256(path)}
        for path in paths
    ]
    manifest = folder / "manifest.csv"
    pd.DataFrame(rows).reindex(columns=COLUMNS).to_csv(manifest, index=False)
    weights = folder / "weights"
    demo = {"seed": 1, "width": WIDTHS[kind], "speakers": 1, "steps": 0}
    settings = {"demo": demo, **SPECS[kind]}
    write_demo(kind, settings, weights if kind == "hubert" else weights / DEMO_FILE)
    spec = {"architecture": kind, "sha256": None, **SPECS[kind]}
    options = ["--name", "X", "--spec", json.dumps(spec), "--weights", str(weights)]
    options += ["--manifest", str(manifest), "--root", str(root), "--shard", "0", "--shards", "1"]
    options += ["--batch", str(BATCH), "--workers", "1"]
    if kind != "hubert":
        crops = folder / "crops.safetensors"
        if real:
            clips = clips_of_shard(manifest, 0, 1)
            tables = folder / "tracks.parquet", folder / "facts.csv"
            crop_shard(FACES, clips, root, folder / "faces", crops, *tables)
        else:
            CropCodec().write(crops, {row["sha256"]: _face(row["sha256"]) for row in rows}, "made")
        options += ["--crops", str(crops)]
    return Job(tuple(options))


def _generated(folder: Path, count: int) -> Path:
    """Write noises of half a second to two."""
    folder.mkdir()
    for number in range(count):
        draws = np.random.default_rng(number)
        sound = draws.uniform(-0.3, 0.3, int(draws.integers(8000, 32000)))
        soundfile.write(folder / f"clip{number:02d}.wav", sound, 16000)
    return folder


def _face(sha256: str) -> FaceClip:
    """Draw crops that follow from the clip's digest."""
    draws = np.random.default_rng(int(sha256[:8], 16))
    count = int(draws.integers(4, 12))
    track = np.zeros((count, len(TRACK)), np.float32)
    crops = draws.integers(0, 256, (count, 112, 112, 3), dtype=np.uint8)
    return FaceClip(crops, track, Facts("largest"))


def kill_and_finish(job: Job, folder: Path, after_s: float, straight: Path, items: int) -> Kill:
    """Start in an empty folder, kill, finish, and compare with the straight run."""
    folder.mkdir()
    log = folder / "killed.log"
    process = job.start(folder, log)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    ended = process.wait() == 0
    first = begun(log)
    output = folder / "0-of-1.safetensors"
    output.unlink(missing_ok=True)  # as Snakemake does before it runs a job again
    again = sum(first) + sum(job.finish(folder)) - items
    store = sorted(path.name for path in (folder / "store").iterdir())
    left = tuple(name for name in store if not name.startswith("shard-"))
    equal = output.read_bytes() == straight.read_bytes()
    return Kill(after_s, ended, sum(first), again, equal, left)


def kills(folder: Path, count: int, kind: str) -> Iterator[Kill]:
    """Run straight, then kill and finish ``count`` jobs, one after the other."""
    job = prepare(folder, kind)
    straight = folder / "straight"
    straight.mkdir()
    job.finish(straight)  # what is imported is in memory from now on
    (straight / "store").rename(folder / "first-store")
    began = time.monotonic()
    sizes = job.finish(straight)
    wall_s = time.monotonic() - began
    print(f"{kind}: a straight run takes {wall_s:.1f} s, batches of {sizes}", flush=True)
    for number, after_s in enumerate(times(count, wall_s)):
        place = folder / f"kill-{number}"
        yield kill_and_finish(job, place, after_s, straight / "0-of-1.safetensors", sum(sizes))


def main(count: int, kind: str) -> int:
    """Kill and finish ``count`` jobs; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="merflow-kills-") as name:
        done = []
        for one in kills(Path(name), count, kind):
            print(one.line(), flush=True)
            done.append(one)
    fine = sum(one.fine for one in done)
    most = max((one.again for one in done), default=0)
    inside = sum(one.first > 0 and not one.ended for one in done)
    print(
        f"{len(done)} kills, {inside} while items were computed; at most {most} of a batch of "
        f"{BATCH} computed twice, {sum(one.again for one in done)} in all; {fine} as they should be"
    )
    return 0 if fine == len(done) else 1


if __name__ == "__main__":
    numbers = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    sys.exit(main(numbers, sys.argv[2] if len(sys.argv) > 2 else "hubert"))
