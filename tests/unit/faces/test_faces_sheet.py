import numpy as np
import pytest

from merflow.errors import MerflowError
from merflow.faces import sheet

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
