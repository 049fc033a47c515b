"""RAVDESS: everything from the names of the files, ``01-01-06-01-02-01-12.mp4``.

Source of the codes: the description of the release, doi.org/10.5281/zenodo.1188976.
"""

import re
from pathlib import Path

from merflow.corpus.adapters.adapter import Adapter
from merflow.corpus.adapters.folder import clips_in
from merflow.corpus.adapters.looks import of_clips
from merflow.corpus.finding import Finding, few
from merflow.corpus.label import TRAIN, Label, LabelSpec
from merflow.errors import MerflowError

PER_ACTOR = 60
"""Spoken clips: two sentences, said twice, in two intensities of seven emotions and one neutral."""
ACTORS = 24
NAME = re.compile(
    r"(?P<modality>0[1-3])-(?P<channel>0[12])-(?P<emotion>0[1-8])-(?P<intensity>0[12])"
    r"-(?P<statement>0[12])-(?P<repetition>0[12])-(?P<actor>\d\d)"
)
WITH_SOUND, SPEECH = "01", "01"
EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgust",
    "08": "surprised",
}


def labels(root: Path, spec: LabelSpec) -> list[Label]:
    """Return the labels of the spoken clips that have picture and sound; all are train.

    Raises:
        MerflowError: There is no such clip, one lies in another actor's folder, or in two.
    """
    found: dict[str, Label] = {}
    for folder in _folders(root):
        for clip, name in clips_in(root / folder).items():
            match = NAME.fullmatch(clip)
            if not match or (match["modality"], match["channel"]) != (WITH_SOUND, SPEECH):
                continue
            path = f"{folder}/{name}"
            if folder[-2:] != match["actor"]:
                raise MerflowError(
                    f"{root / path}: by its name it is of actor {match['actor']}; move it into "
                    "that actor's folder"
                )
            if clip in found:
                raise MerflowError(
                    f"{root}: {found[clip].path} and {path} are one clip; remove one of them"
                )
            found[clip] = Label(clip, TRAIN, EMOTIONS[match["emotion"]], "", match["actor"], path)
    if not found:
        raise MerflowError(
            f"corpus.root, {root.absolute()}, holds no spoken clip of RAVDESS (looked for "
            "01-01-*.mp4 in Actor_01 to Actor_24, there and in its folders); unpack the archives "
            "Video_Speech_Actor_*.zip there"
        )
    return list(found.values())


def inspect(root: Path, spec: LabelSpec) -> list[Finding]:
    """Compare each actor's clips with the release."""
    listed = labels(root, spec)
    counts = {f"{actor:02d}": 0 for actor in range(1, ACTORS + 1)}
    for label in listed:
        counts[label.speaker] = counts.get(label.speaker, 0) + 1
    found = of_clips("train", listed, root, PER_ACTOR * ACTORS)
    short = [f"{count} of actor {actor}" for actor, count in counts.items() if count != PER_ACTOR]
    if short:
        found.append(
            Finding(
                "warning",
                f"other than {PER_ACTOR} spoken clips: {len(short)} of {ACTORS} actors "
                f"({few(short)})",
                "unpack their archives Video_Speech_Actor_*.zip",
            )
        )
    return found


def _folders(root: Path) -> list[str]:
    """Return the actors' folders, in the root and one level below, where archives unpack to."""
    pattern = "Actor_[0-9][0-9]"
    found = [*root.glob(pattern), *root.glob(f"*/{pattern}")]
    return sorted(path.relative_to(root).as_posix() for path in found if path.is_dir())


ADAPTER = Adapter(
    classes=tuple(EMOTIONS.values()),
    tests=(),
    valence=None,
    com=False,
    folds=("speaker",),
    labels=labels,
    inspect=inspect,
)
