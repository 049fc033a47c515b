"""Several processes: the same bytes, errors as sentences, and nobody left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from drawn_faces import Portrait
from real_media import yunet_file

from merflow.corpus.demo.face import Pose
from merflow.corpus.manifest import COLUMNS
from merflow.errors import MerflowError
from merflow.faces.crops import TRACK, FaceClip
from merflow.faces.facts import Facts
from merflow.faces.make import clip_maker
from merflow.faces.pool import AHEAD, Pool
from merflow.faces.shard import clips_of_shard, crop_shard
from merflow.media.mux import write_clip
from merflow.storage.digest import file_sha256

SRC = Path(__file__).parents[3] / "src"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Folder of five short clips of drawn faces, and their manifest."""
    root, rows = tmp_path_factory.mktemp("pool"), []
    for number in range(5):
        portrait = Portrait(number)
        frames = [portrait.frame(Pose(0.48 + 0.01 * k, 0.5, 0.34, k)) for k in range(6)]
        sound = 0.1 * np.random.default_rng(number).standard_normal(9600)
        write_clip(root / f"c{number}.mp4", frames, 10, sound, 16000)
        row = dict.fromkeys(COLUMNS, "") | {"clip": f"c{number}", "path": f"c{number}.mp4"}
        row |= {"split": "train", "duration": "0.6"}
        rows.append(row | {"sha256": file_sha256(root / f"c{number}.mp4")})
    pd.DataFrame(rows)[COLUMNS].to_csv(root / "manifest.csv", index=False)
    return root


def cropped(spec, corpus, folder, workers):
    outputs = [folder / name for name in ("crops.safetensors", "tracks.parquet", "facts.csv")]
    clips = clips_of_shard(corpus / "manifest.csv", 0, 1)
    crop_shard(spec, clips, corpus, folder / "store", *outputs, workers)
    return [path.read_bytes() for path in outputs]


def test_the_number_of_processes_changes_no_byte(spec, corpus, tmp_path):
    settings = spec | {"detect_every": 2}
    before = set(psutil.Process().children(recursive=True))
    one, three = (cropped(settings, corpus, tmp_path / str(n), n) for n in (1, 3))
    assert one == three
    left = set(psutil.Process().children(recursive=True)) - before
    assert len(left) <= 1  # one that watches over resources


@pytest.mark.real
@pytest.mark.parametrize("workers", [1, 3])
def test_a_network_that_is_not_pinned_is_told_once_a_job(spec, corpus, tmp_path, capfd, workers):
    network = yunet_file()
    yunet = {"backend": "yunet", "yunet": {"path": str(network), "sha256": None}}
    made = cropped(spec | yunet, corpus, tmp_path / "open", workers)
    assert capfd.readouterr().out.count("pin it") == 1
    yunet["yunet"]["sha256"] = file_sha256(network)
    assert cropped(spec | yunet, corpus, tmp_path / "pinned", workers) == made
    assert "pin it" not in capfd.readouterr().out


def test_what_is_wrong_with_a_clip_is_told_by_the_worker_too(spec, corpus):
    tasks = [(corpus, "c1", "c1.mp4", "0" * 64), (corpus, "c2", "gone.mp4", "1" * 64)]
    with Pool(spec, clip_maker, 2) as pool:
        pool.plan(tasks)
        with pytest.raises(MerflowError, match=r"c1\.mp4 changed since it was listed"):
            pool.make(tasks[:1])
        with pytest.raises(MerflowError, match=r"there is no file .*gone\.mp4"):
            pool.make(tasks[1:])


def suicidal(spec):
    return lambda task: os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_dies_is_told():
    tasks = [(Path(), f"c{n}", "", "") for n in range(3)]
    with Pool({}, suicidal, 2) as pool:
        pool.plan(tasks)
        with pytest.raises(MerflowError, match="died at clip c0 or near it"):
            pool.make(tasks)


class UnsendableError(Exception):
    """Cannot be pickled, and two lines long."""

    def __init__(self):
        super().__init__("first line\nsecond line")
        self.lock = threading.Lock()


