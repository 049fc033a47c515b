import json
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from merflow.corpus.manifest import COLUMNS
from merflow.errors import MerflowError
from merflow.faces import make
from merflow.faces import shard as module
from merflow.faces.align import SIDE
from merflow.faces.commands import group
from merflow.faces.crops import read_crops
from merflow.faces.detect import Detection
from merflow.faces.shard import clips_of_shard, crop_shard, recipe_of
from merflow.media.mux import write_clip
from merflow.storage.digest import file_sha256

SPEC = {"backend": "cascade", "fps": 10.0, "min_face": 0.2, "detect_side": 360, "yunet": {}}
SPEC |= {"person": "largest", "mask": False, "detect_every": 1}


class Blobs:
    """Takes each bright rectangle for a face; its eyes are where a face has them."""

    weights_sha256 = "0" * 64

    def detect(self, frame: np.ndarray) -> list[Detection]:
        bright = (frame.min(axis=2) > 128).astype(np.uint8)
        stats = cv2.connectedComponentsWithStats(bright)[2][1:]
        found = []
        for x, y, w, h, area in stats:
            landmarks = np.full((5, 2), np.nan, dtype=np.float32)
            landmarks[:2] = [[x + 0.3 * w, y + 0.4 * h], [x + 0.7 * w, y + 0.4 * h]]
            if area >= 64:
                found.append(Detection(*map(float, (x, y, w, h)), 1.0, landmarks))
        return found


def small_clip(path, seed, faceless=False):
    """Write a second of a bright square that moves over a dark wall."""
    rng = np.random.default_rng(seed)
    frames = []
    for number in range(10):
        frame = np.full((48, 64, 3), 40, dtype=np.uint8)
        left = 4 + 2 * number
        if not faceless and number != 3:
            frame[8:32, left : left + 20] = rng.integers(170, 240)
        frames.append(frame)
    write_clip(path, frames, 10, 0.1 * rng.standard_normal(16000), 16000)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """Folder of six clips, of which c2 is faceless and c5 equals c1, and their manifest."""
    root = tmp_path_factory.mktemp("faces") / "root"
    rows = []
    for number in range(6):
        path = root / f"c{number}.mp4"
        small_clip(path, 1 if number == 5 else number, faceless=number == 2)
        row = dict.fromkeys(COLUMNS, "") | {"clip": path.stem, "split": "train", "duration": "1.0"}
        rows.append(row | {"path": path.name, "sha256": file_sha256(path)})
    table = pd.DataFrame(rows)[COLUMNS]
    table.to_csv(root.parent / "manifest.csv", index=False, lineterminator="\n")
    return root, root.parent / "manifest.csv"


@pytest.fixture
def blobs(monkeypatch):
    """Replace every detector by :class:`Blobs`."""
    for name in ("shard", "make"):
        monkeypatch.setattr(f"merflow.faces.{name}.make_detector", lambda spec: Blobs())


def cropped(corpus, folder, shard=0, shards=1, store=None):
    """Run one shard; returns (clips computed, crops file, tracks file)."""
    root, manifest = corpus
    crops = folder / f"crops-{shard}-of-{shards}.safetensors"
    tracks = folder / f"tracks-{shard}-of-{shards}.parquet"
    clips = clips_of_shard(manifest, shard, shards)
    facts = folder / f"facts-{shard}-of-{shards}.csv"
    done = crop_shard(SPEC, clips, root, store or folder / "store", crops, tracks, facts)
    return done, crops, tracks


@pytest.fixture
def whole(corpus, tmp_path, blobs):
    """All clips in one shard, in one go."""
    return cropped(corpus, tmp_path / "whole")


def test_crops_and_tracks_agree(corpus, whole):
    done, crops, tracks = whole
    assert done == 5  # of six clips two are equal
    reader, table = read_crops([crops]), pd.read_parquet(tracks)
    manifest = pd.read_csv(corpus[1])
    assert list(table["clip"].unique()) == list(manifest["clip"])
    for clip, sha256 in zip(manifest["clip"], manifest["sha256"], strict=True):
        rows = table[table["clip"] == clip]
        assert list(rows["frame"]) == list(range(10))
        np.testing.assert_allclose(rows["time_s"], np.arange(10) / 10, atol=1e-3)
        assert (rows["kept"] == rows["score"].notna()).all()
        assert list(rows["kept"]) == [clip != "c2" and frame != 3 for frame in range(10)]
        assert reader.crops(sha256).shape == (rows["kept"].sum(), SIDE, SIDE, 3)


def test_a_clip_without_a_face_has_a_track_and_no_crops(corpus, whole):
    manifest = pd.read_csv(corpus[1]).set_index("clip")
    reader = read_crops([whole[1]])
    sha256 = manifest.loc["c2", "sha256"]
    assert reader.crops(sha256).shape == (0, SIDE, SIDE, 3)
    assert np.isnan(reader.track(sha256)[:, 2:]).all()
    assert reader.track(sha256).shape == (10, 17)


def test_the_number_of_shards_changes_no_result(corpus, whole, tmp_path):
    shards = [cropped(corpus, tmp_path / "parts", k, 4) for k in range(4)]
    many, one = read_crops([crops for _, crops, _ in shards]), read_crops([whole[1]])
    for sha256 in pd.read_csv(corpus[1])["sha256"]:
        np.testing.assert_array_equal(many.crops(sha256), one.crops(sha256))
        np.testing.assert_array_equal(many.track(sha256), one.track(sha256))
    tables = pd.concat([pd.read_parquet(tracks) for *_, tracks in shards])
    tables = tables.sort_values(["clip", "frame"], ignore_index=True)
    pd.testing.assert_frame_equal(tables, pd.read_parquet(whole[2]))


