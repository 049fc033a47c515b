"""The manifest, which lists the usable clips, and the quarantine, which lists the others."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from merflow.corpus.clip_file import AGAIN
from merflow.errors import MerflowError
from merflow.storage.atomic import replacing

COLUMNS = ["clip", "split", "emotion", "valence", "speaker", "path", "sha256", "duration"]
# In the manifest only where a clip has one: folds can be made by them.
GROUPS = ["session", "fold"]
CHECKED = [*COLUMNS, *GROUPS, "reason", "detail"]
QUARANTINE = ["clip", "split", "path", "reason", "detail"]
NUMBERS = ["valence", "duration"]


def write_manifest(checked: Sequence[Path], manifest: Path, quarantine: Path) -> None:
    """Merge the tables of all shards and part usable clips from unusable ones.

    Raises:
        MerflowError: No train clip is usable, or a clip stands in two tables.
    """
    tables = [_read(path, CHECKED) for path in checked]
    merged = pd.concat(tables).sort_values("clip", ignore_index=True)
    if merged["clip"].duplicated().any():
        clip = merged["clip"][merged["clip"].duplicated()].iloc[0]
        raise MerflowError(f"clip '{clip}' stands in two checked tables; {AGAIN}")
    usable = merged["reason"] == ""
    if not (usable & (merged["split"] == "train")).any():
        counts = merged["reason"][~usable].value_counts().sort_index()
        said = ", ".join(f"{count} {reason}" for reason, count in counts.items())
        raise MerflowError(
            f"none of the {len(merged)} clips can be trained on ({said or 'no train clip'}); "
            "correct corpus.root or the paths in corpus.csv"
        )
    given = [name for name in GROUPS if (merged.loc[usable, name] != "").any()]
    _write(merged.loc[usable, [*COLUMNS, *given]], manifest)
    _write(merged.loc[~usable, QUARANTINE], quarantine)
    print(f"{usable.sum()} clips are usable, {(~usable).sum()} are in quarantine")
    copies = merged.loc[usable, "sha256"].duplicated(keep=False).sum()
    if copies:
        print(f"note: {copies} clips have the same content as another clip")


def read_manifest(path: Path) -> pd.DataFrame:
    """Return a manifest sorted by clip: valence and duration as float64, the rest as text.

    Text is empty, valence and duration are NaN where not given. ``session`` and ``fold`` are
    columns whether or not the file has them.

    Raises:
        MerflowError: The file is missing or is no manifest.
    """
    table = _read(path, COLUMNS, GROUPS)
    for name in NUMBERS:
        try:
            table[name] = pd.to_numeric(table[name].where(table[name] != "")).astype("float64")
        except ValueError as error:
            raise MerflowError(f"{path}, column '{name}': not numbers; {AGAIN}") from error
    if table["clip"].duplicated().any():
        raise MerflowError(f"{path}: a clip stands there twice; {AGAIN}")
    return table.sort_values("clip", ignore_index=True)


def _read(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """Return a csv as text, optional columns that it lacks empty; a speaker called NA stays one."""
    if not path.is_file():
        raise MerflowError(f"{path} is not there; {AGAIN}")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if list(table.columns) != [*columns, *(name for name in optional if name in table)]:
        raise MerflowError(f"{path} has other columns than {', '.join(columns)}; {AGAIN}")
    return table.reindex(columns=[*columns, *optional], fill_value="")


def _write(table: pd.DataFrame, path: Path) -> None:
    """Write a csv with unix line ends."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
