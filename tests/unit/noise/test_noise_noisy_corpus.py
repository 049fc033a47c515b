"""The folder of corrupted test clips: complete, the same again, resumed, tidied."""

import csv
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_clips import listed, write_recordings, write_source

from merflow.errors import MerflowError
from merflow.noise import noisy_corpus
from merflow.noise.draw import draw_tests
from merflow.noise.folder import NoiseFolder
from merflow.noise.noisy_corpus import (
    COLUMNS,
    LONGEST,
    file_stem,
    write_noisy_list,
    write_noisy_shard,
)
from merflow.storage import known
from merflow.storage.digest import file_sha256

SPEC = {"seed": 0, "preset": "organiser", "visual": None}
NAMES = ["plain", "{shard}", "a b'c\"", "日本語", "50%", "..", "-rf", "*[x]?"]
TIMES = [0.0, 0.08, 0.16, 0.24]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A corpus of clips with awkward names, its noise and its draws."""
    root = tmp_path_factory.mktemp("corpus")
    paths = [write_source(root / "clips" / f"{n}.mp4", TIMES, 0.4, n) for n in range(len(NAMES))]
    clips = [
        noisy_corpus.TestClip(name, "test1", clip.path, clip.sha256)
        for name, clip in zip(NAMES, listed(root, paths), strict=True)
    ]
    noise = write_recordings(root / "noise", 3)
    rows = {row.clip: row for row in draw_tests(SPEC, NAMES, noise)}
    return root, clips, rows, NoiseFolder(noise)


def write(corpus, folder, clips=None, rows=None, shards=1):
    root, every, drawn, noise = corpus
    chosen = every if clips is None else clips
    parts, new = [], 0
    for shard in range(shards):
        parts.append(folder / ".made" / f"{shard}-of-{shards}.csv")
        mine = chosen[shard::shards]
        new += write_noisy_shard(mine, rows or drawn, root, noise, folder, parts[-1])
    write_noisy_list(parts, folder, folder / "noisy.csv")
    return new


def records(folder):
    with (folder / "noisy.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def contents(folder):
    files = [path for path in folder.rglob("*.mp4")]
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}


def test_the_table_names_every_file_and_how_it_was_made(corpus, tmp_path):
    assert write(corpus, tmp_path) == len(NAMES)
    found = records(tmp_path)
    assert list(found[0]) == list(COLUMNS)
    assert [record["clip"] for record in found] == sorted(NAMES)
    assert contents(tmp_path) == {record["file"]: record["sha256"] for record in found}
    _, clips, rows, noise = corpus
    sources = {clip.clip: clip.sha256 for clip in clips}
    for record in found:
        row = rows[record["clip"]]
        assert record["source_sha256"] == sources[record["clip"]]
        assert record["noise_sha256"] == noise.sha256(record["noise_file"])
        assert (int(record["offset"]), int(record["snr_db"])) == (row.offset, row.snr_db)
        assert (record["transform"], float(record["magnitude"])) == ("pyramid", row.magnitude)
    assert {record["noise_file"] for record in found} <= set(noise.names_for("test", 0))


def test_shards_and_order_change_no_byte(corpus, tmp_path):
    write(corpus, tmp_path / "one")
    write(corpus, tmp_path / "two", clips=corpus[1][::-1], shards=3)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    tables = [(tmp_path / name / "noisy.csv").read_bytes() for name in ("one", "two")]
    assert tables[0] == tables[1]


def test_what_is_whole_is_kept_and_what_is_not_is_written_again(corpus, tmp_path):
    write(corpus, tmp_path)
    before, table = contents(tmp_path), (tmp_path / "noisy.csv").read_bytes()
    assert write(corpus, tmp_path) == 0
    files = sorted(tmp_path.rglob("*.mp4"))
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-1])
    assert write(corpus, tmp_path) == 2
    assert contents(tmp_path) == before
    assert (tmp_path / "noisy.csv").read_bytes() == table


def test_a_kill_loses_the_clip_at_work_alone(corpus, tmp_path, monkeypatch):
    real, started = noisy_corpus.write_noisy_clip, []

    def killed(source, row, folder, out):
        started.append(out)
        if len(started) == 4:
            out.parent.joinpath(f".{out.stem}.4711.mp4").write_bytes(b"torn")
            raise KeyboardInterrupt
        real(source, row, folder, out)

    monkeypatch.setattr(noisy_corpus, "write_noisy_clip", killed)
    with pytest.raises(KeyboardInterrupt):
        write(corpus, tmp_path / "killed")
    monkeypatch.setattr(noisy_corpus, "write_noisy_clip", real)
    assert write(corpus, tmp_path / "killed") == len(NAMES) - 3
    write(corpus, tmp_path / "whole")
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert records(tmp_path / "killed") == records(tmp_path / "whole")


def test_another_draw_writes_those_clips_again(corpus, tmp_path):
    write(corpus, tmp_path)
    _, _, rows, noise = corpus
    other = {row.clip: row for row in draw_tests(SPEC, NAMES, noise.root, snr_db=0)}
    assert write(corpus, tmp_path, rows=rows | {"plain": other["plain"]}) == 1


def test_the_recordings_of_a_job_are_remembered_in_one_writing(corpus, tmp_path, monkeypatch):
    root, clips, rows, noise = corpus
    chosen = {clip: noise.names[number % 3] for number, clip in enumerate(sorted(rows))}
    mixed = {
        clip: replace(rows[clip], noise_file=name, noise_sha256=noise.sha256(name))
        for clip, name in chosen.items()
    }
    writes, write_text = [], known.write_text
    monkeypatch.setattr(known, "SETTLED_NS", -1)
    monkeypatch.setattr(known, "write_text", lambda *to: writes.append(1) or write_text(*to))
    kept = tmp_path / "known.json"
    fresh = NoiseFolder(noise.root, kept)
    write_noisy_shard(clips[:4], mixed, root, fresh, tmp_path / "out", tmp_path / "part.csv")
    used = {str(noise.root / chosen[clip.clip]) for clip in clips[:4]}
    assert (len(writes), set(json.loads(kept.read_text()))) == (1, used)
    assert len(used) > 1


def test_clips_that_left_the_corpus_go_and_strange_files_stay(corpus, tmp_path):
    write(corpus, tmp_path)
    (tmp_path / "test1" / "mine.mp4").write_bytes(b"not merflow's")
    write(corpus, tmp_path, clips=corpus[1][:2])
    left = {path.name for path in tmp_path.rglob("*.mp4")}
    assert left == {"plain.mp4", "{shard}.mp4", "mine.mp4"}


def test_a_clip_without_a_draw_is_told(corpus, tmp_path):
    with pytest.raises(MerflowError, match=r"no row of the test clip .*draw-tests"):
        write(corpus, tmp_path, rows={"other": corpus[2]["plain"]})


def test_a_clip_that_changed_is_told(corpus, tmp_path):
    changed = [noisy_corpus.TestClip("plain", "test1", corpus[1][0].path, "0" * 64)]
    with pytest.raises(MerflowError, match="changed since it was listed"):
        write(corpus, tmp_path, clips=changed)


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_clips_file_is_its_own_and_stays_in_its_folder(one, other):
    stem = file_stem(one)
    assert len(stem.encode()) <= LONGEST
    assert stem
    assert not re.search(r"[/\\\x00-\x1f]|^\.", stem)
    assert (stem == file_stem(other)) == (one == other)
    if one.isalnum() and len(one.encode()) <= LONGEST:
        assert stem == one


def test_a_long_name_is_cut_and_told_apart():
    stems = {file_stem("長" * 300 + end) for end in "ab"}
    assert len(stems) == 2
    assert all(len(stem.encode()) <= LONGEST for stem in stems)
