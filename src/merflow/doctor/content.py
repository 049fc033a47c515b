"""The files of the clips by size, suffix and content, without decoding any."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from merflow.cache.sizes import readable
from merflow.corpus.adapters.folder import MEDIA
from merflow.corpus.adapters.looks import is_pointer
from merflow.corpus.finding import Finding, few, of_error
from merflow.corpus.label import TRAIN
from merflow.doctor.case import Case
from merflow.doctor.files import has_told_of_lists
from merflow.doctor.sample import Header, chosen
from merflow.errors import MerflowError
from merflow.storage.digest import file_sha256

EDGE = 1 << 16
"""Bytes from either end that are compared before a whole file is read."""
ENTRIES = 200_000
"""Names below the corpus folder that are looked at."""


def look(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with clips' files; each of them becomes a clip in quarantine."""
    if not case.with_clips:
        yield Finding("fine", "none to look at: the labels, or the run itself, give all there is")
        return
    if has_told_of_lists(case):
        return
    files = case.files
    sizes = {clip: path.stat().st_size for clip, path in files.items()}
    found = [*_empty(sizes), *_doubles(case, files, sizes)]
    if case.config["corpus"]["adapter"] == "table":  # the other adapters look themselves
        found += [*_pointers(files), *_suffixes(files)]
    if files:
        found += _headers(case)
    yield from found
    if not found:
        total = readable(sum(sizes.values()))
        yield Finding("fine", f"{len(files):,} files, {total}, none empty or twice there")
    if case.config["corpus"]["adapter"] == "table":
        root = Path(case.config["corpus"]["root"])
        # By rows, not by files: a link that leads out is listed, though it is not used.
        yield from _unlisted(root, {Path(os.path.abspath(root / one.path)) for one in case.labels})


def _headers(case: Case) -> Iterator[Finding]:
    """Yield which files cannot be opened, and that no header tells a length."""
    bad = [one for one in case.headers if one.defect]
    others = [one for one in bad if one.path.stat().st_size and not is_pointer(one.path)]
    if bad and len(bad) == len(chosen(case.files)):
        yield Finding(
            "error",
            f"no clip can be opened, of {len(bad)} that were tried ({_told(bad)})",
            "look whether they play at all, and whether corpus.root holds the films themselves",
        )
    elif others:
        yield Finding(
            "warning",
            f"{len(others)} of {len(case.headers)} clips cannot be opened ({_told(others)})",
            "replace them by good copies; as they are they go into quarantine",
        )
    try:
        case.lengths  # noqa: B018 - reads headers
    except MerflowError as error:
        told = of_error(error)
        yield Finding("warning", told.what, told.todo)


def _told(headers: Sequence[Header]) -> str:
    """Return the first files' names, and why the first cannot be opened."""
    return f"{few([one.path.name for one in headers])}: {headers[0].defect}"


def _empty(sizes: Mapping[str, int]) -> Iterator[Finding]:
    empty = [clip for clip, size in sizes.items() if not size]
    if empty:
        yield Finding(
            "warning",
            f"{len(empty)} clips have 0 bytes ({few(empty)})",
            "copy them again; as they are they go into quarantine",
        )


def _pointers(files: Mapping[str, Path]) -> Iterator[Finding]:
    found = [clip for clip, path in files.items() if is_pointer(path)]
    if found:
        yield Finding(
            "error" if len(found) > len(files) / 2 else "warning",
            f"{len(found)} clips are pointers of Git LFS, without the clip itself ({few(found)})",
            "run `git lfs pull` in the corpus's repository",
        )


def _suffixes(files: Mapping[str, Path]) -> Iterator[Finding]:
    odd = [path.name for path in files.values() if path.suffix.lower() not in MEDIA]
    if odd:
        yield Finding(
            "warning",
            f"{len(odd)} clips have a suffix that is no film's ({few(odd)})",
            "name the films themselves; what has no picture and sound goes into quarantine",
        )


def _doubles(case: Case, files: Mapping[str, Path], sizes: Mapping[str, int]) -> Iterator[Finding]:
    """Yield contents that stand under several names."""
    splits = {label.clip: label.split for label in case.labels}
    groups = [group for group in _same(files, sizes) if len(group) > 1]
    across = [group for group in groups if len({splits[clip] for clip in group}) > 1]
    trained = [group for group in across if TRAIN in {splits[clip] for clip in group}]
    told = ["; ".join(" = ".join(group[:3]) for group in some[:3]) for some in (trained, groups)]
    if trained:
        yield Finding(
            "warning",
            f"{len(trained)} contents stand in train and in a test ({told[0]}): what is trained "
            "on would be tested",
            "remove them from one of the two",
        )
    if len(groups) > len(trained):
        yield Finding(
            "warning",
            f"{len(groups)} contents stand under several names ({told[1]}); in random folds a copy "
            "may be trained on while the other is scored",
            "keep one row of each",
        )


def _same(files: Mapping[str, Path], sizes: Mapping[str, int]) -> list[list[str]]:
    """Return the clips of each content, whole files read only where size and both ends agree."""
    groups: dict[object, list[str]] = {(): sorted(clip for clip in files if sizes[clip])}
    for key in (lambda c: sizes[c], lambda c: _ends(files[c]), lambda c: file_sha256(files[c])):
        finer: dict[object, list[str]] = defaultdict(list)
        for old, clips in groups.items():
            for clip in clips if len(clips) > 1 else ():
                finer[old, key(clip)].append(clip)
        groups = finer
    return list(groups.values())


def _ends(file: Path) -> str:
    with file.open("rb") as stream:
        digest = hashlib.sha256(stream.read(EDGE))
        if os.fstat(stream.fileno()).st_size > 2 * EDGE:
            stream.seek(-EDGE, os.SEEK_END)
            digest.update(stream.read(EDGE))
    return digest.hexdigest()


def _unlisted(root: Path, listed: set[Path]) -> Iterator[Finding]:
    """Yield how many films lie in the corpus folder beside those listed (absolute paths)."""
    seen, others = 0, []
    for folder, _, names in os.walk(root):
        seen += len(names)
        if seen > ENTRIES:
            return
        paths = (Path(folder, name) for name in names if not name.startswith("."))
        others += [
            p for p in paths if p.suffix.lower() in MEDIA and Path(os.path.abspath(p)) not in listed
        ]
    if others:
        yield Finding(
            "fine",
            f"{len(others):,} films in {root} stand in no row and are not used "
            f"({few([path.name for path in sorted(others)])})",
        )
