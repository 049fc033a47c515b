"""A contact sheet of crops, for private viewing: it shows persons."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from jaxtyping import UInt8

from merflow.errors import MerflowError
from merflow.faces.align import SIDE
from merflow.faces.crops import CropReader
from merflow.storage.atomic import replacing

COLUMNS = 5
"""Crops shown of each clip, evenly spread over it."""
TITLE = 16
"""Height of a clip's title, pixels."""


def contact_sheet(
    reader: CropReader, manifest: pd.DataFrame, clips: int
) -> UInt8[np.ndarray, "h w 3"]:
    """Return a picture of some clips' crops, RGB, two clips abreast.

    Args:
        reader: Crops of any shards.
        manifest: With the columns clip and sha256.
        clips: How many are shown at most, evenly spread over those that the reader holds.

    Raises:
        MerflowError: The reader holds no clip of the manifest.
    """
    held = manifest[[sha256 in reader for sha256 in manifest["sha256"]]].sort_values("clip")
    if held.empty:
        raise MerflowError("the files given to --crops hold no clip of the manifest; name others")
    chosen = held.iloc[_spread(len(held), clips)]
    strips = [
        _strip(clip, reader.crops(sha256))
        for clip, sha256 in zip(chosen["clip"], chosen["sha256"], strict=True)
    ]
    if len(strips) % 2:
        strips.append(np.full_like(strips[0], 255))
    return np.vstack([np.hstack(strips[row : row + 2]) for row in range(0, len(strips), 2)])


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


def _strip(title: str, crops: UInt8[np.ndarray, "n 112 112 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """Return one clip's title above its crops."""
    strip = np.full((TITLE + SIDE, COLUMNS * SIDE + 4, 3), 255, dtype=np.uint8)
    text = f"{title}: {len(crops)} faces"
    cv2.putText(strip, text, (4, TITLE - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1)
    for column, number in enumerate(_spread(len(crops), COLUMNS) if len(crops) else ()):
        strip[TITLE:, column * SIDE : (column + 1) * SIDE] = crops[number]
    return strip
