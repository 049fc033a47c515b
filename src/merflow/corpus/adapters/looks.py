"""What to say of clips by looking at their folders: which are there, and whether they are clips."""

from collections.abc import Sequence
from pathlib import Path

from merflow.corpus.finding import Finding, few
from merflow.corpus.label import Label
from merflow.corpus.label_file import files_inside

POINTER = b"version https://git-lfs.github.com/spec/"
LARGEST_POINTER = 1024  # bytes


def of_clips(what: str, labels: Sequence[Label], root: Path, released: int | None) -> list[Finding]:
    """Say of a part of a corpus whether its clips are there, are clips, and as many as released.

    Args:
        what: The part, ``train`` for example.
        labels: Of its clips; those known to be defective count as the others.
        root: The corpus folder.
        released: How many clips the release has; None where that says nothing of these.

    Source of the pointers' form: the specification of Git LFS.
    """
    there = files_inside(root, {label.clip: label.path for label in labels})
    missing = sorted(label.path for label in labels if label.clip not in there)
    found = []
    if missing:
        found.append(
            Finding(
                "warning" if there else "error",
                f"{what}: in {root}: {len(there)} of {len(labels)} clips, without {few(missing)}"
                + _link_out(root, missing),
                "complete the copy; what is not there is quarantined as missing or outside_root",
            )
        )
    pointers = [path for path in there.values() if is_pointer(Path(path))]
    if pointers:
        found.append(
            Finding(
                "error",
                f"{what}: pointers of Git LFS instead of clips: {len(pointers)} of {len(there)} "
                f"files ({few(pointers)})",
                f"run `git lfs pull` in {root}",
            )
        )
    if released is not None and len(labels) != released:
        found.append(
            Finding(
                "warning",
                f"{what}: the release has {released} clips, here are {len(labels)}",
                "complete the copy, or do not compare the scores with published ones",
            )
        )
    return found or [Finding("fine", f"{what}: all {len(labels)} clips are there")]


def _link_out(root: Path, missing: Sequence[str]) -> str:
    """Return a remark if the first missing clip's folder is a link that leads out of the root."""
    folder = (root / missing[0]).parent
    if folder.is_dir() and not folder.resolve().is_relative_to(root.resolve()):
        return f"; {folder} leads out of corpus.root, which may itself be a link but hold none"
    return ""


def is_pointer(file: Path) -> bool:
    """Return whether a file stands for one that Git LFS has not fetched."""
    try:
        if file.stat().st_size > LARGEST_POINTER:
            return False
        with file.open("rb") as stream:
            return stream.read(len(POINTER)) == POINTER
    except OSError:
        return False
