"""What the graph does to the clips of a corpus, in a process of its own that tells its memory.

``python -m mutants.run check FOLDER OUT SHARDS`` checks all clips of ``FOLDER/root`` and writes
``OUT/manifest.csv`` and ``OUT/quarantine.csv``; ``python -m mutants.run read FOLDER OUT`` then
reads the usable ones as the later steps do, and prints what each gave. ``corrupt FOLDER OUT``
takes them through the features of their sound, clean and noisy, and writes them as corrupted clips.
"""

import json
import re
import resource
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import yaml

from merflow.corpus.check import check_shard
from merflow.corpus.clip_file import checked_clip
from merflow.corpus.labels import LabelSpec, read_labels
from merflow.corpus.manifest import read_manifest, write_manifest
from merflow.encoders.load import load
from merflow.features.extract import extract_shard
from merflow.features.inputs import Sounds
from merflow.features.samples import samples_of_shard
from merflow.media.limits import Limits
from merflow.media.probe import check_clip
from merflow.media.sound import RATE, read_sound
from merflow.media.video import iterate_frames
from merflow.noise.draw import draw_tests
from merflow.noise.folder import NoiseFolder
from merflow.noise.noisy_clip import write_noisy_clip

LIMITS = Limits(cpu_s=2.0, wall_s=120.0, memory=150 * 2**20)
"""Such that a small file can break each of them."""
PRESET = yaml.safe_load(Path(__file__).parents[3].joinpath("presets/small.yaml").read_text())
NOISE = {key: PRESET["noise"][key] for key in ("seed", "preset", "visual")}
NOISE["visual"] = [*NOISE["visual"], {"transform": "pyramid", "magnitude": [1, 4]}]


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


def corrupt(folder: Path, out: Path) -> dict[str, int]:
    """Return how many pictures each corrupted clip has.

    Writes ``OUT/clean.safetensors``, ``OUT/noisy.safetensors``, ``OUT/store``, ``OUT/recordings``
    and ``OUT/<clip>.mp4``.
    """
    manifest, root = folder / "out" / "manifest.csv", folder / "root"
    recordings = out / "recordings"
    recordings.mkdir(parents=True)
    for number in range(2):
        noise = np.random.default_rng(number).normal(0.0, 0.1, RATE // 2)
        soundfile.write(recordings / f"{number}.wav", noise, RATE)
    clean = samples_of_shard(manifest, None, 0, 1)
    rows = {row.clip: row for row in draw_tests(NOISE, [one.clip for one in clean], recordings)}
    noisy = [replace(one, noise=rows[one.clip]) for one in clean]
    spec = {"architecture": "mfcc"}
    encoder, sounds = load("mfcc", spec, None), Sounds(root, recordings)
    for name, samples in (("clean", clean), ("noisy", noisy)):
        written = out / f"{name}.safetensors"
        extract_shard(encoder, spec, samples, sounds, out / "store", written, name == "noisy")
    found, noises = {}, NoiseFolder(recordings)
    for one in clean:
        path = out / f"{one.clip}.mp4"
        write_noisy_clip(root / one.path, rows[one.clip], noises, path)
        found[one.clip] = check_clip(path).frames
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
        found = {"read": read, "corrupt": corrupt}[step](Path(folder), Path(out))
        print(json.dumps([found, own_mb()]))
