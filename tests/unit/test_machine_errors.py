"""A full disk and its like are told in a sentence."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from merflow.errors import ADVICE, MerflowError, machine_error
from merflow.storage.atomic import replacing

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
    assert listed(tmp_path, "true")[0] == 0
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