@pytest.mark.parametrize("finished", [1, 3, 4])
def test_after_a_kill_only_the_missing_is_computed(corpus, whole, tmp_path, monkeypatch, finished):
    monkeypatch.setattr(module, "BATCH", 1)
    honest, seen = make.face_of_clip, []

    def killed(*arguments):
        if len(seen) == finished:
            raise KeyboardInterrupt
        seen.append(arguments)
        return honest(*arguments)

    monkeypatch.setattr(make, "face_of_clip", killed)
    with pytest.raises(KeyboardInterrupt):
        cropped(corpus, tmp_path / "killed")
    monkeypatch.setattr(make, "face_of_clip", honest)
    done, crops, tracks = cropped(corpus, tmp_path / "killed")
    assert done == 5 - finished
    assert crops.read_bytes() == whole[1].read_bytes()
    assert tracks.read_bytes() == whole[2].read_bytes()


def test_a_second_run_computes_nothing_and_changes_no_byte(corpus, whole):
    _, crops, tracks = whole
    before = crops.read_bytes(), tracks.read_bytes()
    crops.unlink()
    tracks.unlink()
    assert cropped(corpus, crops.parent)[0] == 0
    assert (crops.read_bytes(), tracks.read_bytes()) == before


def test_an_added_clip_is_all_that_is_computed(corpus, whole, tmp_path):
    root, manifest = corpus
    fewer = tmp_path / "manifest.csv"
    pd.read_csv(manifest, dtype=str).iloc[:3].to_csv(fewer, index=False)
    store = tmp_path / "store"
    assert cropped((root, fewer), tmp_path / "fewer", store=store)[0] == 3
    done, crops, _ = cropped(corpus, tmp_path / "more", store=store)
    assert done == 2
    assert crops.read_bytes() == whole[1].read_bytes()


def test_a_shard_of_no_clips_writes_valid_files(corpus, tmp_path, blobs):
    shards = [cropped(corpus, tmp_path, k, 50) for k in range(50)]
    done, crops, tracks = next(shard for shard in shards if shard[0] == 0)
    table = pd.read_parquet(tracks)
    assert done == 0
    assert table.empty
    assert table["kept"].dtype == bool
    read_crops([crops])


def test_the_recipe_is_of_what_decides_the_crops():
    spec = SPEC
    recipe = recipe_of(spec, Blobs())
    moved = spec | {"yunet": {"path": "elsewhere.onnx", "sha256": None}}
    assert recipe_of(moved, Blobs()) == recipe
    other = Blobs()
    other.weights_sha256 = "1" * 64
    changes = [({name: spec[name] * 2}, Blobs()) for name in ("fps", "min_face", "detect_side")]
    changes += [({"detect_every": 5}, Blobs())]
    changes += [({"person": "central"}, Blobs()), ({"mask": True}, Blobs())]
    for change, detector in [*changes, ({}, other)]:
        assert recipe_of(spec | change, detector) != recipe


@pytest.mark.parametrize(
    ("defect", "words"),
    [("changed", "changed since"), ("missing", "there is no file"), ("outside", "leads out of")],
)
def test_a_clip_that_is_not_as_listed_is_told(corpus, tmp_path, blobs, defect, words):
    root = tmp_path / "root"
    shutil.copytree(corpus[0], root)
    clip = root / "c4.mp4"
    content = clip.read_bytes()
    clip.unlink()
    if defect == "changed":
        clip.write_bytes(content + b"\0")
    if defect == "outside":
        (tmp_path / "away.mp4").write_bytes(content)
        clip.symlink_to(tmp_path / "away.mp4")
    with pytest.raises(MerflowError, match=words) as caught:
        cropped((root, corpus[1]), tmp_path)
    assert "c4" in str(caught.value)
    assert "--forcerun corpus_check" in str(caught.value)


def test_the_command_line_from_clips_to_the_sheet(corpus, tmp_path, blobs):
    root, manifest = corpus
    files = {name: tmp_path / name for name in ("q.csv", "quarantine.csv", "sheet.png")}
    crops, tracks = tmp_path / "crops.safetensors", tmp_path / "tracks.parquet"

    def run(*arguments):
        texts = [str(argument) for argument in arguments]
        return CliRunner().invoke(group, texts, catch_exceptions=False)

    shard = ["--root", root, "--shard", 0, "--shards", 1, "--store", tmp_path / "store"]
    facts = tmp_path / "facts.csv"
    outputs = ["--crops", crops, "--tracks", tracks, "--facts", facts]
    run("crop", "--spec", json.dumps(SPEC), "--manifest", manifest, *shard, *outputs)
    tables = ["--out", files["q.csv"], "--quarantine", files["quarantine.csv"]]
    told = run("quality", "--tracks", tracks, "--facts", facts, "--manifest", manifest, *tables)
    assert told.output == "faces: in 45 of 60 frames of 6 clips; 1 clips faceless\n"
    drawn = ["--quality", files["q.csv"], "--out", files["sheet.png"]]
    run("sheet", "--crops", crops, "--manifest", manifest, *drawn)
    digests = {name: file_sha256(path) for name, path in files.items()}
    run("quality", "--tracks", tracks, "--facts", facts, "--manifest", manifest, *tables)
    drawn = ["--quality", files["q.csv"], "--out", files["sheet.png"]]
    run("sheet", "--crops", crops, "--manifest", manifest, *drawn)
    assert {name: file_sha256(path) for name, path in files.items()} == digests
