import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from merflow.errors import MerflowError
from merflow.faces import sheet
from merflow.faces.crops import TRACK, CropCodec, FaceClip, read_crops
from merflow.faces.facts import Facts
from merflow.faces.lettering import shortened, write, write_lines

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
    return sheet_of(folder, table.assign(frames=5, reason=""), clips)


def sheet_of(folder, table, clips):
    reader = read_crops([folder / "a.safetensors"])
    return sheet.contact_sheet(
        reader, table[["clip", "sha256"]], table.drop(columns="sha256"), clips
    )


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


def strips(folder, *rows):
    """Return the titles of a sheet of clips, and what is below each; rows as :func:`usual` gives.

    The ranks must be 1, 2 and so on.
    """
    items = {}
    for row in rows:
        crops = np.full((5 if row["face_rate"] else 0, 112, 112, 3), 90, np.uint8)
        track = np.zeros((row["frames"], len(TRACK)), np.float32)
        items[row["sha256"]] = FaceClip(crops, track, Facts("largest"))
    CropCodec().write(folder / "a.safetensors", items, "made")
    picture = sheet_of(folder, pd.DataFrame(rows), len(rows))
    half, cut = picture.shape[1] // 2, []
    for number in range(len(rows)):
        top, left = HEADING + number // 2 * ROW, number % 2 * half
        cut.append(picture[top : top + ROW, left : left + half])
    return [strip[: sheet.TITLE] for strip in cut], [strip[sheet.TITLE :] for strip in cut]


def usual(rank, clip, **others):
    row = {"clip": clip, "sha256": f"{rank:064x}", "rank": rank, "frames": 5, "face_rate": 1.0}
    return row | {"reason": ""} | others


def title(words):
    blank = np.full((sheet.TITLE, 564, 3), 255, np.uint8)
    return write(blank, 4, 1, words, sheet.LETTERS)


def test_a_title_has_the_rank_the_face_rate_and_the_name(tmp_path):
    titles, _ = strips(tmp_path, usual(1, "öffnen", face_rate=0.2), usual(2, "лицо"))
    assert np.array_equal(titles[0], title("rank 1, a face in 20 %: öffnen"))
    assert np.array_equal(titles[1], title("rank 2, a face in 100 %: лицо"))


@pytest.mark.parametrize("letters", ["aou", "äöü", "åøč", "αβγ", "джя"])
def test_letters_of_each_script_differ_and_none_is_the_box_of_those_that_lack(letters):
    drawn = [title(letter).tobytes() for letter in (*letters, "\u8138")]
    assert len(set(drawn)) == len(letters) + 1


def test_a_name_in_a_script_without_letters_is_told_by_its_rank(tmp_path):
    titles, _ = strips(tmp_path, usual(1, "脸部"), usual(2, "表情"))
    assert not np.array_equal(*titles)
    assert np.array_equal(title("脸部"), title("表情"))  # boxes: the rank alone tells them apart


def test_a_decomposed_name_looks_like_the_composed_one():
    assert np.array_equal(title("e\u0301te\u0301"), title("été"))


def test_a_line_break_in_a_name_does_not_break_the_line():
    assert np.array_equal(title("a\nb"), title("a\ufffdb"))


@pytest.mark.parametrize("name", ["first" + 300 * "x" + "last", 300 * "脸", 300 * "\u0416"])
def test_a_long_name_keeps_its_ends(name):
    told = shortened(name, "rank 7: ", 400, sheet.LETTERS)
    assert told.startswith(f"rank 7: {name[:5]}")
    assert told.endswith(name[-4:])
    assert "…" in told
    wide = np.full((16, 600, 3), 255, np.uint8)
    assert (write(wide, 0, 1, told, sheet.LETTERS)[:, 401:] == 255).all()


def test_a_short_name_stays_whole():
    assert shortened("clip", "rank 7: ", 400, sheet.LETTERS) == "rank 7: clip"


@pytest.mark.parametrize(
    ("frames", "reason", "told"),
    [
        (20, "no face in 20 frames", "no face in 20 frames"),
        (3, "no usable picture among its files", "no face: no usable picture among its files"),
        (0, "no pictures in the folder", "no pictures in the folder"),
        (0, "its pictures lead out of the folder", "no pictures: its pictures lead out"),
        (0, "", "no pictures"),
    ],
)
def test_a_clip_without_crops_says_why(tmp_path, frames, reason, told):
    odd = usual(1, "odd", frames=frames, face_rate=0.0, reason=reason)
    _, (empty, full) = strips(tmp_path, odd, usual(2, "usual"))
    grey = np.full((112 + sheet.TITLE, 564, 3), 255, np.uint8)
    grey[sheet.TITLE :, :560] = 240
    told += " of the folder" if "lead out" in told else ""
    expected = write_lines(grey, 12, sheet.TITLE + 112 // 3, told, sheet.LETTERS)
    assert np.array_equal(empty, expected[sheet.TITLE :])
    assert (empty < 100).any()
    assert (full[:, :560] == 90).all()


def test_a_long_reason_takes_lines():
    blank = np.full((112, 564, 3), 255, np.uint8)
    drawn = write_lines(blank, 12, 4, "word " * 40, sheet.LETTERS)
    assert (drawn[:, 552:] == 255).all()
    dark = (drawn < 100).any(axis=(1, 2))
    assert dark[4:20].any()
    assert dark[34:49].any()


DRAWS = """
import numpy as np
from merflow.faces.lettering import write
print(write(np.full((20, 200, 3), 255, np.uint8), 4, 1, "лицо 7", 12).tobytes().hex())
"""


def test_the_machine_does_not_change_the_letters(tmp_path):
    (tmp_path / "matplotlibrc").write_text("font.family: serif\nfont.size: 30\n")
    odd = {"MATPLOTLIBRC": str(tmp_path), "HOME": str(tmp_path), "LC_ALL": "C"}
    run = [sys.executable, "-c", DRAWS]
    ran = [
        subprocess.run(run, env={**os.environ, **more}, capture_output=True, text=True, check=True)
        for more in ({}, odd)
    ]
    assert ran[0].stdout == ran[1].stdout != ""
