"""CREMA-D: acted emotions from the clips' names, and a valence proxy from the raters' votes.

Source of layout and columns: the corpus's own README and its file ``tabulatedVotes.csv``; of the
proxy: ours, see docs/corpora.md.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from merflow.corpus.adapters.adapter import Adapter
from merflow.corpus.adapters.folder import clips_in
from merflow.corpus.adapters.looks import of_clips
from merflow.corpus.finding import Finding, few
from merflow.corpus.label import TRAIN, Label, LabelSpec
from merflow.corpus.label_file import read_rows
from merflow.errors import MerflowError

RELEASED = 7442
CLIPS = "VideoFlash"
VOTES = "processedResults/tabulatedVotes.csv"
NAME = re.compile(r"(?P<actor>\d{4})_[A-Z]{3}_(?P<acted>[A-Z]{3})_[A-Z]{1,2}")
ACTED = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
AUDIO_VISUAL = 3
"""Of the kinds of ratings: 1 is of the voice, 2 of the face. The first column is kind * 100000 +
the clip's number."""
SIGNS = {"A": -1, "D": -1, "F": -1, "H": 1, "N": 0, "S": -1}
LEVELS = {
    "A": "meanAngerResp",
    "D": "meanDisgustResp",
    "F": "meanFearResp",
    "H": "meanHappyResp",
    "N": "meanNeutralResp",
    "S": "meanSadResp",
}
DEFECTS = {
    "1064_IEO_DIS_MD": "a minute of several emotions instead of one sentence",
    "1064_TIE_SAD_XX": "cut off, without a duration",
    "1076_MTI_NEU_XX": "three pictures and almost no sound",
    "1076_MTI_SAD_XX": "without sound",
}
"""Clips that are released as they should not be, as the corpus's users have found."""


def labels(root: Path, spec: LabelSpec) -> list[Label]:
    """Return the labels of all clips of a known name; all are train.

    With valence the list is that of the votes, without it that of the folder.

    Raises:
        MerflowError: The folder or the votes are missing or wrong, or a clip has no votes.
    """
    clips = {clip: name for clip, name in clips_in(root / CLIPS).items() if _known(clip)}
    valence = valence_proxies(root / VOTES) if spec.valence else dict.fromkeys(clips, "")
    for clip in clips:
        if clip not in valence:
            raise MerflowError(
                f"{root / VOTES}: the clip {clip} has no audio-visual votes, so no valence; get "
                "the whole file, remove the clip, or set corpus.valence to false"
            )
    return [
        Label(
            clip,
            TRAIN,
            ACTED[clip.split("_")[2]],
            valence[clip],
            clip.split("_")[0],
            f"{CLIPS}/{clips.get(clip, f'{clip}.flv')}",
            defect=DEFECTS.get(clip, ""),
        )
        for clip in valence
    ]


def inspect(root: Path, spec: LabelSpec) -> list[Finding]:
    """Compare the clips with the release and name those that are known to be defective."""
    listed = labels(root, spec)
    found = of_clips("train", listed, root, RELEASED)
    odd = [name for clip, name in clips_in(root / CLIPS).items() if not _known(clip)]
    if odd:
        found.append(
            Finding(
                "warning",
                f"{root / CLIPS}: not named as CREMA-D's clips: {len(odd)} files ({few(odd)})",
                "rename or remove them; they are left out",
            )
        )
    defects = [label.clip for label in listed if label.defect]
    if defects:
        found.append(
            Finding("fine", f"quarantined as known to be defective: {', '.join(sorted(defects))}")
        )
    return found


def valence_proxies(file: Path) -> dict[str, str]:
    """Return the valence proxy of each clip that has audio-visual votes, with six decimals.

    The mean over the votes of sign(emotion) * mean level / 100, where the sign is 1 for happy, 0
    for neutral and -1 for the others: in [-1, 1].

    Raises:
        MerflowError: The file is missing or wrong, or a clip stands there twice.
    """
    found: dict[str, str] = {}
    for line, row in read_rows(file, ("", "fileName", *SIGNS, *LEVELS.values()), "corpus.root"):
        if _count(file, line, row, "") // 100_000 != AUDIO_VISUAL:
            continue
        clip = row["fileName"]
        if not _known(clip):
            raise MerflowError(
                f"{file}, line {line}, column 'fileName': '{clip}' is no name of a clip of "
                "CREMA-D, as 1001_DFA_ANG_XX; get the file anew"
            )
        if clip in found:
            raise MerflowError(
                f"{file}, line {line}: {clip} has audio-visual votes in a line above already; get "
                "the file anew"
            )
        found[clip] = _proxy(file, line, row)
    return found


def _known(clip: str) -> bool:
    match = NAME.fullmatch(clip)
    return match is not None and match["acted"] in ACTED


def _proxy(file: Path, line: int, row: Mapping[str, str]) -> str:
    votes = {emotion: _count(file, line, row, emotion) for emotion in SIGNS}
    if not sum(votes.values()):
        raise MerflowError(f"{file}, line {line}: {row['fileName']} has no vote; remove the line")
    total = 0.0
    for emotion, count in votes.items():
        # Where there is no vote the level is -1.
        if count and SIGNS[emotion]:
            total += SIGNS[emotion] * count * _level(file, line, row, LEVELS[emotion])
    return f"{total / 100 / sum(votes.values()) + 0.0:.6f}"


def _count(file: Path, line: int, row: Mapping[str, str], column: str) -> int:
    if not (row[column].isascii() and row[column].isdigit()):
        raise MerflowError(
            f"{file}, line {line}, column '{column}': '{row[column]}' is no count; get the file "
            "anew"
        )
    return int(row[column])


def _level(file: Path, line: int, row: Mapping[str, str], column: str) -> float:
    try:
        level = float(row[column])
    except ValueError:
        level = -1.0
    if not 0 <= level <= 100:
        raise MerflowError(
            f"{file}, line {line}, column '{column}': '{row[column]}' is no level from 0 to 100, "
            "though there are votes; get the file anew"
        )
    return level


ADAPTER = Adapter(
    classes=tuple(ACTED.values()),
    tests=(),
    valence="valence_proxy",
    com=False,
    folds=("speaker",),
    labels=labels,
    inspect=inspect,
)
