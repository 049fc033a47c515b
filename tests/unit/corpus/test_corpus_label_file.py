import os
import subprocess
import sys
from pathlib import Path

import pytest

from merflow.corpus.label import LabelSpec
from merflow.corpus.label_file import read_rows
from merflow.corpus.labels import read_labels
from merflow.corpus.listed import ListedClips
from merflow.errors import MerflowError

GOOD = "path,emotion\na.mp4,angry\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with two clips, beside a file that is none of it."""
    (tmp_path / "root/sub").mkdir(parents=True)
    for name in ("root/a.mp4", "root/sub/ü.mp4", "beside.mp4"):
        (tmp_path / name).write_text("x")
    (tmp_path / "root/out.mp4").symlink_to(tmp_path / "beside.mp4")
    (tmp_path / "root/loop.mp4").symlink_to(tmp_path / "root/loop.mp4")
    return tmp_path / "root"


def there(file: Path, root: Path) -> dict[str, str]:
    """Clips of a csv whose files lie in a folder."""
    return ListedClips({"adapter": "table", "csv": str(file), "root": str(root)}).there


def written(tmp_path: Path, content: str | bytes) -> Path:
    file = tmp_path / "labels.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


UNREADABLE = {
    "latin-1": ("path,emotion\nfür.mp4,angry\n".encode("latin-1"), "not UTF-8.*save it"),
    "utf-16": (GOOD.encode("utf-16"), "not UTF-8"),
    "utf-16 without mark": (GOOD.encode("utf-16-le"), "not UTF-8"),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0\0", "not UTF-8"),
    "huge field": (f"path,emotion\n{'x' * 200_000},angry\n".encode(), "line 2: .*not valid csv"),
    "open quote": (b'path,emotion\n"a,angry\n', "line 2: .*not valid csv"),
    "empty": (b"", "is empty; write the columns"),
    "semicolons": (b"path;emotion\na;angry\n", "separate the columns by commas"),
    "no emotion": (b"path,label\na,angry\n", "no column 'emotion' among path, label; add it"),
    "no path": (b'"a\nb",emotion\n', "no column 'path' among a b, emotion; add it"),
    "values": (b"path,emotion\na,b,c\n", "line 2: 3 values for 2 columns"),
    "no stem": (b"path,emotion\na,angry\n.,angry\n", r"line 3, column 'path': \. names no file"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_both_readers_tell_the_same_sentence(tmp_path: Path, root: Path, case: str):
    content, words = UNREADABLE[case]
    file, told = written(tmp_path, content), []
    for read in (
        lambda: there(file, root),
        lambda: read_labels(file, LabelSpec(["angry"], valence=False, tests=[])),
    ):
        with pytest.raises(MerflowError, match=words) as caught:
            read()
        told.append(str(caught.value))
    assert told[0] == told[1]
    assert told[0].startswith(str(file))
    assert "\n" not in told[0]


def test_a_folder_and_an_unreadable_file_are_told(tmp_path: Path, monkeypatch):
    with pytest.raises(MerflowError, match=r"is a folder or device; name a csv"):
        list(read_rows(tmp_path))
    with pytest.raises(MerflowError, match=r"looked for at .*corpus\.csv"):
        list(read_rows(tmp_path / "absent.csv"))
    with pytest.raises(MerflowError, match="cannot be read"):
        list(read_rows(tmp_path / ("x" * 300)))

    def forbidden(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    file = written(tmp_path, GOOD)
    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(MerflowError, match=r"cannot be read \(Permission denied\)"):
        list(read_rows(file))


def test_names_and_values_are_stripped_and_the_mark_is_tolerated(tmp_path: Path):
    file = written(tmp_path, "\ufeff path , emotion\r\n\r\n a b.mp4 ,angry \r\n")
    assert list(read_rows(file)) == [(3, {"path": "a b.mp4", "emotion": "angry"})]


def test_clips_in_the_root_are_listed_by_name(tmp_path: Path, root: Path):
    names = ["sub/ü.mp4", "a.mp4", "absent.mp4", "../beside.mp4", "out.mp4", "loop.mp4", "sub"]
    names += [str(root / "a.mp4"), "x" * 300, "x/" * 3000 + "y", "nul\0.mp4", "gone/../a.mp4"]
    names += [str(root.parent / "beside.mp4"), str(root / "out.mp4"), f"{root}x/a.mp4"]
    rows = "".join(f"{name},angry,c{number}\n" for number, name in enumerate(names))
    file = written(tmp_path, f"path,emotion,clip\n{rows}a.mp4,angry,\n")
    wanted = {"a": "a.mp4", "c0": "sub/ü.mp4", "c1": "a.mp4", "c7": "a.mp4"}
    assert there(file, root) == {clip: str(root / path) for clip, path in wanted.items()}
    assert list(there(file, root)) == sorted(wanted)


def test_a_link_to_a_folder_that_no_list_can_name_is_told(tmp_path: Path, root: Path):
    folder = root / os.fsdecode("\u8bdd".encode("gbk"))
    folder.mkdir()
    (folder / "b.mp4").write_text("x")
    (root / "link").symlink_to(folder)
    assert "b" in there(written(tmp_path, "path,emotion\nlink/b.mp4,angry\n"), root)
    with pytest.raises(
        MerflowError, match=r"link is a link to \\xbb\\xb0 in .*; rename that folder"
    ):
        there(written(tmp_path, f"path,emotion\n{root}/link/b.mp4,angry\n"), root)


def test_a_relative_root_gives_relative_paths(tmp_path: Path, root: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert there(written(tmp_path, GOOD), Path("root")) == {"a": "root/a.mp4"}


def test_two_clips_of_one_name_are_left_to_the_check(tmp_path: Path, root: Path):
    file = written(tmp_path, GOOD + "a.mp4,angry\n")
    assert there(file, root) == {"a": str(root / "a.mp4")}


def test_the_reader_loads_nothing_heavy():
    code = "import sys, merflow.corpus.label_file; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "numpy", "av", "torch"} & set(done.stdout.split())