def failing(spec):
    """A maker whose second clip meets an error that nobody has thought of."""

    def make(task):
        if task[1] == "c1":
            raise {"unsendable": UnsendableError(), "memory": MemoryError()}[spec["kind"]]
        return no_face()

    return make


def no_face():
    track = np.zeros((0, len(TRACK)), np.float32)
    return FaceClip(np.zeros((0, 112, 112, 3), np.uint8), track, Facts("largest"))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("kind", "told"),
    [("unsendable", "UnsendableError: first line second line"), ("memory", "MemoryError")],
)
def test_an_error_that_nobody_has_thought_of_is_told_with_its_clip(workers, kind, told):
    tasks = [(Path(), f"c{n}", f"sub/c{n}.mp4", "") for n in range(5)]
    with Pool({"kind": kind}, failing, workers) as pool:
        pool.plan(tasks)
        assert len(pool.make(tasks[:1])) == 1
        with pytest.raises(MerflowError) as caught:
            pool.make(tasks[1:])
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert all(part in sentence for part in ("clip c1", "sub/c1.mp4", told))


def refusing(spec):
    raise UnsendableError


def never(spec):
    raise MerflowError("the network is gone")


@pytest.mark.parametrize(
    ("maker", "told"), [(refusing, "UnsendableError: first line"), (never, "the network is gone")]
)
def test_a_maker_that_cannot_be_made_is_told(maker, told):
    tasks = [(Path(), f"c{n}", "", "") for n in range(3)]
    with Pool({}, maker, 2) as pool:
        pool.plan(tasks)
        with pytest.raises(MerflowError, match=told):
            pool.make(tasks)


def slow_first(spec):
    """A maker that marks what was begun, and whose first clip is long."""
    folder = Path(spec["folder"])

    def make(task):
        (folder / task[1]).touch()
        time.sleep(2.0 if task[1] == "c0" else 0.0)
        return no_face()

    return make


def test_behind_a_long_clip_few_others_are_made_ahead(tmp_path):
    tasks = [(Path(), f"c{n}", "", "") for n in range(40)]
    with Pool({"folder": str(tmp_path)}, slow_first, 2) as pool:
        pool.plan(tasks)
        pool.make(tasks[:1])
        assert len(list(tmp_path.iterdir())) <= AHEAD * 2 + 1
        pool.make(tasks[1:])
    assert len(list(tmp_path.iterdir())) == len(tasks)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_a_killed_job(corpus, tmp_path, how):
    waits = "import time\ndef waits(spec):\n    return lambda task: time.sleep(600)\n"
    (tmp_path / "waiting.py").write_text(waits)
    program = (
        "from pathlib import Path\nfrom waiting import waits\nfrom merflow.faces.pool import Pool\n"
        "if __name__ == '__main__':\n"
        "    tasks = [(Path(), str(n), '', '') for n in range(4)]\n"
        "    with Pool({}, waits, 2) as pool:\n"
        "        pool.plan(tasks)\n        print('begun', flush=True)\n        pool.make(tasks)\n"
    )
    (tmp_path / "job.py").write_text(program)
    env = os.environ | {"PYTHONPATH": f"{SRC}{os.pathsep}{tmp_path}"}
    job = subprocess.Popen(
        [sys.executable, "job.py"], cwd=tmp_path, env=env, stdout=subprocess.PIPE
    )
    assert job.stdout.readline() == b"begun\n"
    children = []
    for _ in range(600):
        children = psutil.Process(job.pid).children(recursive=True)
        if len([c for c in children if "spawn_main" in " ".join(c.cmdline())]) == 2:
            break
        time.sleep(0.1)
    job.send_signal(how)
    job.wait(60)
    job.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


def test_a_worker_imports_nothing_that_draws():
    program = (
        "import sys\nimport merflow.faces.make, merflow.faces.pool\n"
        "print(sorted({'PIL', 'matplotlib', 'torch'} & set(sys.modules)))\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert told.stdout.strip() == b"[]"
