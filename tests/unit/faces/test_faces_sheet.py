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


def test_usual_clips_come_first_then_the_worst(tmp_path):
    """Each clip is of one shade of grey, which tells it in the picture."""
    items, rows = {}, []
    for number in range(8):
        key, shade = f"{number}" * 64, 20 + 25 * number
        crops = np.full((5, 112, 112, 3), shade, np.uint8)
        items[key] = FaceClip(crops, np.zeros((5, len(TRACK)), np.float32), Facts("largest"))
        rows.append((f"c{number}", key, 1.0, (number - 3) % 8 + 1))
    CropCodec().write(tmp_path / "a.safetensors", items, "made")
    table = pd.DataFrame(rows, columns=["clip", "sha256", "face_rate", "rank"])
    manifest, quality = table[["clip", "sha256"]], table[["clip", "face_rate", "rank"]]
    drawn = sheet.contact_sheet(read_crops([tmp_path / "a.safetensors"]), manifest, quality, 2)
    row, heading = sheet.TITLE + 112, 2 * sheet.TITLE
    assert drawn.shape[0] == 2 * (heading + row)
    centres = [heading + row - 56, 2 * (heading + row) - 56]
    shades = [[int(drawn[y, x, 0]) for x in (56, 56 + drawn.shape[1] // 2)] for y in centres]
    assert shades == [[20, 20 + 25 * 7], [20 + 25 * 3, 20 + 25 * 4]]
