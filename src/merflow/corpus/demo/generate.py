"""Making the demo corpus: a share of the clips, or the folder of noise."""

import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from merflow.corpus.demo.clips import make_clip
from merflow.corpus.demo.labels import Label, clip_labels
from merflow.corpus.demo.speech import require_parselmouth
from merflow.errors import MerflowError
from merflow.progress import Progress
from merflow.storage.atomic import write_text
from merflow.storage.digest import code_digest, file_sha256, settings_digest
from merflow.threads import numeric_threads

COLUMNS = ("path", "emotion", "valence", "speaker", "split", "clip", "sha256")
OWN_NAME = re.compile(r"[A-Za-z0-9]+_\d{4,}")


def generate_clips(
    spec: Mapping[str, Any], part: int, parts: int, out: str | Path, table: str | Path
) -> int:
    """Make the clips whose index modulo ``parts`` is ``part``, list them, return how many are new.

    A clip that is there, whole and of the same recipe, is kept. What a clip is does not depend on
    ``parts``. Part 0 also removes clips of an earlier, larger corpus.

    Args:
        spec: ``corpus.demo`` of ``params.yaml``: seed, clips (split -> number), speakers,
            label_noise, duration_s, fps, width, height.
        part: Which share, from 0.
        parts: How many shares.
        out: Folder of the clips, ``<out>/<split>/<clip>.mp4``, each with a ``.json`` beside it.
        table: csv with columns path (relative to the parent of ``out``), emotion, valence,
            speaker, split, clip.

    Raises:
        MerflowError: Settings that make no sense, or praat-parselmouth is missing.
    """
    _check(spec, part, parts)
    _one_thread()
    out, recipe = Path(out), _recipe(spec)
    labels = clip_labels(spec)
    if part == 0:
        _remove_others(out, labels)
    mine = [label for label in labels if label.index % parts == part]
    todo = [label for label in mine if not _is_made(_clip_path(out, label), recipe)]
    kept = len(mine) - len(todo)
    print(f"demo clips: {len(mine)} in part {part}, {kept} kept, {len(todo)} to do", flush=True)
    if todo:
        require_parselmouth()
    progress = Progress(f"demo clips, part {part}", len(todo), "clips")
    for label in todo:
        path = _clip_path(out, label)
        for leftover in path.parent.glob(f".{label.clip}.*"):  # of a run that was killed
            leftover.unlink()
        progress.begin()
        make_clip(label, spec, path)
        mark = {"recipe": recipe, "sha256": file_sha256(path)}
        write_text(path.with_suffix(".json"), json.dumps(mark, sort_keys=True) + "\n")
        progress.add()
    write_text(table, _table(out, mine))
    return len(todo)


def _recipe(spec: Mapping[str, Any]) -> str:
    """Return the digest of all that decides a clip's bytes but its name.

    How many clips there are is left out: none depends on it.
    """
    settings = {key: value for key, value in spec.items() if key != "clips"}
    code = code_digest("merflow.corpus.demo", "merflow.media", "merflow.seeds")
    return settings_digest({"settings": settings, "code": code})


def _clip_path(out: Path, label: Label) -> Path:
    return out / label.split / f"{label.clip}.mp4"


def _is_made(path: Path, recipe: str) -> bool:
    """Say whether a clip is there as its mark describes it."""
    try:
        mark = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return mark == {"recipe": recipe, "sha256": file_sha256(path)}
    except (FileNotFoundError, ValueError):
        return False


def _remove_others(out: Path, labels: list[Label]) -> None:
    """Remove generated clips that belong to no label; files of other makes stay."""
    wanted = {_clip_path(out, label) for label in labels}
    for mark in sorted(out.glob("*/*.json")):
        clip = mark.with_suffix(".mp4")
        if clip not in wanted and OWN_NAME.fullmatch(mark.stem):
            clip.unlink(missing_ok=True)
            mark.unlink()


def _table(out: Path, labels: list[Label]) -> str:
    """Return the csv of some clips, sorted by clip."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for label in sorted(labels, key=lambda label: label.clip):
        path = f"{out.name}/{label.split}/{label.clip}.mp4"
        mark = json.loads(_clip_path(out, label).with_suffix(".json").read_text(encoding="utf-8"))
        row = (path, label.emotion, label.valence, label.speaker, label.split, label.clip)
        writer.writerow([*row, mark["sha256"]])
    return text.getvalue()


def _check(spec: Mapping[str, Any], part: int, parts: int) -> None:
    """Refuse settings that no clip can be made of."""
    if not 0 <= part < parts:
        raise MerflowError(f"part {part} of {parts} does not exist; parts are counted from 0")
    if spec["width"] % 2 or spec["height"] % 2 or min(spec["width"], spec["height"]) < 96:
        raise MerflowError(
            f"corpus.demo in params.yaml asks for {spec['width']} x {spec['height']} pixels; "
            "both must be even and 96 at least"
        )
    if spec["width"] < spec["height"]:
        raise MerflowError(
            f"corpus.demo in params.yaml asks for {spec['width']} x {spec['height']} pixels; "
            "a head needs a frame at least as wide as high"
        )
    if spec["duration_s"] < 0.5 or spec["fps"] <= 0:
        raise MerflowError("corpus.demo in params.yaml needs duration_s of .5 at least and fps > 0")


def _one_thread() -> None:
    """Let OpenCV draw with as many threads as the command line allows."""
    import cv2

    cv2.setNumThreads(numeric_threads())
