"""Writing or linking a file so that a kill at any moment leaves the old one or the new one."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from merflow.errors import ADVICE, MerflowError

PROBE = 1 << 20
"""Bytes by which a disk is asked whether it is full (ours)."""
_NUMBER = re.compile(r"\bos error (\d+)\b")
"""How libraries in Rust, as safetensors, tell an errno."""


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` and move it there when the block succeeds.

    The temporary name, ``.<stem>.<number><suffix>``, ends in the final suffix, because writers
    choose formats by it; its number is drawn, so that no thread, process or host that writes the
    same file at the same time has the same. Parent folders are made. On an exception the
    temporary file is removed; for errors of the disk see :func:`disk_errors`.
    """
    final = Path(path)
    temporary = _beside(final)
    try:
        with disk_errors(final, temporary):
            final.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(final)
    finally:
        _remove(temporary)


@contextmanager
def disk_errors(final: Path, temporary: Path) -> Iterator[None]:
    """Let a full disk and its like be an OSError that names ``final``, whatever wrote there.

    Libraries tell them each in their own way, some without saying what it was: then the disk is
    asked, by writing to ``temporary``. Python's own errors say what they are. All other errors are
    left as they are, and so are those that name a file of their own.

    Args:
        final: What the user knows the file by.
        temporary: What is written; the caller removes it.
    """
    try:
        yield
    except MerflowError:
        raise
    except Exception as error:
        named = getattr(error, "filename", None)
        if named is not None and os.fsdecode(named) != str(temporary):
            raise
        number = _errno_of(error)
        if number not in ADVICE and not _is_definite(error):
            number = _refusal_of(temporary)
        if number not in ADVICE:
            raise
        raise OSError(number, os.strerror(number), str(final)) from error


def _errno_of(error: Exception) -> int | None:
    """Return the errno that an error tells, by itself or in words."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    said = _NUMBER.search(str(error))
    return int(said[1]) if said else None


def _is_definite(error: Exception) -> bool:
    """Return whether an error is Python's own and has an errno."""
    own = type(error).__module__ == "builtins"
    return own and isinstance(error, OSError) and bool(error.errno)


def _refusal_of(path: Path) -> int | None:
    """Return the errno with which more cannot be written to a file; None if it can."""
    try:
        with path.open("ab") as file:
            file.write(bytes(PROBE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno
    return None


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text atomically with ``\\n`` line ends."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def hard_link(source: Path, target: Path) -> None:
    """Let ``target`` be the content of ``source``, whole at any moment.

    A hard link where the file system has them, else a copy. Parent folders are made.
    """
    temporary = _beside(target)
    try:
        with disk_errors(target, temporary):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, temporary)
            except OSError:
                # An error of a network drive may come after the link was made: writing to the
                # link would empty the source.
                temporary.unlink(missing_ok=True)
                # Not copyfile, whose errors name the source.
                with source.open("rb") as read, temporary.open("wb") as write:
                    shutil.copyfileobj(read, write)
            temporary.replace(target)
    finally:
        _remove(temporary)


def leftovers_of(final: Path) -> list[Path]:
    """Return the temporary files that killed writings of a file left; no other file's."""
    name = re.compile(rf"\.{re.escape(final.stem)}\.\d+{re.escape(final.suffix)}")
    return [path for path in final.parent.glob(".*") if name.fullmatch(path.name)]


def _beside(final: Path) -> Path:
    """Return a name as :func:`replacing` describes it."""
    return final.with_name(f".{final.stem}.{secrets.randbits(64)}{final.suffix}")


def _remove(temporary: Path) -> None:
    """Remove a temporary file if there is one; no error of it hides the one that led here.

    A read-only disk and a file in the place of a folder refuse even what is not there.
    """
    with suppress(OSError):
        temporary.unlink()
