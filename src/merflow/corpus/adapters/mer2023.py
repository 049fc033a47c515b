"""MER2023: the organisers' layout, and that of the release on the Hugging Face Hub.

Source: MERTools, ``MER2023``, and the hub's ``MERChallenge/MER2023``; see docs/corpora.md.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from merflow.corpus.adapters.adapter import Adapter
from merflow.corpus.adapters.folder import clips_in
from merflow.corpus.adapters.looks import of_clips
from merflow.corpus.finding import Finding, few
from merflow.corpus.label import TRAIN, Label, LabelSpec
from merflow.corpus.split_labels import read_split_labels
from merflow.errors import MerflowError

RELEASED = {"train": 3373, "test1": 411, "test2": 412, "test3": 834}
"""Labelled clips: train, MER-MULTI, MER-NOISE, MER-SEMI."""
EMOTION_ONLY = ("test3",)
CROWDED = "test3"
"""Its folder holds tens of thousands of clips beside those that are labelled."""
HUB = {"train": "mer2023train/", "test1": "", "test2": "", "test3": "mer2023train/"}


@dataclass(frozen=True)
class Place:
    """Where a split lies, relative to the corpus folder."""

    folder: str
    labels: str


def labels(root: Path, spec: LabelSpec) -> list[Label]:
    """Return the labels of train and of the tests that are asked for.

    A clip is found by its name with whatever suffix. A test without its label file has the clips of
    its folder, without labels; with one it has those that the file names, as the folder of test3
    holds tens of thousands of others.

    Raises:
        MerflowError: Neither layout is there, a folder is missing, a label file is wrong, or one
            clip stands in two splits.
    """
    places = _places(root)
    wanted = [TRAIN, *spec.tests]
    clips = {split: clips_in(root / places[split].folder) for split in wanted}
    files = label_files(root, spec)
    found = [
        replace(label, path=_path(places, clips, label.split, label.clip))
        for label in read_split_labels(files, spec, "corpus.root")
    ]
    splits = {label.clip: label.split for label in found}
    for split in wanted:
        for clip in clips[split] if split not in files else ():
            if clip in splits:
                raise MerflowError(
                    f"{root}: the clip '{clip}' stands in {splits[clip]} and in {split}, so that "
                    "what is trained on would be tested; remove one of them"
                )
            splits[clip] = split
            found.append(Label(clip, split, "", "", "", _path(places, clips, split, clip)))
    return found


def label_files(root: Path, spec: LabelSpec) -> dict[str, Path]:
    """Return the label file of train and of each wanted test that has one, as :func:`labels`."""
    places = _places(root)
    named = {split: root / places[split].labels for split in [TRAIN, *spec.tests]}
    return {split: file for split, file in named.items() if file.is_file()}


def inspect(root: Path, spec: LabelSpec) -> list[Finding]:
    """Compare each split with the release."""
    places, listed = _places(root), labels(root, spec)
    found = []
    for split in [TRAIN, *spec.tests]:
        own = [label for label in listed if label.split == split]
        labelled = (root / places[split].labels).is_file()
        compared = labelled or split != CROWDED
        found += of_clips(split, own, root, RELEASED[split] if compared else None)
        if not labelled:
            found.append(
                Finding(
                    "warning",
                    f"{split}: there is no {root / places[split].labels}, so all {len(own)} clips "
                    "of its folder get predictions and none a score",
                    "put the label file there if you have it",
                )
            )
        elif own:
            found += _unscored(split, root / places[split].labels, own, spec)
            found += _unmatched(split, root, places[split], own)
    return found


def _unscored(
    split: str, file: Path, labels: Sequence[Label], spec: LabelSpec
) -> Iterator[Finding]:
    """Yield which columns say nothing of any clip, so that there will be no score by them."""
    said = {"discrete": any(label.emotion for label in labels)}
    if spec.valence and split not in EMOTION_ONLY:
        said["valence"] = any(label.valence for label in labels)
    lacking = [column for column, given in said.items() if not given]
    if lacking:
        yield Finding(
            "warning",
            f"{split}: {file} has no label of any clip in {' and '.join(lacking)}",
            "look how the column is called, or get the whole file; as it is there is no score",
        )


def _unmatched(split: str, root: Path, place: Place, labels: Sequence[Label]) -> Iterator[Finding]:
    """Yield labels that name a clip together with its suffix, and clips that no label names."""
    folder, file = root / place.folder, root / place.labels
    clips = clips_in(folder)
    stems = {label.clip: os.path.splitext(label.clip)[0] for label in labels}
    suffixed = [name for name, stem in stems.items() if name not in clips and stem in clips]
    if suffixed:
        yield Finding(
            "warning",
            f"{split}: {file} names {len(suffixed)} clips together with a suffix "
            f"({few(suffixed)}), which is then part of the names in features and submissions",
            f"take the suffix off in the column name: {stems[suffixed[0]]}",
        )
    others = sorted(clips.keys() - stems.keys() - {stems[name] for name in suffixed})
    if others and split != CROWDED:
        yield Finding(
            "warning",
            f"{split}: {len(others)} clips in {folder} stand in no row of {file} and are not used "
            f"({few(others)})",
            "get the whole label file, or move what does not belong to the release elsewhere",
        )


def _path(places: dict[str, Place], clips: dict[str, dict[str, str]], split: str, clip: str) -> str:
    """Return the clip's path, without a suffix if it is not there."""
    return f"{places[split].folder}/{clips[split].get(clip, clip)}"


def _places(root: Path) -> dict[str, Place]:
    """Return where each split lies.

    Raises:
        MerflowError: There is no label file of train where a layout has it, or there are two.
    """
    layouts = [
        {split: Place(f"{above}{split}", f"{above}{split}-label.csv") for split in RELEASED}
        for above in ("", "dataset-release/")
    ]
    layouts.append(
        {
            split: Place(
                f"{above}{split}",
                f"{above}{split}-label.csv" if split == TRAIN else f"test-labels/{split}-label.csv",
            )
            for split, above in HUB.items()
        }
    )
    there = [places for places in layouts if (root / places[TRAIN].labels).is_file()]
    if len(there) == 1:
        return there[0]
    looked = ", ".join(places[TRAIN].labels for places in there or layouts)
    raise MerflowError(
        f"corpus.root, {root.absolute()}, holds "
        + (
            f"two releases of MER2023 ({looked}); name the folder of one"
            if there
            else f"no release of MER2023 (looked for {looked}); name its folder"
        )
    )


ADAPTER = Adapter(
    classes=("neutral", "angry", "happy", "sad", "worried", "surprise"),
    tests=("test1", "test2", "test3"),
    valence="valence",
    com=True,
    folds=(),
    labels=labels,
    inspect=inspect,
    emotion_only=EMOTION_ONLY,
    label_files=label_files,
)
