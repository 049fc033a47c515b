"""How long the clips of a corpus are, from the headers of some of them."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from merflow.doctor.apart import apart
from merflow.errors import MerflowError

OPENED = 400
"""Clips whose headers are read, at most."""
BUDGET_S = 4.0


@dataclass(frozen=True)
class Lengths:
    """What is known of how long the clips are.

    Attributes:
        clips: How many there are.
        mean_s: Their mean length in seconds.
        error_s: Twice the standard error of that mean; 0 where every clip is known.
        rate: Mean frames a second.
        some: (path, length in seconds) of some clips, shortest first, for measuring.
        told: Where it is known from, in words.
    """

    clips: int
    mean_s: float
    error_s: float
    rate: float
    some: tuple[tuple[Path, float], ...]
    told: str

    @property
    def total_s(self) -> float:
        """Seconds of all clips."""
        return self.clips * self.mean_s

    @property
    def share(self) -> float:
        """How far the total may be off, as a share of it."""
        return self.error_s / self.mean_s if self.mean_s else 0.0

    def frames(self, fps: float | None) -> float:
        """Return the pictures that are looked at, of all clips.

        Args:
            fps: ``faces.fps``; None for all. No clip has more than its own.
        """
        rate = self.rate if fps is None else min(fps, self.rate)
        # Each clip begins with a picture, whatever its length.
        return self.total_s * rate + self.clips / 2


@dataclass(frozen=True)
class Header:
    """What the header of a clip's file tells.

    Attributes:
        path: The file.
        length_s: Seconds; 0 where it tells none.
        rate: Frames a second; 0 where it tells none.
        defect: Why the file cannot be opened, in words; empty if it can.
    """

    path: Path
    length_s: float = 0.0
    rate: float = 0.0
    defect: str = ""


def headers_of(files: Mapping[str, Path]) -> list[Header]:
    """Return the headers of the :func:`chosen` files, in their order, as far as the time goes.

    A file whose header ends the reading has that as its defect; the reading goes on behind it.

    Args:
        files: Clip -> path.
    """
    paths, until = chosen(files), time.monotonic() + 3 * BUDGET_S
    found: list[Header] = []
    while len(found) < len(paths) and (left := until - time.monotonic()) > 0:
        looked = apart(_headers, paths[len(found) :], limit_s=left)
        found += looked.items
        if not looked.trouble:
            break  # all are read, or their time is over
        if len(found) < len(paths):  # else it came after the last
            found.append(Header(paths[len(found)], defect=looked.trouble))
    return found


def chosen(files: Mapping[str, Path]) -> list[Path]:
    """Return the files whose headers are to be read: ``OPENED`` at most, evenly among all.

    Args:
        files: Clip -> path.
    """
    names = sorted(files)
    step = max(1, len(names) // OPENED)
    return [files[name] for name in names[::step]][:OPENED]


def lengths_of(files: Mapping[str, Path], headers: Sequence[Header], manifest: Path) -> Lengths:
    """Return how long the clips are: by the manifest of a run before, else by headers.

    Args:
        files: Clip -> path.
        headers: Of some of them.
        manifest: What a run before may have left; its clips have been decoded.

    Raises:
        MerflowError: There are no clips, or no header tells a length.
    """
    if not files:
        raise MerflowError("there is no clip whose length could be read; mend the corpus first")
    read = [one for one in headers if one.length_s and one.rate]
    if not read:
        raise MerflowError(
            f"none of {len(headers)} clips has a header that tells a length; look whether they "
            "play at all"
        )
    rate = sum(one.rate for one in read) / len(read)
    some = tuple(sorted(((one.path, one.length_s) for one in read), key=lambda one: one[1]))
    known = _of_manifest(manifest, set(files))
    if known:
        mean = sum(known) / len(known)
        return Lengths(len(files), mean, 0.0, rate, some, f"{manifest} of a run before")
    mean, error = _mean([one.length_s for one in read], len(files))
    told = f"headers of {len(read)} clips"
    return Lengths(len(files), mean, error, rate, some, told)


def _of_manifest(manifest: Path, clips: set[str]) -> list[float]:
    """Return the lengths of the clips in the manifest, if it is there and has nearly all."""
    from merflow.corpus.manifest import read_manifest

    if not manifest.is_file():
        return []
    table = read_manifest(manifest)
    known = table[table["clip"].isin(clips)]["duration"].dropna()
    return known.tolist() if len(known) >= 0.9 * len(clips) else []


def _mean(lengths: Sequence[float], clips: int) -> tuple[float, float]:
    """Return the mean of a sample and twice its standard error, for so many clips in all."""
    count = len(lengths)
    mean = sum(lengths) / count
    if count >= clips:
        return mean, 0.0
    if count < 2:
        return mean, mean
    variance = sum((length - mean) ** 2 for length in lengths) / (count - 1)
    return mean, 2 * math.sqrt(variance / count * (1 - count / clips))


def _headers(paths: Sequence[Path]) -> Iterator[Header]:
    """Yield the header of each, one after the other, until the time is over."""
    from merflow.media.container import ClipDefect, opened, picture_stream

    began = time.perf_counter()
    for path in paths:
        if time.perf_counter() - began > BUDGET_S:
            return
        try:
            with opened(path) as container:
                length = float(container.duration or 0) / 1e6
                rate = float(picture_stream(container, path).average_rate or 25)
        except ClipDefect as error:
            yield Header(path, defect=error.detail)
        except OSError as error:
            yield Header(path, defect=error.strerror or "it cannot be read")
        except (ValueError, OverflowError):
            yield Header(path)
        else:
            told = 0 < length < 1e6 and 0 < rate < 1e4
            yield Header(path, length, rate) if told else Header(path)
