"""Label files as text: the only reader of the user's csv.

It is also called while the workflow is read, so it imports nothing outside the standard library.
"""

import csv
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from textwrap import shorten

from merflow.errors import MerflowError, shown

NEEDED = ("path", "emotion")
"""Columns without which a file is no label file."""
CSV = "corpus.csv"
"""The setting that names it."""


def read_rows(
    file: Path, needed: Sequence[str] = NEEDED, setting: str = CSV
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) for each row that is not blank; names and values are stripped.

    A mark of the byte order is tolerated. A path is only checked for being there.

    Args:
        file: A csv in UTF-8, separated by commas.
        needed: Columns that must stand in its header.
        setting: Which setting names the file, for errors.

    Raises:
        MerflowError: The file cannot be read, is no csv in UTF-8 or is empty, its header lacks a
            column or has one twice, or a row has another number of values than the header.
    """
    try:
        if not file.exists():
            raise MerflowError(
                f"the label file {file} was looked for at {file.absolute()} and is not there; "
                f"write a csv with {_columns(needed)} (docs/corpora.md) or correct {setting}"
            )
        if not file.is_file():
            raise MerflowError(f"{file} is a folder or device; name a csv file in {setting}")
        yield from _parsed(file, needed)
    except UnicodeDecodeError as error:
        raise _not_utf8(file) from error
    except OSError as error:
        raise MerflowError(
            f"{file} cannot be read ({error.strerror}); correct its permissions or {setting}"
        ) from error


def clip_name(file: Path, line: int, row: Mapping[str, str]) -> str:
    """Return a row's clip: the column clip or else the path's name without its suffix.

    Raises:
        MerflowError: Neither gives a name.
    """
    name = row.get("clip") or PurePosixPath(row["path"]).stem
    if not name:
        raise MerflowError(
            f"{file}, line {line}, column 'path': {row['path'] or 'nothing'} names no file; give "
            "the clip's file relative to corpus.root"
        )
    return name


def files_inside(root: Path, paths: Mapping[str, str]) -> dict[str, str]:
    """Return clip -> ``root/path`` of the files that lie in ``root``, sorted by clip.

    A file lies there as its path stands and with all links followed. An absolute path may lead
    there too; what is returned of it is relative to ``root`` as of the others.

    Raises:
        MerflowError: As :func:`relative_path`.
    """
    top = root.resolve()
    folders: dict[str, str | None] = {}
    found = {}
    for clip, path in sorted(paths.items()):
        folder, name = os.path.split(path)
        if folder not in folders:
            folders[folder] = _folder_inside(top, folder)
        inside = folders[folder]
        if name and inside is not None and _is_file(top, top / inside / name):
            found[clip] = str(root / inside / name)
    return found


def relative_path(root: Path, path: str) -> str:
    """Return an absolute path into ``root`` relative to it, and any other path as it stands.

    Raises:
        MerflowError: A link in an absolute path leads to a folder whose name is not UTF-8.
    """
    folder, name = os.path.split(path)
    inside = _folder_inside(root.resolve(), folder) if os.path.isabs(path) else None
    return path if inside is None else (PurePosixPath(inside) / name).as_posix()


def _folder_inside(top: Path, folder: str) -> str | None:
    """Return a clip's folder relative to ``top``; None where it, or a link in it, leads out."""
    if not os.path.isabs(folder):
        return folder if _leads_into(top, top / folder) else None
    try:
        inside = Path(folder).resolve().relative_to(top).as_posix()
    except (OSError, ValueError, RuntimeError):  # outside; or as in _leads_into
        return None
    if shown(inside) != inside:
        raise MerflowError(
            f"{folder} is a link to {shown(inside)} in {top}, which is not UTF-8, so that it "
            "cannot be listed; rename that folder"
        )
    return inside


def _leads_into(top: Path, path: Path) -> bool:
    """Return whether a path, with all links followed, is ``top`` or below it."""
    try:
        return path.resolve().is_relative_to(top)
    except (OSError, ValueError, RuntimeError):  # too long or forbidden, NUL, a loop of links
        return False


def _is_file(top: Path, path: Path) -> bool:
    """Return whether there is a file; its folder is known to lie in ``top``, a link may not."""
    try:
        mode = os.lstat(path).st_mode
        return stat.S_ISREG(mode) or (
            stat.S_ISLNK(mode) and _leads_into(top, path) and path.is_file()
        )
    except (OSError, ValueError):
        return False


def _parsed(file: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row), after checking the header."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            header = next(reader, None)
            if header is None:
                raise MerflowError(f"{file} is empty; write {_columns(needed)} into it")
            header = [name.strip() for name in header]
            _check_header(file, header, needed)
            line = reader.line_num + 1
            for values in reader:
                if any(value.strip() for value in values):
                    if len(values) != len(header):
                        raise MerflowError(
                            f"{file}, line {line}: {len(values)} values for {len(header)} columns; "
                            "quote values that hold a comma"
                        )
                    yield line, dict(zip(header, map(str.strip, values), strict=True))
                line = reader.line_num + 1
        except csv.Error as error:
            raise MerflowError(
                f"{file}, line {reader.line_num}: it is not valid csv ({error}); mend the quotes"
            ) from error


def _columns(needed: Sequence[str]) -> str:
    """Return the first two columns in words: the others follow from the settings."""
    return f"the column{'s' * (len(needed) > 1)} {' and '.join(needed[:2])}"


def _check_header(file: Path, header: Sequence[str], needed: Sequence[str]) -> None:
    """Raise unless the header has what is needed, each once."""
    if any("\0" in name for name in header):  # UTF-16 without its mark
        raise _not_utf8(file)
    for name in needed:
        if name not in header:
            separated = len(header) == 1 and any(mark in header[0] for mark in ";\t")
            there = shorten(", ".join(header), 200, placeholder=" ...") or "none"
            raise MerflowError(
                f"{file}, line 1: there is no column '{name}' among {there}; "
                + ("separate the columns by commas" if separated else "add it")
                + (" or set corpus.valence to false" if name == "valence" else "")
            )
    for name in header:
        if name and header.count(name) > 1:
            raise MerflowError(f"{file}, line 1: the column '{name}' stands there twice; drop one")


def _not_utf8(file: Path) -> MerflowError:
    return MerflowError(f"{file} is not UTF-8 text; save it as csv in UTF-8")
