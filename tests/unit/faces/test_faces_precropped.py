import json
import os

import cv2
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from outside import tree_of
from PIL import Image

from merflow.corpus.manifest import COLUMNS
from merflow.faces.align import SIDE
from merflow.faces.commands import group
from merflow.faces.crops import TRACK
from merflow.faces.pictures import pictures_of, watched_files
from merflow.faces.precropped import face_of_pictures
from merflow.features.inputs import Crops
from merflow.features.samples import Sample
from merflow.storage.digest import file_sha256

SCORE, TIME = TRACK.index("score"), TRACK.index("time_s")


def shade(number, side=SIDE):
    """Return a picture whose colour tells its number; red is not blue."""
    picture = np.zeros((side, side, 3), dtype=np.uint8)
    picture[:] = [200, 10 * number, 5 * number]
    return picture


def save(path, number, side=SIDE):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(shade(number, side)).save(path)


def numbers(crops):
    """Return which pictures these crops are."""
    return [round(float(crop[:, :, 1].mean()) / 10) for crop in crops]


@pytest.mark.parametrize("suffix", ["bmp", "png", "jpg", "JPEG"])
def test_pictures_are_taken_in_the_order_of_their_numbers(tmp_path, suffix):
    names = list(range(1, 13))
    np.random.default_rng(1).shuffle(names)
    for number in names:
        save(tmp_path / "a" / f"face{number}.{suffix}", number)
    clip = face_of_pictures(tmp_path, "a")
    assert numbers(clip.crops) == list(range(1, 13))
    assert list(clip.track[:, 0]) == list(range(1, 13))
    np.testing.assert_allclose(clip.crops[:, 0, 0, 0], 200, atol=3)  # red, whatever the format
    assert np.isfinite(clip.track[:, SCORE]).all()
    assert np.isnan(clip.track[:, 2:6]).all()
    assert (clip.facts.person, clip.facts.reason) == ("given", "")


def openface(root, clip, success):
    """Write what OpenFace writes: a picture even where it has lost the face, and the csv."""
    rows = ["frame, face_id, timestamp, confidence, success, gaze_0_x"]
    for number, fine in enumerate(success, start=1):
        save(root / f"{clip}_aligned" / f"frame_det_00_{number:06d}.bmp", number)
        rows.append(f"{number}, 0, {number / 25:.3f}, {0.98 if fine else 0.1}, {int(fine)}, 0.1")
    (root / f"{clip}.csv").write_text("\n".join(rows) + "\n")


def test_openface_frames_without_success_are_left_out(tmp_path):
    openface(tmp_path, "a", [True, True, False, True])
    clip = face_of_pictures(tmp_path, "a")
    assert numbers(clip.crops) == [1, 2, 4]
    np.testing.assert_allclose(clip.track[:, SCORE], [0.98, 0.98, np.nan, 0.98], rtol=1e-6)
    np.testing.assert_allclose(clip.track[:, TIME], np.arange(1, 5) / 25, rtol=1e-6)


def test_a_csv_that_is_not_openfaces_is_left_alone(tmp_path):
    openface(tmp_path, "a", [False, False])
    (tmp_path / "a.csv").write_text("name,discrete\na,happy\n")
    assert numbers(face_of_pictures(tmp_path, "a").crops) == [1, 2]


