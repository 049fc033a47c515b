"""CREMA-D in miniature: flv by their real names, the real columns of the votes, the defects."""

import csv
import random
from pathlib import Path

import numpy as np

from miniatures.media import FLV, make, write

CODES = {
    "ANG": "angry",
    "DIS": "worried",
    "FEA": "surprise",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
"""Acted emotions, and those of the demo's faces that stand for them."""
ACTORS = ("1001", "1002", "1040", "1064", "1076")
EMPTY, SOUNDLESS, CUT, LONG = (
    "1076_MTI_NEU_XX",
    "1076_MTI_SAD_XX",
    "1064_TIE_SAD_XX",
    "1064_IEO_DIS_MD",
)
NAMES = ["Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad"]
HEADER = [
    *("", "A", "D", "F", "H", "N", "S", "fileName", "numResponses", "agreement", "emoVote"),
    *("meanEmoResp", *(f"mean{name}Resp" for name in NAMES), "medianEmoResp"),
    *("meanEmoRespNorm", *(f"mean{name}RespNorm" for name in NAMES), "medianEmoRespNorm"),
]


def crema_d(folder: Path) -> Path:
    """Write the clips and the votes into a folder."""
    clips = [f"{actor}_DFA_{code}_XX" for actor in ACTORS for code in CODES]
    clips += ["1040_ITH_SAD_X", EMPTY, SOUNDLESS, CUT, LONG]
    videos = folder / "VideoFlash"
    for clip in clips:
        emotion, actor = CODES[clip.split("_")[2]], int(clip[:4])
        if clip == EMPTY:
            sound = np.random.default_rng(0).normal(0, 0.1, 160)
            write(videos / f"{clip}.flv", FLV, [np.full((112, 160, 3), 90, np.uint8)] * 3, sound)
        elif clip == LONG:
            make(videos, clip, FLV, emotion, actor, duration_s=4.0)
        else:
            file = make(videos, clip, FLV, emotion, actor, sound=clip != SOUNDLESS)
            if clip == CUT:
                file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
    (folder / "processedResults").mkdir()
    with (folder / "processedResults/tabulatedVotes.csv").open("w", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC).writerows([HEADER, *votes(clips)])
    return folder


def votes(clips: list[str]) -> list[list[object]]:
    """Return three rows a clip: of the voice, of the face, of both."""
    draw = random.Random(0)  # noqa: S311 - votes, not secrets
    return [
        _row(str(kind * 100_000 + number), clip, draw)
        for kind in (1, 2, 3)
        for number, clip in enumerate(clips, 1)
    ]


def _row(key: str, clip: str, draw: random.Random) -> list[object]:
    counts = [draw.choice([0, 0, 1, 2, 3]) for _ in NAMES]
    counts[list(CODES).index(clip.split("_")[2])] += 4
    levels = [draw.randint(0, 700) / 7 if count else -1 for count in counts]
    most = [letter for letter, n in zip("ADFHNS", counts, strict=True) if n == max(counts)]
    norm = ["NA" if draw.random() < 0.1 else level for level in levels]
    share = max(counts) / sum(counts)
    return [
        *(key, *counts, clip, sum(counts), share, ":".join(most)),
        *(50.5, *levels, 60, 50.1, *norm, "NA"),
    ]
