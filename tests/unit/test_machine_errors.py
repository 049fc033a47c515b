"""A full disk and its like are told in a sentence."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from PIL import Image
from safetensors.torch import save_file

from merflow.errors import ADVICE, MerflowError, machine_error
from merflow.media.mux import write_clip
from merflow.storage.atomic import hard_link, replacing
from merflow.storage.tensors import write_tensors

LABELS = "name,discrete\n" + "".join(f"clip{number},happy\n" for number in range(200))
SPEC = '{"classes": ["happy"], "valence": false, "tests": []}'


def listed(folder: Path, limit: str, out: str = "out.csv") -> tuple[int, str]:
    """Exit code and words of a command that writes one file, in a shell with a limit."""
    (folder / "labels.csv").write_text(LABELS)
    script = f'{limit}; exec "$0" -m merflow corpus list --spec "$1" --labels train=labels.csv'
    done = subprocess.run(
        ["bash", "-c", f"{script} --out {out}", sys.executable, SPEC],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


def test_the_command_itself_is_sound(tmp_path: Path):
    code, said = listed(tmp_path, "true")
    assert code == 0, said
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 201


def test_what_cannot_be_written_whole_is_told_and_leaves_nothing(tmp_path: Path):
    code, said = listed(tmp_path, "ulimit -f 1")
    assert code == 1
    assert said.strip().startswith("merflow: out.csv: File too large; raise")
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path):
    code, said = listed(tmp_path, "true", "labels.csv/out.csv")
    assert code == 1
    assert "Traceback" not in said
    assert "labels.csv" in said


@pytest.mark.parametrize("number", ADVICE)
def test_each_is_one_sentence_with_the_place_and_what_to_do(number: int):
    told = machine_error(OSError(number, "x", "the/file"))
    assert isinstance(told, MerflowError)
    assert str(told).startswith("the/file: ")
    assert ADVICE[number] in str(told)


def test_other_errors_are_not_hidden():
    assert machine_error(FileNotFoundError(errno.ENOENT, "x", "the/file")) is None
    assert machine_error(OSError("no number")) is None


def test_a_write_that_fails_names_the_file_it_was_for(tmp_path: Path):
    full = os.open("/dev/full", os.O_WRONLY)  # what fails by its number names no file
    with pytest.raises(OSError, match="No space left") as caught, replacing(tmp_path / "a.npy"):
        os.write(full, bytes(10))
    os.close(full)
    assert caught.value.filename == str(tmp_path / "a.npy")


NOISE = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)


def _clip(path: Path) -> None:
    write_clip(path, [NOISE[:, k:][:, :256] for k in range(10)], 10, np.zeros(16000), 16000)


WRITERS = {
    "a.safetensors": lambda path: write_tensors(path, {"x": NOISE}, {}),
    "weights.safetensors": lambda path: save_file({"x": torch.from_numpy(NOISE)}, path),
    "a.parquet": lambda path: pd.DataFrame({"x": NOISE.ravel()}).to_parquet(path),
    "a.csv": lambda path: pd.DataFrame({"x": NOISE.ravel()}).to_csv(path),
    "a.npy": lambda path: np.save(path, NOISE),
    "a.png": lambda path: Image.fromarray(NOISE).save(path, format="png"),
    "a.wav": lambda path: soundfile.write(path, NOISE.ravel(), 16000),
    "a.txt": lambda path: path.write_bytes(NOISE.tobytes()),
}


@pytest.mark.parametrize("name", WRITERS)
def test_whatever_writes_the_error_is_the_same(tmp_path: Path, small_files, name: str):
    (tmp_path / name).write_bytes(b"the last whole one")
    with pytest.raises(OSError, match="File too large") as caught, replacing(tmp_path / name) as to:
        WRITERS[name](to)
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"the last whole one"


def _onto_a_full_disk(path: Path) -> None:
    with replacing(path) as to:
        to.symlink_to("/dev/full")
        WRITERS[path.name](to)


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "weights.safetensors"])
def test_a_full_disk_is_told_with_what_is_free(tmp_path: Path, name: str):
    with pytest.raises(OSError, match="No space left") as caught:
        _onto_a_full_disk(tmp_path / name)
    told = str(machine_error(caught.value))
    assert told.startswith(f"{tmp_path / name}: No space left on device (")
    assert "MiB free); free space there" in told
    assert not list(tmp_path.iterdir())


def test_a_clip_that_does_not_fit_is_told_too(tmp_path: Path, small_files):
    with pytest.raises(OSError, match="File too large") as caught:
        _clip(tmp_path / "a.mp4")
    assert caught.value.filename == str(tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_a_copy_in_the_place_of_a_link_leaves_nothing(tmp_path: Path, monkeypatch, small_files):
    (tmp_path / "from").write_bytes(bytes(15_000))
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EXDEV, "x")))
    hard_link(tmp_path / "from", tmp_path / "there" / "to")
    assert (tmp_path / "there" / "to").read_bytes() == bytes(15_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
    with pytest.raises(OSError, match="File too large") as caught:
        hard_link(tmp_path / "from", tmp_path / "there" / "other")
    assert caught.value.filename == str(tmp_path / "there" / "other")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["to"]


def test_a_link_that_is_made_though_an_error_comes_leaves_its_source(tmp_path: Path, monkeypatch):
    link = os.link

    def link_and_fail(*names):
        link(*names)
        raise OSError(errno.EEXIST, "File exists")  # as of a request that was sent twice

    (tmp_path / "from").write_bytes(b"whole")
    monkeypatch.setattr(os, "link", link_and_fail)
    hard_link(tmp_path / "from", tmp_path / "to")
    assert [(tmp_path / name).read_bytes() for name in ("from", "to")] == [b"whole"] * 2


def test_a_link_that_cannot_take_its_place_leaves_its_source(tmp_path: Path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EBUSY, "Device or resource busy")

    (tmp_path / "from").write_bytes(b"whole")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="busy"):
        hard_link(tmp_path / "from", tmp_path / "to")
    assert (tmp_path / "from").read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["from"]


def test_an_error_that_is_not_the_disks_stays_what_it_is(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a"):
        _ = 1 / 0
    with pytest.raises(FileNotFoundError, match="other") as caught, replacing(tmp_path / "a"):
        (tmp_path / "other").read_bytes()
    assert caught.value.filename == str(tmp_path / "other")
    assert not list(tmp_path.iterdir())


def _replace(folder: Path, path: Path) -> None:
    with replacing(path) as to:
        to.write_text("x")


def _link(folder: Path, path: Path) -> None:
    (folder / "from").touch()
    hard_link(folder / "from", path)


WRITES = pytest.mark.parametrize("write", [_replace, _link])


@WRITES
@pytest.mark.parametrize("name", ["file/a.txt", "file/deep/a.txt"])
def test_the_file_in_the_place_of_a_folder_is_named_and_no_temporary_one(
    tmp_path: Path, write, name: str
):
    (tmp_path / "file").touch()
    with pytest.raises((FileExistsError, NotADirectoryError)) as caught:
        write(tmp_path, tmp_path / name)
    assert caught.value.filename == str((tmp_path / name).parent)
    assert "move the file" in str(machine_error(caught.value))


@WRITES
def test_a_read_only_disk_is_told_with_the_file_that_was_to_be_written(
    tmp_path: Path, monkeypatch, write
):
    (tmp_path / "from").touch()

    opened = Path.open

    def refuse(*names):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(names[-1]))

    def refuse_to_write(path, mode="r"):
        return opened(path, mode) if mode == "rb" else refuse(path)

    # Such a disk refuses to remove what is not there, too.
    monkeypatch.setattr(Path, "write_text", lambda path, *_, **__: refuse(path))
    monkeypatch.setattr(Path, "unlink", lambda path: refuse(path))
    monkeypatch.setattr(Path, "open", refuse_to_write)
    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(OSError, match="Read-only") as caught:
        write(tmp_path, tmp_path / "a.txt")
    assert (caught.value.errno, caught.value.filename) == (errno.EROFS, str(tmp_path / "a.txt"))
