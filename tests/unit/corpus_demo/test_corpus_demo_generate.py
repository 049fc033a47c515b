"""Clips do not depend on how the work is split, and nothing is made twice."""

import csv

import numpy as np
import pytest

from merflow.corpus.demo import generate
from merflow.corpus.demo.corruption import BLUR_LEVELS, SNR_DB, blur_level, corrupt_sound
from merflow.corpus.demo.generate import generate_clips
from merflow.errors import MerflowError
from merflow.media.blur import pyramid_blur
from merflow.media.probe import check_clip
from merflow.media.sound import read_sound
from merflow.storage.digest import file_sha256


def contents(out):
    return {path.relative_to(out): path.read_bytes() for path in sorted(out.rglob("*.mp4"))}


def rows(*tables):
    return [row for table in tables for row in csv.DictReader(table.open())]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    spec = {
        "seed": 7,
        "clips": {"train": 2, "test1": 1, "test2": 1},
        "speakers": 3,
        "label_noise": 0.06,
        "duration_s": 0.6,
        "fps": 10.0,
        "width": 128,
        "height": 96,
    }
    out = tmp_path_factory.mktemp("demo") / "clips"
    generate_clips(spec, 0, 1, out, out.parent / "table.csv")
    return out


def test_parts_make_the_same_bytes_as_one(made, tiny, tmp_path):
    out, tables = tmp_path / "clips", [tmp_path / f"{part}.csv" for part in range(3)]
    for part in (2, 0, 1):
        generate_clips(tiny, part, 3, out, tables[part])
    assert contents(out) == contents(made)
    whole = rows(made.parent / "table.csv")
    assert sorted(rows(*tables), key=lambda row: row["clip"]) == whole


def test_the_table_lists_the_files(made):
    listed = rows(made.parent / "table.csv")
    names = ["path", "emotion", "valence", "speaker", "split", "clip", "sha256"]
    assert list(listed[0]) == names
    for row in listed:
        assert row["sha256"] == file_sha256(made.parent / row["path"])
    assert [row["clip"] for row in listed] == sorted(row["clip"] for row in listed)
    assert {row["path"] for row in listed} == {f"clips/{path}" for path in contents(made)}
    assert listed[0]["path"] == "clips/test1/test1_0000.mp4"


def test_clips_have_the_frames_and_the_sound_asked_for(made):
    for path in made.rglob("*.mp4"):
        facts = check_clip(path)
        assert facts.frames == 6
        assert facts.duration_s == pytest.approx(0.6, abs=0.11)
        assert np.sqrt(np.mean(read_sound(path) ** 2)) > 0.005


def test_only_what_is_missing_damaged_or_new_is_made(made, tiny, tmp_path, monkeypatch):
    out, table = tmp_path / "clips", tmp_path / "table.csv"
    drawn = []

    def fake(label, spec, path):
        drawn.append(label.clip)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(label.clip.encode())

    monkeypatch.setattr(generate, "make_clip", fake)
    run = lambda **change: generate_clips(tiny | change, 0, 1, out, table)  # noqa: E731
    assert run() == 4
    assert run() == 0
    (out / "train" / "train_0001.mp4").write_bytes(b"damaged")
    (out / "test1" / "test1_0000.json").unlink()
    (out / "test1" / ".test1_0000.99.mp4").write_bytes(b"half a clip of a killed run")
    assert run() == 2
    assert drawn[-2:] == ["train_0001", "test1_0000"]
    assert not list(out.rglob(".*"))
    assert run(clips={"train": 3, "test1": 1, "test2": 1}) == 1
    assert drawn[-1] == "train_0002"
    (out / "train" / "holiday.json").write_text("{}")
    (out / "train" / "holiday.mp4").write_bytes(b"mine")
    assert run() == 0
    assert not (out / "train" / "train_0002.mp4").exists()
    assert (out / "train" / "holiday.mp4").exists()
    assert run(fps=5.0) == 4
    monkeypatch.setattr(generate, "code_digest", lambda *names: "edited")
    assert run(fps=5.0) == 4


@pytest.mark.parametrize(
    "change", [{"width": 127}, {"height": 64}, {"fps": 0}, {"duration_s": 0.1}, {"height": 200}]
)
def test_impossible_settings_are_refused_in_one_sentence(tiny, tmp_path, change):
    with pytest.raises(MerflowError, match=r"corpus\.demo"):
        generate_clips(tiny | change, 0, 1, tmp_path / "clips", tmp_path / "table.csv")


def test_a_part_that_does_not_exist_is_refused(tiny, tmp_path):
    with pytest.raises(MerflowError, match="part 3 of 3"):
        generate_clips(tiny, 3, 3, tmp_path / "clips", tmp_path / "table.csv")


def test_babble_lies_five_to_ten_decibels_under_the_speech():
    sound = (0.05 * np.sin(np.arange(16000) * 0.05)).astype(np.float32)
    noise = corrupt_sound(sound, 0, "test2_0000") - sound
    snr = 20 * np.log10(np.sqrt(np.mean(sound**2)) / np.sqrt(np.mean(noise**2)))
    assert min(abs(snr - wanted) for wanted in SNR_DB) < 0.01


def test_blur_keeps_the_size_and_takes_detail_away():
    frame = np.random.default_rng(0).integers(0, 256, (95, 127, 3), dtype=np.uint8)
    details = [pyramid_blur(frame, level).std() for level in BLUR_LEVELS]
    assert all(pyramid_blur(frame, level).shape == frame.shape for level in BLUR_LEVELS)
    assert details == sorted(details, reverse=True)
    assert np.array_equal(pyramid_blur(frame, 0), frame)
    assert {blur_level(0, f"test2_{n:04d}") for n in range(40)} == set(BLUR_LEVELS)
