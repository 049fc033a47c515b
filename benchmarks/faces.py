"""Frames a second of the faces step against the plain loop, with the same detector, in one run.

    python benchmarks/faces.py [FOLDER] [--clips 0] [--yunet FILE] [--every 8] [--side 128]
        [--repeats 2] [--backends cascade yunet]

Plain: ``cv2.VideoCapture``, every full frame through the detector, the largest face cut out,
brought to 112 x 112 and written as a bmp. OpenCV takes as many threads as it likes; libav decodes
with as many as ``VideoCapture`` gives it.

Ours: what `merflow faces crop` does, with every frame looked at (``fps: null``), detection on every
``--every``-th of them shrunk to ``--side``, tracking in between, in one process and in one for each
core, from starting the processes to the file of crops. Best of ``--repeats``; plain and ours take
turns, so that a busy machine is busy for both. Beside it stands the computing of all cores for a
frame, and below how long it is from starting the processes to the faces of the first clip.

Agreement is of our boxes with those of the same detector on every full frame: the share of the
frames with a face there in which ours has an intersection over union of .8 or more, and the median.
FOLDER is searched for mp4; without it ``$MERFLOW_REAL_DATA/data``. The step's progress goes to
standard error, so that the figures stand alone.
"""

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from merflow.faces.crops import TRACK, read_crops
from merflow.faces.detect import Detection, Detector, make_detector
from merflow.faces.make import clip_maker
from merflow.faces.overlap import box_of, overlap
from merflow.faces.pool import Pool
from merflow.media.video import iterate_frames
from merflow.storage.digest import file_sha256

# Each process that is started imports this file again. Those of the step, whose main module is
# merflow, import no tables: here they are imported in `ours` and `table_of`, which only the first
# process calls, or starting the others would be measured with pandas in it.
if TYPE_CHECKING:
    import pandas as pd

FULL = 1 << 16
SETTINGS = {"fps": None, "min_face": 0.2, "person": "largest", "mask": False}


def plain_loop(clips: Sequence[Path], detector: Detector, folder: Path) -> int:
    """Cut out every frame's largest face as one would without thinking; returns the frames."""
    frames = 0
    for clip in clips:
        video = cv2.VideoCapture(str(clip))
        while True:
            there, frame = video.read()
            if not there:
                break
            found = detector.detect(np.ascontiguousarray(frame[:, :, ::-1]))
            frames += 1
            if found:
                x, y, w, h = (round(value) for value in box_of(max(found, key=lambda f: f.area)))
                face = frame[max(y, 0) : y + h, max(x, 0) : x + w]
                if face.size:
                    small = cv2.resize(face, (112, 112))
                    cv2.imwrite(str(folder / f"{clip.stem}-{frames:06d}.bmp"), small)
        video.release()
    return frames


def each_frame(clip: Path, detector: Detector) -> list[Detection | None]:
    """Return the largest face of each full frame."""
    found = (detector.detect(frame) for _, frame in iterate_frames(clip, None))
    return [max(faces, key=lambda face: face.area, default=None) for faces in found]


def ours(table: "pd.DataFrame", spec: dict[str, Any], folder: Path, workers: int) -> Path:
    """Run the step over all clips; returns the file of crops."""
    from merflow.faces.shard import crop_shard

    files = [folder / name for name in ("crops.safetensors", "tracks.parquet", "facts.csv")]
    with redirect_stdout(sys.stderr):
        crop_shard(spec, table, Path("/"), folder / "store", *files, workers)
    return files[0]


def first_clip(table: "pd.DataFrame", spec: dict[str, Any], workers: int) -> float:
    """Return the seconds from starting the processes to the faces of the first clip."""
    tasks = [(Path("/"), row.clip, row.path, row.sha256) for row in table[:workers].itertuples()]
    began = time.perf_counter()
    with Pool(spec, clip_maker, workers) as pool:
        pool.plan(tasks)
        pool.make(tasks[:1])
        return time.perf_counter() - began


@dataclass(frozen=True, order=True)
class Took:
    """What a run took, seconds.

    Attributes:
        wall: By the clock.
        cores: Of all cores together, ended processes too.
    """

    wall: float
    cores: float


def timed(what: Any, *arguments: Any) -> tuple[Took, Any]:
    """Return what a call takes in an empty folder, and what it returns."""
    folder = Path(tempfile.mkdtemp())
    try:
        cores, began = computed(), time.perf_counter()
        result = what(*arguments, folder)
        return Took(time.perf_counter() - began, computed() - cores), result
    finally:
        shutil.rmtree(folder)


