"""Training copies and test clips are corrupted by different recordings."""

import csv
import json
import os
import shutil
from functools import cache

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from merflow.corpus.demo.noise import generate_noise
from merflow.corpus.manifest import COLUMNS as MANIFEST
from merflow.errors import MerflowError
from merflow.noise.commands import group
from merflow.noise.draw import draw_noise, draw_tests
from merflow.noise.folder import NoiseFolder
from merflow.noise.manifest import read_noise
from merflow.noise.sound import corrupt_sound

SPEC = {
    "seed": 0,
    "copies": 2,
    "preset": "organiser",
    "visual": [{"transform": "rotate", "magnitude": [-20, 20]}],
}
CLIPS = [f"clip_{index:03d}" for index in range(60)]
seeds = st.integers(0, 2**32 - 1)


def write_recordings(folder, count, start=0):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(start, start + count):
        samples = np.random.default_rng(number).uniform(-0.5, 0.5, 400 + number)
        soundfile.write(folder / f"{number:03d}.wav", samples, 16000)
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_recordings(tmp_path_factory.mktemp("recordings"), 40)


@pytest.fixture(scope="module")
def shares(root):
    return cache(NoiseFolder(root).names_for)


@given(seed=seeds)
def test_the_two_shares_have_nothing_in_common_and_leave_nothing_out(shares, root, seed):
    train, test = shares("train", seed), shares("test", seed)
    assert train
    assert test
    assert sorted([*train, *test]) == NoiseFolder(root).names


def test_a_quarter_is_for_tests_and_each_recording_in_turn(shares, root):
    drawn = [name for seed in range(100) for name in shares("test", seed)]
    assert len(drawn) == 100 * 10
    assert all(abs(drawn.count(name) - 25) < 22 for name in NoiseFolder(root).names)


def test_a_recordings_share_does_not_depend_on_its_name(shares, root, tmp_path):
    for number, name in enumerate(NoiseFolder(root).names):
        (tmp_path / "moved").mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / "moved" / f"{99 - number}.wav")
    moved, folder = NoiseFolder(tmp_path), NoiseFolder(root)
    for share in ("train", "test"):
        found = {moved.sha256(name) for name in moved.names_for(share, 3)}
        assert found == {folder.sha256(name) for name in shares(share, 3)}


@pytest.mark.parametrize("count", [2, 3, 4])
def test_few_recordings_still_make_two_sides(tmp_path, count):
    folder = NoiseFolder(write_recordings(tmp_path, count))
    for seed in range(40):
        train, test = folder.names_for("train", seed), folder.names_for("test", seed)
        assert train
        assert test
        assert not set(train) & set(test)


def test_copies_of_one_recording_are_on_one_side(tmp_path):
    write_recordings(tmp_path, 6)
    for number in range(6):
        shutil.copy(tmp_path / f"{number:03d}.wav", tmp_path / f"again {number}.wav")
    folder = NoiseFolder(tmp_path)
    for seed in range(20):
        sides = [
            {folder.sha256(name) for name in folder.names_for(s, seed)} for s in ("train", "test")
        ]
        assert not sides[0] & sides[1]


def test_a_lone_recording_trains_and_tests_ask_for_another(tmp_path):
    write_recordings(tmp_path, 1)
    shutil.copy(tmp_path / "000.wav", tmp_path / "copy.wav")
    assert {row.noise_file for row in draw_noise(SPEC, CLIPS, tmp_path)} == {"000.wav", "copy.wav"}
    with pytest.raises(MerflowError, match=r"holds one recording.*add another") as raised:
        draw_tests(SPEC, CLIPS, tmp_path)
    assert "\n" not in str(raised.value)


def test_draws_take_their_own_share_alone(root, shares):
    for seed in range(5):
        spec = SPEC | {"seed": seed}
        assert {row.noise_file for row in draw_noise(spec, CLIPS, root)} <= set(
            shares("train", seed)
        )
        assert {row.noise_file for row in draw_tests(spec, CLIPS, root)} <= set(
            shares("test", seed)
        )


