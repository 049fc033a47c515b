"""What a user names is found: a system of the present settings or of a commit, a run, a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from merflow.compare.commits import layout_of
from merflow.errors import MerflowError
from merflow.layout import Layout
from merflow.report.protocols import READINGS

AUGMENTATIONS = ("clean", "noise")
FORMS = (
    "a system of params.yaml (hl-jdev, hl-jdev:noise), COMMIT:SYSTEM, a run folder or a parquet "
    "file of predictions"
)


@dataclass(frozen=True)
class Source:
    """One side of a comparison.

    Attributes:
        text: What the user called it.
        path: Its predictions file.
        reading: ``honest`` or ``organiser``; None of a file that is taken as it is, unless it has
            the name of a run's.
    """

    text: str
    path: Path
    reading: str | None


def resolve(text: str, layout: Layout, reading: str, start: Path) -> Source:
    """Return the predictions file that a user means.

    Args:
        text: One of the :data:`FORMS`; a path wins over a name.
        layout: Of the present settings; the working folder is its project.
        reading: ``honest`` or ``organiser``: which file of a run. A file named is taken as it is.
        start: Folder that paths are relative to.

    Raises:
        MerflowError: There is no such thing; says what there is.
    """
    path = start / text
    if path.is_file():
        return Source(text, path, _by_name(path))
    if path.is_dir() and any(path.glob("predictions-*.parquet")):
        return Source(text, _in_folder(path, reading), reading)
    if text.endswith(".parquet") or ("/" in text and ":" not in text):
        raise MerflowError(f"there are no predictions at {path.absolute()}: name {FORMS}")
    name, augmentation = _augmentation(text)
    commit, colon, system = name.rpartition(":")
    if not colon:
        return Source(text, _present(name, augmentation, layout, reading), reading)
    return Source(text, _committed(commit, system, augmentation, reading), reading)


def _augmentation(text: str) -> tuple[str, str | None]:
    """Split ``<name>:noise`` into name and augmentation, if it has one."""
    name, colon, last = text.rpartition(":")
    return (name, last) if colon and last in AUGMENTATIONS else (text, None)


def _by_name(path: Path) -> str | None:
    """Return the reading of a file that is called as one of a run; None of another."""
    return next((one for one in READINGS if path.name == f"predictions-{one}.parquet"), None)


def _in_folder(folder: Path, reading: str) -> Path:
    path = folder / f"predictions-{reading}.parquet"
    if not path.is_file():
        raise MerflowError(f"{folder} has no {path.name}: choose the other --reading")
    return path


def _present(system: str, augmentation: str | None, layout: Layout, reading: str) -> Path:
    path = _of_layout(system, augmentation, layout, reading, "params.yaml")
    if not path.is_file():
        raise MerflowError(
            f"the predictions of {system!r} are not made yet (nothing at {path}): run "
            "`snakemake --cores all` first"
        )
    return path


def _committed(commit: str, system: str, augmentation: str | None, reading: str) -> Path:
    where = f"params.yaml of commit {commit!r}"
    path = _of_layout(system, augmentation, layout_of(commit), reading, where)
    if not path.is_file():
        raise MerflowError(
            f"by {where} the predictions of {system!r} lie at {path}, which is not here (they are "
            f"not in Git): `git worktree add ../{Path.cwd().name}-then {commit}`, run snakemake "
            "there, and name the run folder's path"
        )
    return path


def _of_layout(
    system: str, augmentation: str | None, layout: Layout, reading: str, where: str
) -> Path:
    """Return where a layout has a system's predictions; clean ones, unless there are none."""
    files = layout.predictions()
    labels = [tuple(label.split("|")) for label in files]
    names = dict.fromkeys(label[0] for label in labels)
    if system not in names:
        raise MerflowError(f"{where} has no system {system!r}: {_near(system, names)}")
    trained = [how for name, how, read in labels if (name, read) == (system, reading)]
    if augmentation is None:
        augmentation = "clean" if "clean" in trained else trained[0]
    if augmentation not in trained:
        raise MerflowError(
            f"by {where} the system {system!r} is not trained {augmentation!r}, but "
            f"{' and '.join(map(repr, trained))}: choose what there is, or change its augmentation"
        )
    return Path(files[f"{system}|{augmentation}|{reading}"])


def _near(system: str, names: Iterable[str]) -> str:
    """Say which names are meant, or which there are."""
    near = get_close_matches(system, names, n=3)
    if near:
        return f"do you mean {' or '.join(map(repr, near))}?"
    return f"it has {', '.join(names)}; or name {FORMS}"
