"""MER2023 in miniature: both layouts, the names, containers, columns and defects of the release."""

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

from miniatures.media import AVI, AVI_48, MP4_16, make

EMOTIONS = ("neutral", "angry", "happy", "sad", "worried", "surprise")
SIZES = {"train": 18, "test1": 6, "test2": 6, "test3": 6}
SHORT, PICTURELESS, MISSING = "sample_00000003", "sample_00000019", "sample_00000007"
"""A train clip of .24 s, a clip of test1 without picture, a train clip that is not there."""


def mer2023(folder: Path, unlabelled: Sequence[str] = ()) -> Path:
    """Write the organisers' layout into a folder; some tests lack their label file.

    train and test1 are avi, test2 is mp4 of 16 kHz, test3 mp4 and avi with a clip that nobody has
    labelled.
    """
    number = 0
    for split, size in SIZES.items():
        rows = []
        for place in range(size):
            name, emotion = f"sample_{number:08d}", EMOTIONS[place % 6]
            if split == "test3" and place < 4:
                name = f"samplenew_{number:08d}"
            _clip(folder / split, name, split, place, emotion)
            rows.append([name, emotion, f"{(place % 9 - 4) * 0.75:.2f}"])
            number += 1
        if split == "test3":
            make(folder / split, f"samplenew_{number:08d}", MP4_16, "sad", 3)
        if split not in unlabelled:
            columns = ["name", "discrete", "valence"][: 2 if split == "test3" else 3]
            with (folder / f"{split}-label.csv").open("w", newline="") as stream:
                csv.writer(stream).writerows([columns, *(row[: len(columns)] for row in rows)])
    return folder


def hub_release(source: Path, folder: Path) -> Path:
    """Lay out the organisers' files as the hub's release has them; the clips are hard links."""
    for split in SIZES:
        above = folder / "mer2023train" if split in ("train", "test3") else folder
        shutil.copytree(source / split, above / split, copy_function=_link)
    (folder / "test-labels").mkdir()
    for split in SIZES:
        if (labels := source / f"{split}-label.csv").exists():
            to = folder / ("mer2023train" if split == "train" else "test-labels")
            shutil.copy(labels, to / labels.name)
    return folder


def _clip(folder: Path, name: str, split: str, place: int, emotion: str) -> None:
    if name == MISSING:
        return
    container = {"train": AVI, "test1": AVI_48, "test2": MP4_16, "test3": MP4_16}[split]
    if split == "test3" and place >= 4:
        container = AVI
    if name == PICTURELESS:
        make(folder, name, MP4_16, emotion, place % 5, picture=False)
    elif name == SHORT:
        make(folder, name, container, emotion, place % 5, duration_s=0.24)
    else:
        make(folder, name, container, emotion, place % 5)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)
