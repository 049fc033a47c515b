"""Which clips there are, used and quarantined, and how many."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from merflow.errors import MerflowError

TRAIN = "train"


def read_text_csv(path: Path, *columns: str) -> pd.DataFrame:
    """Read a csv whose cells are all text, so that a clip called ``NA`` or ``007`` keeps its name.

    Raises:
        MerflowError: The file is no csv or lacks one of ``columns``.
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise MerflowError(f"{path} cannot be read as csv ({error}): rebuild it") from error
    for column in columns:
        if column not in frame.columns:
            raise MerflowError(f"{path} has no column '{column}': rebuild it")
    return frame


def read_manifest(path: Path) -> pd.DataFrame:
    """Return the manifest's columns clip, split, emotion (text) and valence (float, NaN: none)."""
    frame = read_text_csv(path, "clip", "split", "emotion", "valence")
    frame = frame.assign(valence=pd.to_numeric(frame["valence"], errors="coerce"))
    return frame[["clip", "split", "emotion", "valence"]].sort_values("clip", ignore_index=True)


def read_quarantine(paths: Sequence[Path], manifest: pd.DataFrame) -> pd.DataFrame:
    """Return clip, split, reason of all quarantined clips, sorted.

    A file without a column ``split`` (faceless clips, which stay in the manifest) takes the
    split from the manifest.
    """
    splits = dict(zip(manifest["clip"], manifest["split"], strict=True))
    found = [pd.DataFrame({"clip": [], "split": [], "reason": []}, dtype=str)]
    for path in paths:
        frame = read_text_csv(path, "clip", "reason")
        if "split" not in frame.columns:
            frame = frame.assign(split=[splits.get(clip, "") for clip in frame["clip"]])
        found.append(frame[["clip", "split", "reason"]])
    every = pd.concat(found).drop_duplicates()
    return every.sort_values(["clip", "reason"], ignore_index=True)


def clip_counts(manifest: pd.DataFrame, quarantine: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return, for each split, the clips used and those quarantined by reason.

    A faceless clip is counted under its reason, and is among those used all the same.
    """
    counts = {}
    for split in sorted(set(manifest["split"]) | set(quarantine["split"])):
        reasons = quarantine[quarantine["split"] == split]["reason"].value_counts()
        counts[split] = {
            "used": int((manifest["split"] == split).sum()),
            "quarantined": {str(reason): int(reasons[reason]) for reason in sorted(reasons.index)},
        }
    return counts
