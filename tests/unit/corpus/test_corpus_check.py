from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
import soundfile
from decoding_workers import decoding_workers

from merflow.corpus import check
from merflow.corpus.check import check_shard
from merflow.corpus.label import Label
from merflow.corpus.label_file import files_inside
from merflow.corpus.manifest import CHECKED
from merflow.errors import MerflowError
from merflow.media.isolation import IsolatedCheck
from merflow.media.limits import Limits
from merflow.media.probe import ClipFacts
from merflow.storage.digest import file_sha256
from merflow.storage.shards import shard_of


def label(path: str, split: str = "train", clip: str = "") -> Label:
    return Label(clip or Path(path).stem, split, "angry", "1.0", "s1", path)


def check_label(one: Label, root: Path) -> pd.Series:
    """The row of a corpus of one clip."""
    folder = root.parent
    check_shard([one], root, 0, 1, folder / "store", folder / "one.csv")
    return pd.read_csv(folder / "one.csv", dtype=str, keep_default_na=False).iloc[0]


@pytest.fixture
def before_decoding(monkeypatch):
    """Return a function that lets each decoding be preceded by a call with the file."""

    def precede(call: Callable[[Path], object]) -> None:
        class Preceded(IsolatedCheck):
            def __call__(self, path: Path) -> ClipFacts:
                call(path)
                return super().__call__(path)

        monkeypatch.setattr(check, "IsolatedCheck", Preceded)

    return precede


@pytest.fixture
def decoded(before_decoding) -> list[str]:
    """The names of the files that are decoded, as they are."""
    names: list[str] = []
    before_decoding(lambda path: names.append(path.name))
    return names


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
        ("absent/../good.mp4", "missing"),
        ("zero.mp4/x.mp4", "missing"),
        ("x" * 300, "undecodable"),
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


@pytest.mark.parametrize("path", ["good.mp4", "link_in.mp4", "../{root}/good.mp4"])
def test_a_good_clip_gets_digest_and_duration(corpus: Path, path: str):
    row = check_label(label(path.format(root=corpus.name)), corpus)
    assert (row["reason"], row["detail"]) == ("", "")
    assert row["sha256"] == file_sha256(corpus / "good.mp4")
    assert float(row["duration"]) == pytest.approx(0.4, abs=0.07)
    assert len(row["duration"].partition(".")[2]) == 3


def test_a_root_that_is_a_link_is_followed(corpus: Path, tmp_path: Path):
    (tmp_path / "alias").symlink_to(corpus)
    assert check_label(label("good.mp4"), tmp_path / "alias")["reason"] == ""


def test_absolute_paths_into_the_root_make_the_same_table_as_relative_ones(corpus, tmp_path):
    (tmp_path / "alias").symlink_to(corpus)
    paths = ["good.mp4", "link_in.mp4", "zero.mp4", "absent.mp4", "loop.mp4"]
    relative = union([label(path) for path in paths], corpus, 2, tmp_path)
    assert sorted(relative["path"]) == sorted(paths)
    for top in (corpus, tmp_path / "alias", corpus / ".." / corpus.name):
        absolute = [label(f"{top}/{path}") for path in paths]
        pd.testing.assert_frame_equal(union(absolute, corpus, 2, tmp_path), relative)


@pytest.mark.parametrize("path", ["link_out.mp4", "../beside.mp4", "out/beside.mp4"])
def test_an_absolute_path_that_leaves_the_root_is_not_followed(corpus: Path, path: str):
    (corpus / "out").symlink_to("..")
    row = check_label(label(f"{corpus}/{path}"), corpus)
    assert (row["reason"], row["sha256"]) == ("outside_root", "")
    assert files_inside(corpus, {"one": f"{corpus}/{path}"}) == {}


def test_the_check_takes_the_files_that_the_graph_watches(corpus: Path, tmp_path: Path):
    outside = tmp_path / "else"
    outside.mkdir()
    (outside / "link_in.mp4").symlink_to(corpus / "good.mp4")
    (outside / "clips").symlink_to(corpus)
    names = [path.name for path in corpus.iterdir()]
    names += [".", "absent.mp4", "good.mp4/x.mp4", "x/../good.mp4", f"../{corpus.name}/good.mp4"]
    names += ["../beside.mp4", "x" * 300, "x/" * 3000 + "y"]
    paths = [*names, "/etc/passwd", str(outside / "link_in.mp4")]
    paths += [f"{top}/{name}" for name in names for top in (corpus, outside, outside / "clips")]
    given = {str(number): path for number, path in enumerate(paths)}
    taken = {}
    for clip, path in given.items():
        row = check._found(label(path, clip=clip), corpus, {})
        if row["reason"] in ("", "empty"):
            taken[clip] = str(corpus / row["path"])
    assert taken == files_inside(corpus, given)
    assert len(taken) > len(names)
    row = check_label(label(str(outside / "link_in.mp4")), corpus)
    assert (row["reason"], row["sha256"]) == ("outside_root", "")


def union(labels: list[Label], root: Path, shards: int, folder: Path) -> pd.DataFrame:
    tables = []
    for shard in range(shards):
        out = folder / f"{shard}-of-{shards}.csv"
        check_shard(labels, root, shard, shards, folder / f"store{shards}", out)
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


ALL = ["good.mp4", "zero.mp4", "garbage.mp4", "no_sound.mp4", "absent.mp4", "link_out.mp4"]


def test_a_clip_is_read_for_its_digest_once(corpus: Path, monkeypatch):
    read = []
    monkeypatch.setattr(check, "file_sha256", lambda p: read.append(p.name) or file_sha256(p))
    check_label(label("good.mp4"), corpus)
    check_label(label("zero.mp4"), corpus)
    assert read == ["good.mp4"]


