"""Dividing the train clips into folds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.corpus.labels import TRAIN
from merflow.errors import MerflowError
from merflow.seeds import seed_of
from merflow.storage.atomic import replacing


def write_folds(manifest: pd.DataFrame, spec: Mapping[str, Any], out: Path) -> None:
    """Write the fold (0 to count - 1) of every train clip, sorted by clip.

    Args:
        manifest: As :func:`merflow.corpus.manifest.read_manifest` returns it.
        spec: ``scheme`` (``random`` or ``speaker``), ``count`` and ``seed``.
        out: A csv with the columns clip, fold.

    Raises:
        MerflowError: There are too few clips or speakers, a clip lacks its speaker, or the scheme
            is unknown.
    """
    train = manifest[manifest["split"] == TRAIN]
    scheme, count, seed = spec["scheme"], int(spec["count"]), int(spec["seed"])
    if scheme not in ("random", "speaker"):
        raise MerflowError(f"corpus.folds.scheme is '{scheme}'; set it to random or speaker")
    if count < 2:
        raise MerflowError(f"corpus.folds.count is {count}; set it to 2 or more")
    if len(train) < count:
        raise MerflowError(
            f"{len(train)} train clips cannot fill {count} folds; lower corpus.folds.count"
        )
    if scheme == "random":
        folds = random_folds(dict(zip(train["clip"], train["emotion"], strict=True)), count, seed)
    else:
        folds = speaker_folds(dict(zip(train["clip"], train["speaker"], strict=True)), count, seed)
    table = pd.DataFrame(sorted(folds.items()), columns=["clip", "fold"])
    with replacing(out) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


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


def speaker_folds(speakers: Mapping[str, str], count: int, seed: int) -> dict[str, int]:
    """Return the fold of each clip such that no speaker is in two folds.

    Speakers go, the one with most clips first, to the fold that has fewest clips so far.

    Source: ours.

    Args:
        speakers: Speaker by clip.
        count: Number of folds.
        seed: Draws the order of speakers with equally many clips.

    Raises:
        MerflowError: A clip has no speaker, or there are fewer speakers than folds.
    """
    unknown = sorted(clip for clip, speaker in speakers.items() if not speaker)
    if unknown:
        raise MerflowError(
            f"{len(unknown)} train clips have no speaker (the first is {unknown[0]}); fill the "
            "column 'speaker' of the label file or set corpus.folds.scheme to random"
        )
    sizes: dict[str, int] = {}
    for speaker in speakers.values():
        sizes[speaker] = sizes.get(speaker, 0) + 1
    if len(sizes) < count:
        raise MerflowError(
            f"{len(sizes)} speakers cannot fill {count} folds; lower corpus.folds.count"
        )
    held, fold_of = [0] * count, {}
    for speaker in sorted(sizes, key=lambda name: (-sizes[name], seed_of(seed, "fold", name))):
        fold = held.index(min(held))
        fold_of[speaker] = fold
        held[fold] += sizes[speaker]
    return {clip: fold_of[speaker] for clip, speaker in speakers.items()}
