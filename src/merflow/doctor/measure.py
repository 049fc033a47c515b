"""How fast this machine is: a few clips decoded and looked at, an encoder run on one."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from merflow.errors import MerflowError

SHORT, LONG = 0.5, 20.0
"""Seconds of the clips that are measured: a longer one would take the whole budget."""
CLIPS = 8
BUDGET_S = 4.0
"""Seconds that a step is measured for; the clip that was begun is finished."""


@dataclass(frozen=True)
class Rate:
    """Core seconds for a second of clip (of sound), or for a face.

    Attributes:
        mean: Over all that was measured.
        low: Of the quickest clip.
        high: Of the slowest one.
        clips: How many were measured.
    """

    mean: float
    low: float
    high: float
    clips: int


def suited(some: Sequence[tuple[Path, float]]) -> list[tuple[Path, float]]:
    """Return a few clips of usual length, from short to long."""
    fit = [one for one in some if SHORT <= one[1] <= LONG]
    step = max(1, len(fit) // CLIPS)
    return fit[step // 2 :: step][:CLIPS]


def checking(clips: Sequence[tuple[Path, float]]) -> Iterator[tuple[float, float]]:
    """Yield (length, seconds spent) of each clip that the corpus check takes."""
    from merflow.media.probe import check_clip

    yield from _timed(clips, check_clip)


def facing(
    clips: Sequence[tuple[Path, float]], faces: Mapping[str, Any]
) -> Iterator[tuple[float, float]]:
    """Yield (length, seconds spent) of each clip whose face is looked for and cropped."""
    import cv2

    from merflow.faces.make import face_maker

    cv2.setNumThreads(int(faces["numeric_threads"]))
    make = face_maker(faces)
    yield from _timed(clips, lambda path: make(path, path.stem))


def encoding(
    spec: Mapping[str, Any], path: Path | None, threads: int
) -> Iterator[tuple[float, float]]:
    """Yield (seconds of sound, or faces, and seconds spent) of an encoder on something made up."""
    from merflow.encoders.stock import trial
    from merflow.threads import VARIABLE, fix_torch_threads

    os.environ[VARIABLE] = str(threads)
    given, _ = trial.given_clip(spec, {}, None)
    if path is not None:
        fix_torch_threads()
    tried = trial.run(spec, path, given)
    audio = given.ndim == 1
    amount = len(given) / trial.RATE if audio else float(len(given))
    yield amount, tried.seconds["prepare"] + tried.seconds["encode again"]


def rate_of(pairs: Sequence[tuple[float, float]]) -> Rate | None:
    """Return the rate of (amount, seconds spent), or None without any."""
    if not pairs:
        return None
    each = [spent / amount for amount, spent in pairs]
    mean = sum(spent for _, spent in pairs) / sum(amount for amount, _ in pairs)
    return Rate(mean, min(each), max(each), len(pairs))


def _timed(clips: Sequence[tuple[Path, float]], work: Any) -> Iterator[tuple[float, float]]:
    until = time.perf_counter() + BUDGET_S
    for path, length in clips:
        began = time.perf_counter()
        if began > until:
            return
        try:
            work(path)
        except MerflowError:  # a clip that cannot be used says nothing of the others
            continue
        yield length, time.perf_counter() - began