def test_only_an_added_clip_is_decoded(corpus: Path, tmp_path: Path, decoded, make_clip):
    store, out = tmp_path / "store", tmp_path / "0-of-1.csv"
    labels = [label(path) for path in ALL]
    assert check_shard(labels, corpus, 0, 1, store, out) == 3
    first = out.read_bytes()
    assert sorted(decoded) == ["garbage.mp4", "good.mp4", "no_sound.mp4"]
    make_clip(corpus / "more.mp4", seed=7)
    assert check_shard([*labels, label("more.mp4")], corpus, 0, 1, store, out) == 1
    assert decoded[3:] == ["more.mp4"]
    assert check_shard(labels, corpus, 0, 1, store, out) == 0
    assert out.read_bytes() == first


def test_the_store_s_state_does_not_change_a_byte(corpus: Path, tmp_path: Path, decoded):
    labels = [label(path) for path in ALL]
    check_shard(labels, corpus, 0, 1, tmp_path / "fresh", tmp_path / "fresh.csv")
    for count in (2, 4):  # left by other shards and other selections
        part = tmp_path / f"{count}.csv"
        check_shard(labels[:count], corpus, 0, 2, tmp_path / "used", part)
    check_shard(labels, corpus, 0, 1, tmp_path / "used", tmp_path / "used.csv")
    assert (tmp_path / "used.csv").read_bytes() == (tmp_path / "fresh.csv").read_bytes()


def test_what_was_done_before_a_kill_is_kept(
    corpus: Path, tmp_path: Path, monkeypatch, before_decoding, make_clip
):
    monkeypatch.setattr(check, "BATCH", 1)
    paths = [f"c{number}.mp4" for number in range(4)]
    for number, path in enumerate(paths):
        make_clip(corpus / path, seed=10 + number)
    labels, asked = [label(path) for path in paths], []

    def killed_at_the_third(path: Path) -> None:
        asked.append(path)
        if len(asked) == 3:
            raise KeyboardInterrupt

    before_decoding(killed_at_the_third)
    others = decoding_workers()
    with pytest.raises(KeyboardInterrupt):
        check_shard(labels, corpus, 0, 1, tmp_path / "store", tmp_path / "out.csv")
    assert decoding_workers() == others
    assert not (tmp_path / "out.csv").exists()
    assert check_shard(labels, corpus, 0, 1, tmp_path / "store", tmp_path / "out.csv") == 2


def test_changed_content_is_decoded_anew_and_equal_content_once(corpus: Path, decoded, make_clip):
    labels = [label("good.mp4"), label("link_in.mp4")]
    where = (corpus, 0, 1, corpus.parent / "store", corpus.parent / "out.csv")
    assert check_shard(labels, *where) == 1
    make_clip(corpus / "good.mp4", seed=5)
    assert check_shard(labels, *where) == 1


def test_a_suffix_may_decide_what_a_file_is(corpus: Path, decoded):
    (corpus / "good.mkv").write_bytes((corpus / "good.mp4").read_bytes())
    labels = [label("good.mp4"), label("good.mkv", clip="mkv")]
    check_shard(labels, corpus, 0, 1, corpus.parent / "store", corpus.parent / "out.csv")
    assert sorted(decoded) == ["good.mkv", "good.mp4"]


def test_other_code_decodes_again(corpus: Path, decoded, monkeypatch):
    check_label(label("good.mp4"), corpus)
    monkeypatch.setattr(check, "code_digest", lambda *names: "other")
    check_label(label("good.mp4"), corpus)
    assert decoded == ["good.mp4"] * 2


def test_a_clip_that_vanishes_meanwhile_is_no_defect_of_its_content(
    corpus: Path, before_decoding, make_clip
):
    before_decoding(Path.unlink)
    with pytest.raises(MerflowError, match=r"good\.mp4 changed"):
        check_label(label("good.mp4"), corpus)
    before_decoding(Path.stat)
    make_clip(corpus / "good.mp4")
    assert check_label(label("good.mp4"), corpus)["reason"] == ""


def test_limits_belong_to_what_is_kept(corpus: Path, decoded):
    asked = ([label("good.mp4")], corpus, 0, 1, corpus.parent / "store", corpus.parent / "out.csv")
    narrow = Limits(cpu_s=100.0)
    assert [check_shard(*asked, limits) for limits in (narrow, narrow, Limits())] == [1, 0, 1]
    assert check_shard(*asked) == 0


def test_a_shard_without_clips_has_a_header_only(corpus: Path, tmp_path: Path):
    check_shard([], corpus, 0, 1, tmp_path / "store", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == ",".join(CHECKED) + "\n"


def test_a_missing_root_is_told(tmp_path: Path):
    with pytest.raises(MerflowError, match=r"looked for at .*nowhere.*corpus\.root"):
        check_shard([label("a")], tmp_path / "nowhere", 0, 1, tmp_path / "s", tmp_path / "out.csv")


def test_a_clip_told_to_be_defective_is_quarantined_undecoded(corpus: Path, decoded):
    told = replace(label("good.mp4"), defect="of another sentence")
    out = corpus.parent / "out.csv"
    check_shard([told, label("link_in.mp4")], corpus, 0, 1, corpus.parent / "store", out)
    table = pd.read_csv(out, keep_default_na=False).set_index("clip")
    assert tuple(table.loc["good", ["reason", "detail"]]) == ("defective", "of another sentence")
    assert table.loc["link_in", "reason"] == ""
    assert decoded == ["good.mp4"]  # to which the link leads
