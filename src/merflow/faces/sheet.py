"""A contact sheet of crops, for private viewing: it shows persons."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from jaxtyping import UInt8

from merflow.errors import MerflowError
from merflow.faces.align import SIDE
from merflow.faces.crops import CropReader
from merflow.faces.lettering import shortened, write, write_lines
from merflow.storage.atomic import replacing

COLUMNS = 5
"""Crops shown of each clip, evenly spread over it."""
TITLE = 16
"""Height of a clip's title, pixels."""
LETTERS, HEADING_LETTERS = 12, 18
"""Sizes of letters, pixels."""


def contact_sheet(
    reader: CropReader, manifest: pd.DataFrame, quality: pd.DataFrame, clips: int
) -> UInt8[np.ndarray, "h w 3"]:
    """Return a picture of some clips' crops, RGB, two clips abreast: usual ones, then the worst.

    No clip is shown twice: the worst are not among the usual ones, and where there are too few for
    both kinds, all are shown in the order of their rank. Above each clip stands its rank, by which
    the quality table tells it though its name be in a script that cannot be drawn; in place of
    crops that are not there stands why.

    Args:
        reader: Crops of any shards.
        manifest: With the columns clip and sha256.
        quality: With the columns clip, rank, frames, face_rate and reason.
        clips: How many are shown at most of each kind: the worst, by their rank, of those that the
            reader holds, and as many evenly spread over the others.

    Raises:
        MerflowError: The reader holds no clip of the manifest.
    """
    held = manifest[[sha256 in reader for sha256 in manifest["sha256"]]].merge(quality, on="clip")
    if held.empty:
        raise MerflowError("the files given to --crops hold no clip of the manifest; name others")
    ranked = held.sort_values("rank")
    titled = [(f"all {len(held)} clips, the worst first", ranked)]
    if len(held) > 2 * clips:
        worst, rest = ranked.head(clips), ranked.iloc[clips:].sort_values("clip")
        usual = rest.iloc[_spread(len(rest), clips)]
        titled = [(f"{len(usual)} clips spread over the corpus", usual), ("the worst clips", worst)]
    return np.vstack([part for title, chosen in titled for part in _part(title, chosen, reader)])


def _part(title: str, chosen: pd.DataFrame, reader: CropReader) -> list[UInt8[np.ndarray, "h w 3"]]:
    """Return a heading and rows of two clips each."""
    strips = [_strip(row, reader.crops(row.sha256)) for row in chosen.itertuples()]
    if len(strips) % 2:
        strips.append(np.full_like(strips[0], 255))
    rows = [np.hstack(strips[row : row + 2]) for row in range(0, len(strips), 2)]
    heading = np.full((2 * TITLE, rows[0].shape[1], 3), 225, dtype=np.uint8)
    heading = write(heading, 4, 5, title, HEADING_LETTERS)
    return [heading, *rows]


def write_sheet(sheet: UInt8[np.ndarray, "h w 3"], output: Path) -> None:
    """Write the picture in the format that the file name's ending says.

    Raises:
        MerflowError: The ending is no picture's, or the file cannot be written.
    """
    with replacing(output) as temporary:
        try:
            written = cv2.imwrite(str(temporary), sheet[:, :, ::-1])
        except cv2.error:  # an unknown ending; other faults give False
            written = False
        if not written:
            raise MerflowError(
                f"the contact sheet {output} cannot be written: name a .png in a folder with space "
                "that you may write to"
            )


def _spread(there: int, wanted: int) -> list[int]:
    """Return ``wanted`` places evenly spread over ``there``, or all."""
    return sorted({round(place) for place in np.linspace(0, there - 1, min(there, wanted))})


def _strip(
    clip: Any, crops: UInt8[np.ndarray, "n 112 112 3"]
) -> UInt8[np.ndarray, "strip_h strip_w 3"]:
    """Return one clip's title above its crops.

    Args:
        clip: A row of the quality table.
        crops: The clip's.
    """
    strip = np.full((TITLE + SIDE, COLUMNS * SIDE + 4, 3), 255, dtype=np.uint8)
    told = f"rank {clip.rank}, a face in {100 * clip.face_rate:.0f} %: "
    title = shortened(clip.clip, told, strip.shape[1] - 8, LETTERS)
    strip = write(strip, 4, 1, title, LETTERS)
    if not len(crops):
        strip[TITLE:, : COLUMNS * SIDE] = 240
        return write_lines(strip, 12, TITLE + SIDE // 3, _why(clip), LETTERS)
    for column, number in enumerate(_spread(len(crops), COLUMNS)):
        strip[TITLE:, column * SIDE : (column + 1) * SIDE] = crops[number]
    return strip


def _why(clip: Any) -> str:
    """Return why a row of the quality table has no crops."""
    what = "no face" if clip.frames else "no pictures"
    if clip.reason.startswith(what):
        return str(clip.reason)
    return f"{what}: {clip.reason}" if clip.reason else what
