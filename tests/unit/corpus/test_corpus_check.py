from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
import soundfile

from merflow.corpus.check import check_label, check_shard
from merflow.corpus.labels import Label
from merflow.corpus.manifest import CHECKED
from merflow.errors import MerflowError
from merflow.storage.digest import file_sha256
from merflow.storage.shards import shard_of


def label(path: str, split: str = "train", clip: str = "") -> Label:
    return Label(clip or Path(path).stem, split, "angry", "1.0", "s1", path)


@pytest.fixture
def corpus(tmp_path: Path, make_clip) -> Path:
    """A root with one good clip and one of each defect, and a good clip beside the root."""
    root = tmp_path / "root"
    good = make_clip(root / "good.mp4")
    make_clip(tmp_path / "beside.mp4", seed=1)
    (root / "link_out.mp4").symlink_to(tmp_path / "beside.mp4")
    (root / "link_in.mp4").symlink_to(good)
    (root / "loop.mp4").symlink_to(root / "loop.mp4")
    (root / "zero.mp4").touch()
    (root / "garbage.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    (root / "cut.mp4").write_bytes(good.read_bytes()[:600])
    make_clip(root / "silent.mp4", loudness=0.0)
    soundfile.write(root / "no_picture.wav", np.full(8000, 0.1), 16000)
    with av.open(str(good)) as source, av.open(str(root / "no_sound.mp4"), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return root


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("absent.mp4", "missing"),
        ("loop.mp4", "missing"),
        (".", "missing"),
        ("../beside.mp4", "outside_root"),
        ("link_out.mp4", "outside_root"),
        ("/etc/passwd", "outside_root"),
        ("zero.mp4", "empty"),
        ("garbage.mp4", "undecodable"),
        ("cut.mp4", "undecodable"),
        ("no_picture.wav", "no_picture"),
        ("no_sound.mp4", "soundless"),
        ("silent.mp4", "soundless"),
    ],
)
def test_each_defect_has_its_reason(corpus: Path, path: str, reason: str):
    row = check_label(label(path), corpus)
    assert row["reason"] == reason
    assert row["detail"]
    assert str(corpus) not in row["detail"]
    assert (row["sha256"], row["duration"]) == ("", "")


@pytest.mark.parametrize("path", ["good.mp4", "link_in.mp4", "x/../good.mp4"])
def test_a_good_clip_gets_digest_and_duration(corpus: Path, path: str):
    row = check_label(label(path), corpus)
    assert (row["reason"], row["detail"]) == ("", "")
    assert row["sha256"] == file_sha256(corpus / "good.mp4")
    assert float(row["duration"]) == pytest.approx(0.4, abs=0.07)
    assert len(row["duration"].partition(".")[2]) == 3


def test_a_root_that_is_a_link_is_followed(corpus: Path, tmp_path: Path):
    (tmp_path / "alias").symlink_to(corpus)
    assert check_label(label("good.mp4"), tmp_path / "alias")["reason"] == ""


def union(labels: list[Label], root: Path, shards: int, folder: Path) -> pd.DataFrame:
    tables = []
    for shard in range(shards):
        out = folder / f"{shard}-of-{shards}.csv"
        check_shard(labels, root, shard, shards, out)
        tables.append(pd.read_csv(out, dtype=str, keep_default_na=False))
        assert list(tables[-1].columns) == CHECKED
        assert all(shard_of(clip, shards) == shard for clip in tables[-1]["clip"])
    return pd.concat(tables).sort_values("clip", ignore_index=True)


def test_neither_shards_nor_the_order_of_labels_change_anything(corpus: Path, tmp_path: Path):
    paths = ["good.mp4", "zero.mp4", "garbage.mp4", "no_sound.mp4", "absent.mp4", "silent.mp4"]
    labels = [label(path) for path in paths]
    whole = union(labels, corpus, 1, tmp_path)
    assert sorted(whole["path"]) == sorted(paths)
    for shards in (2, 5):
        pd.testing.assert_frame_equal(union(labels[::-1], corpus, shards, tmp_path), whole)


def test_a_clip_is_read_for_its_digest_once(corpus: Path, monkeypatch):
    read = []
    monkeypatch.setattr("merflow.corpus.check.file_sha256", lambda path: read.append(path) or "d")
    check_label(label("good.mp4"), corpus)
    check_label(label("zero.mp4"), corpus)
    assert read == [corpus / "good.mp4"]


def test_a_missing_root_is_told(tmp_path: Path):
    with pytest.raises(MerflowError, match=r"looked for at .*nowhere.*corpus\.root"):
        check_shard([label("a.mp4")], tmp_path / "nowhere", 0, 1, tmp_path / "out.csv")
