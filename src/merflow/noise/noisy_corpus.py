"""The corrupted test clips of a corpus, as files for others to test on.

A folder holds ``<split>/<clip>.mp4`` and ``noisy.csv``; what was finished before a kill is known by
marks in its hidden folder ``.made``.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from merflow.corpus.clip_file import checked_clip
from merflow.errors import MerflowError
from merflow.noise.folder import NoiseFolder
from merflow.noise.manifest import NoiseRow
from merflow.noise.noisy_clip import write_noisy_clip
from merflow.progress import Progress
from merflow.storage.atomic import leftovers_of, write_text
from merflow.storage.digest import code_digest, digest8, file_sha256, settings_digest

# What others need to make the same clips, and to see that they did.
COLUMNS = (
    *("clip", "split", "file", "source_sha256", "noise_file", "noise_sha256", "offset", "snr_db"),
    *("transform", "magnitude", "visual_seed", "sha256"),
)
CODE = ("merflow.noise.noisy_clip", "merflow.noise.sound", "merflow.noise.visual", "merflow.media")
LONGEST = 200  # bytes of a file's name before its suffix; what systems allow is 255 with it
Record = dict[str, object]


@dataclass(frozen=True)
class TestClip:
    """A clip to corrupt.

    Attributes:
        clip: Its name.
        split: Its split.
        path: Its file, relative to the corpus root.
        sha256: Digest of the file.
    """

    __test__ = False  # no test, though pytest would take its name for one

    clip: str
    split: str
    path: str
    sha256: str

    @property
    def file(self) -> str:
        """Where the corrupted clip lies, relative to the folder."""
        return f"{self.split}/{file_stem(self.clip)}.mp4"


def file_stem(clip: str) -> str:
    """Return the name of a clip's file without its suffix: the clip's own where that is possible.

    What leads to another folder, hides the file or cannot be printed is written as ``%2F``, and
    the percent sign with it, so that no two clips share a file; a long name ends in a digest.
    """
    plain = "".join(_quoted(c) if c in "/\\%" or not c.isprintable() else c for c in clip)
    if plain.startswith("."):
        plain = f"%2E{plain[1:]}"
    if len(plain.encode()) <= LONGEST:
        return plain
    kept = plain.encode()[: LONGEST - 9].decode(errors="ignore")
    return f"{kept}-{digest8(clip)}"


def _quoted(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="surrogatepass"))


def write_noisy_shard(
    clips: Sequence[TestClip],
    rows: Mapping[str, NoiseRow],
    root: Path,
    noise: NoiseFolder,
    folder: Path,
    table: Path,
) -> int:
    """Write the corrupted clips of one shard, list them in ``table``, return how many are new.

    A clip whose file is there, whole and corrupted alike, is not written again.

    Args:
        clips: The shard's clips.
        rows: How each is corrupted, by clip.
        root: The corpus root.
        noise: The noise folder.
        folder: Output, for the clips of all shards.
        table: Output, csv of :data:`COLUMNS`.

    Raises:
        MerflowError: A clip has no row, a clip or recording is missing, changed or unreadable.
    """
    code = code_digest(*CODE)
    recipes = {}
    for clip in clips:
        if clip.clip not in rows:
            raise MerflowError(
                f"the noise manifest has no row of the test clip {clip.clip}: run `merflow noise "
                "draw-tests` again"
            )
        recipes[clip] = settings_digest([record_of(clip, rows[clip.clip]), code])
    kept = {clip: _made(folder, clip, recipe) for clip, recipe in recipes.items()}
    todo = [clip for clip, digest in kept.items() if digest is None]
    print(
        f"noisy clips: {len(clips)} in this shard, {len(clips) - len(todo)} kept, "
        f"{len(todo)} to do",
        flush=True,
    )
    noise.hash_all(rows[clip.clip].noise_file for clip in todo)
    progress = Progress("noisy clips", len(todo), "clips")
    for clip in todo:
        progress.begin()
        source = checked_clip(root, clip.clip, clip.path, clip.sha256)
        path = folder / clip.file
        for torn in leftovers_of(path):
            torn.unlink()
        write_noisy_clip(source, rows[clip.clip], noise, path)
        kept[clip] = digest = file_sha256(path)
        mark = {"recipe": recipes[clip], "sha256": digest}
        write_text(_mark(folder, clip.file), json.dumps(mark, sort_keys=True) + "\n")
        progress.add()
    write_text(
        table,
        _text(record_of(clip, rows[clip.clip]) | {"sha256": kept[clip]} for clip in clips),
    )
    return len(todo)


def write_noisy_list(tables: Sequence[Path], folder: Path, out: Path) -> int:
    """Merge the shards' tables, sorted by clip, and return the number of clips.

    Files of clips that are in the corpus no more are removed; those of other makes stay.
    """
    records: list[Record] = []
    for table in tables:
        with table.open(encoding="utf-8", newline="") as stream:
            records += csv.DictReader(stream)
    listed = {str(record["file"]) for record in records}
    for mark in sorted((folder / MARKS).glob("*/*.json")):
        file = mark.relative_to(folder / MARKS).with_suffix(".mp4").as_posix()
        if file not in listed:
            (folder / file).unlink(missing_ok=True)
            mark.unlink()
    write_text(out, _text(sorted(records, key=lambda record: str(record["clip"]))))
    return len(records)


def record_of(clip: TestClip, row: NoiseRow) -> Record:
    """Return a line of the table but the digest of the file."""
    record: Record = {"clip": clip.clip, "split": clip.split, "file": clip.file}
    record["source_sha256"] = clip.sha256
    return record | {name: getattr(row, name) for name in COLUMNS[4:-1]}


MARKS = ".made"


def _mark(folder: Path, file: str) -> Path:
    return (folder / MARKS / file).with_suffix(".json")


def _made(folder: Path, clip: TestClip, recipe: str) -> str | None:
    """Return the digest of a file that is there as its mark says; else None."""
    try:
        mark = json.loads(_mark(folder, clip.file).read_text(encoding="utf-8"))
        digest = file_sha256(folder / clip.file)
    except (FileNotFoundError, ValueError):
        return None
    return digest if mark == {"recipe": recipe, "sha256": digest} else None


def _text(records: Iterable[Record]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()
