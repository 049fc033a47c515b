"""Label files as the challenge's organisers give them out: one csv a split, clips by their names.

It is also called while the workflow is read, so it imports nothing outside the standard library.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from merflow.corpus.label_file import read_rows
from merflow.errors import MerflowError

LABELS = "corpus.labels.{split}"
"""The setting that names a split's file."""


def read_split_rows(
    files: Mapping[str, Path],
    needed: Mapping[str, tuple[str, ...]],
    setting: str = LABELS,
) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Yield (split, line, row) of all files; ``row["name"]`` is the clip, which stands once.

    Args:
        files: The csv of each split, with the column ``name``.
        needed: The other columns that a split's file must have; none for splits left out.
        setting: Which setting names the files, for errors; ``{split}`` stands for the split.

    Raises:
        MerflowError: See :func:`merflow.corpus.label_file.read_rows`; or a row has no name, or a
            name stands twice or is no file name.
    """
    seen: dict[str, str] = {}
    for split, file in files.items():
        columns = ("name", *needed.get(split, ()))
        for line, row in read_rows(file, columns, setting.format(split=split)):
            name, where = row["name"], f"{file}, line {line}"
            # Names of files in the organisers' folders of features.
            if not name or any(mark in name for mark in "/\\|\0\n\r"):
                raise MerflowError(
                    f"{where}, column 'name': {name!r} is no clip's name; give the name of its "
                    "file without folder and suffix"
                )
            if name in seen:
                raise MerflowError(f"{where}: '{name}' stands at {seen[name]} already; drop one")
            seen[name] = where
            yield split, line, row


def clip_names(files: Mapping[str, Path]) -> list[str]:
    """Return the names of all clips, sorted; raises as :func:`read_split_rows`."""
    return sorted(row["name"] for _, _, row in read_split_rows(files, {}))
