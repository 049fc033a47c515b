"""The face detector: the right one for the corpus, and one that can be loaded."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from merflow.corpus.adapters.looks import is_pointer
from merflow.corpus.finding import Finding, few
from merflow.doctor.apart import apart
from merflow.doctor.case import Case
from merflow.encoders.sources import FOLDER
from merflow.errors import MerflowError
from merflow.faces.pictures import ALIGNED, Pictures, pictures_of
from merflow.layout import Layout
from merflow.settings.files import YUNET, yunet_there
from merflow.storage.digest import file_sha256

LOAD_S = 20.0


def look(case: Case) -> Iterator[Finding]:
    """Yield what is to be said of the section ``faces``."""
    faces = case.config["faces"]
    if not Layout(case.config).needs_faces:
        yield Finding("fine", "not looked for: no encoder is shown any")
    elif faces["backend"] == "cascade":
        yield _cascade(case)
    elif faces["backend"] == "yunet":
        yield from _yunet(faces)
    elif faces["backend"] == "precropped":
        yield from _precropped(case)


def _cascade(case: Case) -> Finding:
    if case.generated:
        return Finding("fine", "OpenCV's cascades, which find the demo's drawn faces")
    there = yunet_there(case.config["faces"]["yunet"]["path"])
    get = f"{there[0]} is there already" if there else f"{YUNET} into {FOLDER}"
    return Finding(
        "warning",
        "faces.backend is cascade; for real clips yunet is recommended, which tells five landmarks "
        "instead of two and takes less time",
        f"{get}; then set faces.backend to yunet and faces.yunet.path to the file",
    )


def _yunet(faces: Mapping[str, Any]) -> Iterator[Finding]:
    path, declared = Path(faces["yunet"]["path"]), faces["yunet"]["sha256"]
    if not path.exists() or path.is_dir():
        return  # told among the files
    if not path.is_file():
        yield Finding("error", f"faces.yunet.path is {path}, which is no file", YUNET)
        return
    if is_pointer(path):
        yield Finding(
            "error",
            f"{path} is a pointer of Git LFS, not the network",
            "run `git lfs pull` in opencv_zoo, or download the file from its page",
        )
        return
    digest = file_sha256(path)
    if declared is not None and declared != digest:
        yield Finding(
            "error",
            f"{path} has sha256 {digest}, but faces.yunet.sha256 declares {declared}",
            "get the declared file, or pin the new digest if you mean this one",
        )
        return
    loaded = apart(_load, faces, limit_s=LOAD_S)
    if not loaded.items:
        yield Finding("error", f"{path} cannot be loaded as YuNet ({loaded.trouble})", YUNET)
    elif declared is None:
        yield Finding(
            "warning",
            f"{path} is not pinned: another file in its place would go unnoticed",
            f'if you trust where it came from, set faces.yunet.sha256 to "{digest}"',
        )
    else:
        yield Finding("fine", f"yunet, {path}, as pinned")


def _load(faces: Mapping[str, Any]) -> Iterator[bool]:
    """Load the detector and let it look at a grey picture."""
    import numpy as np

    from merflow.faces.detect import make_detector

    make_detector(faces).detect(np.full((180, 240, 3), 128, dtype=np.uint8))
    yield True


def _precropped(case: Case) -> Iterator[Finding]:
    """Yield which clips have no pictures in the folder of faces."""
    root = Path(case.config["faces"]["precropped"]["root"])
    if not root.is_dir():
        return  # told among the files
    try:
        clips = [label.clip for label in case.labels]
    except MerflowError:
        return  # told among the labels
    found = {clip: pictures_of(root, clip) for clip in clips}
    missing = [clip for clip in clips if not found[clip].files]
    outside = [clip for clip in clips if found[clip].outside]
    if outside:
        yield Finding(
            "warning",
            f"pictures of {len(outside):,} clips lead out of {root} ({few(outside)}): they are "
            "left out",
            "put the pictures themselves into the folder",
        )
    yield from _doubles(root, {clip: one for clip, one in found.items() if one.doubles})
    yield from _of_no_clip(root, clips, bool(missing))
    if missing:
        yield Finding(
            "error" if 2 * len(missing) > len(clips) else "warning",  # mostly a wrong folder
            f"{root} has no pictures of {len(missing):,} of {len(clips):,} clips ({few(missing)}): "
            "they count as clips without a face",
            "complete the folder: for each clip a folder of pictures or an npy of its name; or "
            "correct faces.precropped.root",
        )
    else:
        yield Finding("fine", f"{root} has pictures of all {len(clips):,} clips")


def _of_no_clip(root: Path, clips: Sequence[str], incomplete: bool) -> Iterator[Finding]:
    """Yield which folders belong to no clip; while clips lack theirs, a name may be mistyped."""
    known = {Path(f"{clip}{end}").parts[0] for clip in clips for end in ("", ALIGNED)}
    entries = sorted(path for path in root.iterdir() if not path.name.startswith("."))
    others = [path.name for path in entries if path.name not in known and path.is_dir()]
    if others:
        yield Finding(
            "warning" if incomplete else "fine",
            f"{len(others):,} folder{'s' * (len(others) > 1)} in {root} belong"
            f"{'s' * (len(others) == 1)} to no clip ({few(others)})",
            "give each folder the name of its clip, as the labels have it" if incomplete else "",
        )


def _doubles(root: Path, found: Mapping[str, Pictures]) -> Iterator[Finding]:
    """Yield which clips have two pictures of a frame."""
    if not found:
        return
    clip, first = next(iter(found.items()))
    double, taken = first.doubles[0]
    yield Finding(
        "warning",
        f"{root} has more than one picture of a frame for {len(found):,} clips ({few([*found])}), "
        f"as {taken.name} and {double.name} of {clip}: the first by name is taken",
        "leave one picture a frame, of the speaker's face",
    )
