"""Dividing the train clips into folds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.corpus.label import TRAIN
from merflow.errors import MerflowError
from merflow.seeds import seed_of
from merflow.storage.atomic import replacing

SCHEMES = ("random", "speaker", "session", "official")


class TooFewGroupsError(MerflowError):
    """There are fewer speakers or sessions than folds."""


def write_folds(
    manifest: pd.DataFrame, spec: Mapping[str, Any], out: Path, leave_undivided: bool = False
) -> None:
    """Write the fold (0 to count - 1) of every train clip, sorted by clip.

    Args:
        manifest: As :func:`merflow.corpus.manifest.read_manifest` returns it.
        spec: As :func:`divide` takes it.
        out: A csv with the columns clip, fold.
        leave_undivided: Write no rows where there are fewer speakers or sessions than folds.

    Raises:
        MerflowError: See :func:`divide`.
    """
    try:
        folds = divide(manifest, spec)
    except TooFewGroupsError as error:
        if not leave_undivided:
            raise
        print(f"{error}; no clip gets a fold", flush=True)
        folds = {}
    table = pd.DataFrame(sorted(folds.items()), columns=["clip", "fold"])
    with replacing(out) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def divide(clips: pd.DataFrame, spec: Mapping[str, Any]) -> dict[str, int]:
    """Return the fold of every train clip.

    Args:
        clips: With the columns clip, split, emotion, speaker, session and fold.
        spec: ``scheme`` (one of :data:`SCHEMES`), ``count`` and ``seed``.

    Raises:
        MerflowError: There are too few clips, speakers or sessions, a clip lacks its own, the
            folds of the label file are not as many as told, or the scheme is unknown.
    """
    train = clips[clips["split"] == TRAIN]
    scheme, count, seed = spec["scheme"], int(spec["count"]), int(spec["seed"])
    if scheme not in SCHEMES:
        raise MerflowError(
            f"corpus.folds.scheme is '{scheme}'; set it to one of {', '.join(SCHEMES)}"
        )
    if count < 2:
        raise MerflowError(f"corpus.folds.count is {count}; set it to 2 or more")
    if len(train) < count:
        raise MerflowError(
            f"{len(train)} train clips cannot fill {count} folds; lower corpus.folds.count"
        )
    column = {"random": "emotion", "official": "fold"}.get(scheme, scheme)
    values = dict(zip(train["clip"], train[column], strict=True))
    if scheme == "random":
        return random_folds(values, count, seed)
    if scheme == "official":
        return official_folds(values, count)
    return group_folds(values, count, seed, column)


def random_folds(emotions: Mapping[str, str], count: int, seed: int) -> dict[str, int]:
    """Return the fold of each clip, stratified by emotion.

    The sizes of any two folds differ by one clip at most, in total and within each emotion.
    A clip's place follows from its name, so the order of the mapping does not matter.

    Source: ours; the paper only says five-fold cross-validation.

    Args:
        emotions: Emotion by clip.
        count: Number of folds.
        seed: Draws the order of the clips within each emotion.
    """
    order = sorted(emotions, key=lambda clip: (emotions[clip], seed_of(seed, "fold", clip), clip))
    return {clip: place % count for place, clip in enumerate(order)}


def group_folds(
    groups: Mapping[str, str], count: int, seed: int, column: str = "speaker"
) -> dict[str, int]:
    """Return the fold of each clip such that no speaker, or session, is in two folds.

    Groups go, the one with most clips first, to the fold that has fewest clips so far.

    Source: ours.

    Args:
        groups: Speaker or session by clip.
        count: Number of folds.
        seed: Draws the order of groups with equally many clips.
        column: What the groups are, ``speaker`` or ``session``.

    Raises:
        TooFewGroupsError: There are fewer groups than folds.
        MerflowError: A clip has no group.
    """
    _check_named(groups, column)
    sizes: dict[str, int] = {}
    for group in groups.values():
        sizes[group] = sizes.get(group, 0) + 1
    if len(sizes) < count:
        raise TooFewGroupsError(
            f"{len(sizes)} {column}s cannot fill {count} folds; lower corpus.folds.count"
        )
    held, fold_of = [0] * count, {}
    for group in sorted(sizes, key=lambda name: (-sizes[name], seed_of(seed, "fold", name))):
        fold = held.index(min(held))
        fold_of[group] = fold
        held[fold] += sizes[group]
    return {clip: fold_of[group] for clip, group in groups.items()}


def official_folds(names: Mapping[str, str], count: int) -> dict[str, int]:
    """Return the fold of each clip as the label file says, numbered from 0 in order of the names.

    Names that are all whole numbers are ordered as such, so that fold 10 follows fold 9.

    Source: ours; the folds are the corpus's own.

    Args:
        names: What the column ``fold`` says, by clip.
        count: How many folds there must be.

    Raises:
        MerflowError: A clip has no fold, or there are more or fewer folds than told.
    """
    _check_named(names, "fold")
    distinct = set(names.values())
    whole = all(name.isascii() and name.isdigit() for name in distinct)
    order = sorted(distinct, key=lambda name: (int(name) if whole else 0, name))
    if len(order) != count:
        shown = ", ".join(order[:10]) + (", ..." if len(order) > 10 else "")
        raise MerflowError(
            f"the column 'fold' of the label file names {len(order)} folds of usable train clips "
            f"({shown}), but corpus.folds.count is {count}; set it to {len(order)} or correct the "
            "column"
        )
    return {clip: order.index(name) for clip, name in names.items()}


def _check_named(names: Mapping[str, str], column: str) -> None:
    """Raise unless every clip has a name in a column of the label file."""
    unknown = sorted(clip for clip, name in names.items() if not name)
    if unknown:
        raise MerflowError(
            f"{len(unknown)} train clips have no {column} (the first is {unknown[0]}); fill the "
            f"column '{column}' of the label file or set corpus.folds.scheme to random"
        )