@pytest.mark.parametrize("place", ["a.npy", "a/a.npy"])
def test_arrays_are_bgr_as_cv2_reads_pictures(tmp_path, place):
    save(tmp_path / "one.bmp", 3)
    frame = cv2.imread(str(tmp_path / "one.bmp"))
    (tmp_path / "a").mkdir()
    np.save(tmp_path / place, np.stack([frame, frame // 2]))
    clip = face_of_pictures(tmp_path, "a")
    np.testing.assert_array_equal(clip.crops[0], shade(3))
    assert list(clip.track[:, 0]) == [1, 2]


def test_any_size_and_grey_pictures_become_rgb_of_112_pixels(tmp_path):
    save(tmp_path / "a" / "1.png", 1, side=256)
    Image.fromarray(np.full((20, 30), 77, np.uint8)).save(tmp_path / "a" / "2.png")
    clip = face_of_pictures(tmp_path, "a")
    assert clip.crops.shape == (2, SIDE, SIDE, 3)
    np.testing.assert_array_equal(clip.crops[0], shade(1))
    assert (clip.crops[1] == 77).all()
    np.save(tmp_path / "b.npy", np.full((2, 50, 40), 9, np.uint8))
    assert (face_of_pictures(tmp_path, "b").crops == 9).all()


def test_a_broken_picture_is_left_out_and_counted(tmp_path):
    for number in (1, 2, 3):
        save(tmp_path / "a" / f"{number}.png", number)
    content = (tmp_path / "a" / "2.png").read_bytes()
    (tmp_path / "a" / "2.png").write_bytes(content[: len(content) // 2])
    clip = face_of_pictures(tmp_path, "a")
    assert numbers(clip.crops) == [1, 3]
    assert clip.facts.left_out == 1
    assert np.isnan(clip.track[1, SCORE])


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 9, 9, 3), np.float32),
        np.zeros((2, 9, 9, 4), np.uint8),
        np.zeros((2, 0, 9, 3), np.uint8),
        np.zeros(4, np.uint8),
        np.array([{"no": "pickle"}], dtype=object),
    ],
)
def test_an_array_of_something_else_gives_no_face(tmp_path, array):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    clip = face_of_pictures(tmp_path, "a")
    assert len(clip.crops) == 0
    assert clip.facts.reason == "no usable picture among its files"
    assert clip.facts.left_out == 1


def test_a_clip_without_files_is_faceless_with_its_reason(tmp_path):
    clip = face_of_pictures(tmp_path, "a")
    assert clip.crops.shape == (0, SIDE, SIDE, 3)
    assert clip.track.shape == (0, len(TRACK))
    assert clip.facts.reason == "no pictures in the folder"


@pytest.mark.parametrize("defect", ["file", "folder", "array", "name"])
def test_nothing_outside_of_the_root_is_followed(tmp_path, defect):
    root, away = tmp_path / "root", tmp_path / "away"
    root.mkdir()
    save(away / "1.png", 1)
    np.save(away / "a.npy", shade(1)[None])
    name = "a"
    if defect == "file":
        save(root / "a" / "2.png", 2)
        (root / "a" / "1.png").symlink_to(away / "1.png")
    elif defect == "folder":
        (root / "a").symlink_to(away)
    elif defect == "array":
        (root / "a.npy").symlink_to(away / "a.npy")
    else:
        name = "../away"
    clip = face_of_pictures(root, name)
    assert numbers(clip.crops) == ([2] if defect == "file" else [])
    assert clip.facts.left_out >= 1
    if defect != "file":
        assert clip.facts.reason == "its pictures lead out of the folder"
    assert not any("away" in os.path.realpath(file) for file in watched_files(root, [name]))


def test_a_link_within_the_root_is_followed(tmp_path):
    save(tmp_path / "pool" / "1.png", 1)
    (tmp_path / "a").symlink_to(tmp_path / "pool")
    assert numbers(face_of_pictures(tmp_path, "a").crops) == [1]


def test_of_two_pictures_of_a_frame_the_first_by_name_is_taken_and_told(tmp_path):
    for number, name in enumerate(["1.jpg", "1.png", "2.bmp", "2.jpeg", "3.png"], start=1):
        save(tmp_path / "a" / name, number)
    clip = face_of_pictures(tmp_path, "a")
    assert numbers(clip.crops) == [1, 3, 5]
    assert list(clip.track[:, 0]) == [1, 2, 3]
    assert clip.facts.left_out == 2
    told = "1.png is of the same frame as 1.jpg and left out, and 1 more so"
    assert clip.facts.reason == told
    assert len(watched_files(tmp_path, ["a"])) == 5


def test_names_that_are_not_utf8_are_told_in_the_table(project):
    (project / "pictures/b").mkdir(parents=True)
    for name in ("\u8bdd1.png", "\u8bdd1 (1).png", "\u8bdd2.png"):
        save(project / "picture.png", 1)
        (project / "picture.png").rename(project / "pictures/b" / os.fsdecode(name.encode("gbk")))
    facts = pd.read_csv(cropped(project, project / "pictures", "one")["facts"], index_col="clip")
    told = r"\xbb\xb01 (1).png is of the same frame as \xbb\xb01.png and left out"
    assert facts.loc["b", "reason"] == told


def test_of_several_faces_of_openface_the_first_is_taken(tmp_path):
    openface(tmp_path, "a", [True, True])
    save(tmp_path / "a_aligned" / "frame_det_01_000002.bmp", 9)
    clip = face_of_pictures(tmp_path, "a")
    assert numbers(clip.crops) == [1, 2]
    np.testing.assert_allclose(clip.track[:, TIME], np.arange(1, 3) / 25, rtol=1e-6)
    assert clip.facts.reason.startswith("frame_det_01_000002.bmp is of the same frame as")


def test_a_second_face_in_one_frame_leaves_the_other_frames_alone(tmp_path):
    for number in range(1, 20):
        save(tmp_path / "a" / f"frame_{number:03d}_face_0.jpg", number)
    save(tmp_path / "a" / "frame_010_face_1.jpg", 25)
    clip = face_of_pictures(tmp_path, "a")
    assert numbers(clip.crops) == list(range(1, 20))
    assert clip.facts.left_out == 1
    told = "frame_010_face_1.jpg is of the same frame as frame_010_face_0.jpg and left out"
    assert clip.facts.reason == told


def test_a_copy_of_a_picture_does_not_take_its_place(tmp_path):
    for number, name in enumerate(["1.png", "2.png", "2 (1).png", "3.png", "3-1.png"], start=1):
        save(tmp_path / "a" / name, number)
    assert numbers(face_of_pictures(tmp_path, "a").crops) == [1, 2, 4]


def test_numbers_too_large_for_frames_keep_their_order(tmp_path):
    """As times in microseconds."""
    times = [10**6 * second for second in (0, 9, 16, 17, 90, 100, 1000)]
    for number, time in enumerate(times, start=1):
        save(tmp_path / "a" / f"{time}.png", number)
    assert numbers(face_of_pictures(tmp_path, "a").crops) == list(range(1, 8))


def test_hidden_files_are_no_pictures(tmp_path):
    for number in (1, 2):
        save(tmp_path / "a" / f"{number}.png", number)
        (tmp_path / "a" / f"._{number}.png").write_bytes(b"of macOS")
    clip = face_of_pictures(tmp_path, "a")
    assert numbers(clip.crops) == [1, 2]
    assert (clip.facts.left_out, clip.facts.reason) == (0, "")


def test_pictures_without_numbers_follow_those_with(tmp_path):
    for number, name in enumerate(["4.png", "x.png", "y.png"], start=1):
        save(tmp_path / "a" / name, number)
    assert pictures_of(tmp_path, "a").frames == (4, 5, 6)


def test_all_that_decides_is_watched(tmp_path):
    openface(tmp_path, "a", [True, False])
    watched = watched_files(tmp_path, ["a", "none"])
    assert [os.path.basename(file) for file in watched] == [
        "frame_det_00_000001.bmp",
        "frame_det_00_000002.bmp",
        "a.csv",
    ]
    assert len(pictures_of(tmp_path, "a").files) == 2


@pytest.fixture
def project(tmp_path):
    """A corpus of three clips, two of which are the same file, and the options of `faces crop`."""
    rows = []
    for name, content in (("a", b"1"), ("b", b"2"), ("c", b"1")):
        (tmp_path / f"{name}.mp4").write_bytes(content)
        digest = file_sha256(tmp_path / f"{name}.mp4")
        rows.append((name, "train", f"{name}.mp4", digest, 1.0))
    table = pd.DataFrame(rows, columns=["clip", "split", "path", "sha256", "duration"])
    table.reindex(columns=COLUMNS, fill_value="").to_csv(tmp_path / "manifest.csv", index=False)
    return tmp_path


def cropped(project, pictures, name):
    spec = {"backend": "precropped", "precropped": {"root": str(pictures)}, "mask": False}
    files = {k: project / f"{name}.{k}" for k in ("crops", "tracks", "facts")}
    options = ["--spec", json.dumps(spec), "--manifest", str(project / "manifest.csv")]
    options += ["--root", str(project), "--shard", "0", "--shards", "1"]
    options += ["--store", str(project / "store")]
    options += [word for key, path in files.items() for word in (f"--{key}", str(path))]
    told = CliRunner().invoke(group, ["crop", *options], catch_exceptions=False)
    assert told.exit_code == 0
    return files


def test_from_the_command_to_the_features(project):
    openface(project / "pictures", "c", [True, False, True])
    before = tree_of(project / "pictures")
    files = cropped(project, project / "pictures", "one")
    assert before
    assert tree_of(project / "pictures") == before
    facts = pd.read_csv(files["facts"], keep_default_na=False).set_index("clip")
    # Clips a and c are one file: what lies there for either is the face of both.
    assert facts["reason"].to_dict() == {"a": "", "b": "no pictures in the folder", "c": ""}
    tracks = pd.read_parquet(files["tracks"])
    assert list(tracks.loc[tracks["clip"] == "a", "kept"]) == [True, False, True]
    inputs = Crops([files["crops"]])
    sample = {
        row.clip: Sample(row.clip, row.sha256, row.path, 1.0)
        for row in pd.read_csv(project / "manifest.csv").itertuples()
    }
    assert [inputs.has(sample[name]) for name in "abc"] == [True, False, True]
    assert numbers(inputs.load(sample["a"])) == [1, 3]


def test_moved_pictures_are_the_same_and_changed_ones_are_not(project):
    """The bytes and the keys of the features follow from the content, not from the place."""
    for number in (1, 2):
        save(project / "pictures" / "a" / f"{number}.png", number)
    sample = Sample("a", file_sha256(project / "a.mp4"), "a.mp4", 1.0)
    one = cropped(project, project / "pictures", "one")
    (project / "pictures").rename(project / "moved")
    other = cropped(project, project / "moved", "other")
    assert one["crops"].read_bytes() == other["crops"].read_bytes()
    save(project / "moved" / "a" / "2.png", 7)
    third = cropped(project, project / "moved", "third")
    keys = [Crops([files["crops"]]).key(sample) for files in (one, other, third)]
    assert keys[0] == keys[1] != keys[2]
    assert Crops([one["crops"]]).recipe == Crops([third["crops"]]).recipe
