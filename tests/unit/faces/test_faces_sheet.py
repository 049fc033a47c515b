import numpy as np
import pandas as pd
import pytest

from merflow.errors import MerflowError
from merflow.faces import sheet
from merflow.faces.crops import TRACK, CropCodec, FaceClip, read_crops
from merflow.faces.facts import Facts

PICTURE = np.zeros((4, 4, 3), np.uint8)


def test_an_ending_of_no_picture_is_told(tmp_path):
    with pytest.raises(MerflowError, match=r"sheet\.txt cannot be written"):
        sheet.write_sheet(PICTURE, tmp_path / "sheet.txt")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet.cv2, "imwrite", lambda *_: False)
    with pytest.raises(MerflowError, match=r"sheet\.png cannot be written"):
        sheet.write_sheet(PICTURE, tmp_path / "sheet.png")
    assert not list(tmp_path.iterdir())


def drawn(folder, count, clips):
    """Return the sheet of clips of one shade of grey each, which tells them in the picture.

    The fourth clip is the worst, the fifth the next.
    """
    items, rows = {}, []
    for number in range(count):
        key = f"{number}" * 64
        crops = np.full((5, 112, 112, 3), shade(number), np.uint8)
        items[key] = FaceClip(crops, np.zeros((5, len(TRACK)), np.float32), Facts("largest"))
        rows.append((f"c{number}", key, 1.0, (number - 3) % count + 1))
    CropCodec().write(folder / "a.safetensors", items, "made")
    table = pd.DataFrame(rows, columns=["clip", "sha256", "face_rate", "rank"])
    manifest, quality = table[["clip", "sha256"]], table[["clip", "face_rate", "rank"]]
    return sheet.contact_sheet(read_crops([folder / "a.safetensors"]), manifest, quality, clips)


def shade(number):
    return 20 + 25 * number


def shades(picture, *centres):
    return [[int(picture[y, x, 0]) for x in (56, 56 + picture.shape[1] // 2)] for y in centres]


ROW, HEADING = sheet.TITLE + 112, 2 * sheet.TITLE


def test_usual_clips_come_first_then_the_worst(tmp_path):
    picture = drawn(tmp_path, 8, 2)
    assert picture.shape[0] == 2 * (HEADING + ROW)
    assert shades(picture, HEADING + ROW - 56, 2 * (HEADING + ROW) - 56) == [
        [shade(0), shade(7)],
        [shade(3), shade(4)],
    ]


def test_usual_clips_are_not_among_the_worst(tmp_path):
    picture = drawn(tmp_path, 5, 2)  # the first and the last are 0 and 4, but 4 is one of the worst
    assert shades(picture, HEADING + ROW - 56, 2 * (HEADING + ROW) - 56) == [
        [shade(0), shade(2)],
        [shade(3), shade(4)],
    ]


def test_each_of_few_clips_is_shown_once(tmp_path):
    picture = drawn(tmp_path, 4, 2)
    assert picture.shape[0] == HEADING + 2 * ROW
    assert shades(picture, HEADING + ROW - 56, HEADING + 2 * ROW - 56) == [
        [shade(3), shade(0)],
        [shade(1), shade(2)],
    ]