@given(clips=st.lists(st.sampled_from(CLIPS), unique=True, min_size=1))
def test_a_test_draw_depends_on_seed_and_clip_alone(root, clips):
    everything = {row.clip: row for row in whole(root)}
    assert draw_tests(SPEC, clips, root) == [everything[clip] for clip in sorted(clips)]


@cache
def whole(root):
    return draw_tests(SPEC, CLIPS, root)


def test_a_clip_has_the_same_noise_at_every_snr(root):
    drawn = draw_tests(SPEC, CLIPS, root)
    assert {row.copy for row in drawn} == {1}
    assert {row.snr_db for row in drawn} == set(range(5, 11))
    assert {row.transform for row in drawn} == {"rotate"}
    for snr_db in (-5, 0, 20):
        rows = draw_tests(SPEC | {"preset": "paper"}, CLIPS, root, snr_db)
        assert {(row.snr_db, row.transform, row.magnitude) for row in rows} == {
            (snr_db, "identity", 0.0)
        }
        same = [(row.clip, row.noise_file, row.offset, row.noise_sha256) for row in rows]
        assert same == [(r.clip, r.noise_file, r.offset, r.noise_sha256) for r in drawn]


def test_a_clips_noise_at_two_snrs_differs_in_loudness_alone(root):
    speech = np.random.default_rng(0).uniform(-0.05, 0.05, 4000).astype(np.float32)
    added = []
    for snr_db in (0, 20):
        (row,) = draw_tests(SPEC, ["clip_000"], root, snr_db)
        added.append(corrupt_sound(speech, row, root) - speech)
    np.testing.assert_allclose(added[0], 10 * added[1], atol=1e-6)


def test_the_command_draws_for_the_splits_it_is_told(root, tmp_path):
    splits = {"x": "train", "y": "test1", "z": "test2"}
    rows = [[clip, split, "sad", "", "", clip, "0" * 64, "1.0"] for clip, split in splits.items()]
    with (tmp_path / "manifest.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([MANIFEST, *rows])
    call = ["draw-tests", "--spec", json.dumps(SPEC), "--manifest", str(tmp_path / "manifest.csv")]
    call += ["--root", str(root), "--out", str(tmp_path / "noise.csv"), "--split", "test1"]
    for options, clips, snrs in (
        (["--snr", "-5"], ["y"], {-5}),
        (["--split", "test2"], "yz", None),
    ):
        result = CliRunner().invoke(group, [*call, *options], catch_exceptions=False)
        assert result.exit_code == 0
        found = read_noise(tmp_path / "noise.csv")
        assert [row.clip for row in found] == list(clips)
        assert snrs is None or {row.snr_db for row in found} == snrs


def test_remembered_digests_change_no_draw_and_a_changed_recording_is_noticed(tmp_path):
    noise, known = write_recordings(tmp_path / "noise", 8), tmp_path / "known.json"
    for path in noise.iterdir():
        os.utime(path, (1e9, 1e9))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("merflow.storage.known.SETTLED_NS", -1)
        plain = draw_noise(SPEC, CLIPS, noise), draw_tests(SPEC, CLIPS, noise)
        for _ in range(2):
            assert draw_noise(SPEC, CLIPS, noise, known) == plain[0]
            assert draw_tests(SPEC, CLIPS, noise, known=known) == plain[1]
        assert len(json.loads(known.read_text())) == 8
    (row,) = draw_tests(SPEC, CLIPS[:1], noise, known=known)
    path = noise / row.noise_file
    assert NoiseFolder(noise, known).unchanged(row.noise_file, row.noise_sha256) == path
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, (1e9, 1e9))
    with pytest.raises(MerflowError, match="changed since it was drawn"):
        NoiseFolder(noise, known).unchanged(row.noise_file, row.noise_sha256)


def test_the_demos_recordings_are_on_both_sides(tmp_path):
    generate_noise({"seed": 2023}, tmp_path)
    folder = NoiseFolder(tmp_path)
    assert len(folder.names_for("test", 0)) == 2
    assert len(folder.names_for("train", 0)) == 6