def computed() -> float:
    """Return the seconds that this process and its ended children have computed."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def agreement(table: "pd.DataFrame", spec: dict[str, Any], detector: Detector) -> str:
    """Return how our boxes agree with a detection on every full frame, in words."""
    with tempfile.TemporaryDirectory() as name:
        reader = read_crops([ours(table, spec, Path(name), 1)])
        shares, missed, faces, frames, theirs = [], 0, 0, 0, 0
        for row in table.itertuples():
            track = reader.track(row.sha256)
            kept = ~np.isnan(track[:, TRACK.index("score")])
            faces, frames = faces + int(kept.sum()), frames + len(track)
            for here, true, line in zip(
                kept, each_frame(Path("/", row.path), detector), track[:, 2:6], strict=True
            ):
                theirs += true is not None
                if true is not None and here:
                    shares.append(overlap(box_of(true), tuple(map(float, line))))
                missed += true is not None and not here
    good = np.sum(np.array(shares) >= 0.8) / (len(shares) + missed)
    return (
        f"IoU >= .8 in {100 * good:.1f} % of frames, median IoU {np.median(shares):.3f}; "
        f"face rate {faces / frames:.3f} (every full frame: {theirs / frames:.3f})"
    )


def report(name: str, spec: dict[str, Any], table: "pd.DataFrame", repeats: int) -> None:
    """Print speeds, ratios and agreement of one backend."""
    clips = [Path("/", path) for path in table["path"]]
    full = make_detector(spec | {"detect_side": FULL})
    cores, threads = len(os.sched_getaffinity(0)), cv2.getNumThreads()
    times: dict[str, list[Took]] = {"plain": [], "one process": [], f"{cores} processes": []}
    starts, frames = [], 0
    for _ in range(repeats):
        cv2.setNumThreads(threads)
        took, frames = timed(lambda folder: plain_loop(clips, full, folder))
        times["plain"].append(took)
        cv2.setNumThreads(1)
        for kind, workers in (("one process", 1), (f"{cores} processes", cores)):
            times[kind].append(timed(lambda folder, n=workers: ours(table, spec, folder, n))[0])
        starts.append(first_clip(table, spec, cores))
    best = {kind: min(values) for kind, values in times.items()}
    print(f"\n{name}: {len(clips)} clips, {frames} frames; plain with {threads} OpenCV threads")
    for kind, took in best.items():
        speed, ratio = frames / took.wall, best["plain"].wall / took.wall
        each, share = 1e3 * took.cores / frames, best["plain"].cores / took.cores
        print(
            f"  {kind:12} {speed:8.1f} frames/s   {ratio:5.2f} x plain   "
            f"{each:6.2f} ms of a core a frame ({share:.2f} x)"
        )
    print(f"  {min(starts):.2f} s from starting {cores} processes to the first clip")
    print(f"  load of the machine: {os.getloadavg()[0]:.1f} on {cores} cores")
    print(f"  {agreement(table, spec, full)}")
    cv2.setNumThreads(threads)


def table_of(clips: Sequence[Path]) -> "pd.DataFrame":
    """Return clip, path and sha256 of each file, one of a content."""
    import pandas as pd

    rows = [(str(n), str(p).lstrip("/"), file_sha256(p)) for n, p in enumerate(clips)]
    return pd.DataFrame(rows, columns=["clip", "path", "sha256"]).drop_duplicates("sha256")


def main() -> None:
    """Time the detectors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    real = os.environ.get("MERFLOW_REAL_DATA", ".")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(real, "data"))
    parser.add_argument(
        "--clips", type=int, default=0, help="evenly spread over the folder; 0: all"
    )
    parser.add_argument("--yunet", type=Path, help="default: in $MERFLOW_REAL_DATA/weights")
    parser.add_argument("--every", type=int, default=8)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=2)
    backends = ["cascade", "yunet"]
    parser.add_argument("--backends", nargs="+", choices=backends, default=backends)
    arguments = parser.parse_args()
    there = sorted(arguments.folder.rglob("*.mp4"))
    if not there:
        parser.error(f"there is no mp4 in {arguments.folder}")
    places = np.linspace(0, len(there) - 1, min(arguments.clips or len(there), len(there)))
    clips = [there[round(place)].resolve() for place in places]
    table = table_of(clips)
    spec = SETTINGS | {"detect_side": arguments.side, "detect_every": arguments.every}
    network = arguments.yunet or next(Path(real, "weights").glob("face_detection_yunet*"), None)
    if "cascade" in arguments.backends:
        report("cascade", spec | {"backend": "cascade"}, table, arguments.repeats)
    if network is not None and "yunet" in arguments.backends:
        yunet = {"path": str(network), "sha256": file_sha256(network)}
        report("yunet", spec | {"backend": "yunet", "yunet": yunet}, table, arguments.repeats)


if __name__ == "__main__":
    main()
