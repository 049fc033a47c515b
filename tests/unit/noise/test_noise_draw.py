import csv
import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from merflow.corpus.manifest import COLUMNS as MANIFEST
from merflow.errors import MerflowError
from merflow.noise.commands import group
from merflow.noise.draw import draw_noise
from merflow.noise.folder import NoiseFolder
from merflow.noise.manifest import COLUMNS, NoiseRow, read_noise, write_noise
from merflow.noise.visual import TRANSFORMS

VISUAL = [
    {"transform": "solarize", "magnitude": [128, 224]},
    {"transform": "blur", "magnitude": [1.0, 3.0]},
    {"transform": "rotate", "magnitude": [-20, 20]},
    {"transform": "cutout", "magnitude": [0.2, 0.5]},
]
SPEC = {"seed": 0, "copies": 1, "preset": "paper", "visual": VISUAL}
SPLITS = {"x": "train", "y": "test1", "z": "train"}
CLIPS = [f"clip_{index:03d}" for index in range(300)]


def write_wav(path, samples, rate=16000):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate)


@pytest.fixture
def root(tmp_path):
    return recordings_in(tmp_path / "recordings")


@pytest.fixture(scope="module")
def module_root(tmp_path_factory):
    return recordings_in(tmp_path_factory.mktemp("recordings"))


def recordings_in(folder):
    draws = np.random.default_rng(0)
    for name, rate in (("b.wav", 16000), ("a/one.flac", 44100), ("a/two.WAV", 8000)):
        write_wav(folder / name, draws.uniform(-0.5, 0.5, rate), rate)
    (folder / "README.txt").write_text("not a recording")
    return folder


@pytest.mark.parametrize(("preset", "snrs"), [("paper", range(5, 12)), ("organiser", range(5, 11))])
def test_presets_draw_all_their_snrs_and_no_other(root, preset, snrs):
    rows = draw_noise(SPEC | {"preset": preset}, CLIPS, root)
    drawn = [row.snr_db for row in rows]
    assert set(drawn) == set(snrs)
    expected = len(CLIPS) / len(snrs)
    assert all(abs(drawn.count(snr) - expected) < 5 * expected**0.5 for snr in snrs)


def test_every_transform_is_drawn_inside_its_range(root):
    rows = draw_noise(SPEC, CLIPS, root)
    for entry in VISUAL:
        low, high = entry["magnitude"]
        drawn = [row.magnitude for row in rows if row.transform == entry["transform"]]
        assert min(drawn) >= low
        assert max(drawn) <= high
        assert max(drawn) - min(drawn) > 0.8 * (high - low)
    assert all(row.magnitude.is_integer() for row in rows if row.transform == "solarize")


def test_the_organisers_blur_stands_behind_null(root):
    spec = SPEC | {"preset": "organiser", "visual": None}
    rows = draw_noise(spec, CLIPS, root)
    assert {row.transform for row in rows} == {"pyramid"}
    counts = [[row.magnitude for row in rows].count(level) for level in (1, 2, 4)]
    assert sum(counts) == len(CLIPS)
    assert all(abs(count - 100) < 41 for count in counts)
    listed = [{"transform": "pyramid", "magnitude": [1, 4]}]
    assert rows == draw_noise(spec | {"visual": listed}, CLIPS, root)
    with pytest.raises(MerflowError, match="paper does not decide"):
        draw_noise(spec | {"preset": "paper"}, CLIPS, root)
    with pytest.raises(MerflowError, match="powers of two"):
        draw_noise(spec | {"visual": [{"transform": "pyramid", "magnitude": [1, 3]}]}, [], root)


def test_offsets_lie_inside_the_file_at_16_khz(root):
    rows = draw_noise(SPEC, CLIPS, root)
    assert {row.noise_file for row in rows} == set(NoiseFolder(root).names_for("train", 0))
    offsets = [row.offset for row in rows]
    assert min(offsets) >= 0
    assert 15000 < max(offsets) < 16000


@pytest.fixture(scope="module")
def everything(module_root):
    rows = draw_noise(SPEC | {"copies": 3}, CLIPS, module_root)
    return {(row.clip, row.copy): row for row in rows}


@given(
    clips=st.lists(st.sampled_from(CLIPS), unique=True, max_size=30),
    copies=st.integers(1, 3),
    shards=st.integers(1, 4),
)
def test_a_draw_depends_on_seed_clip_and_copy_alone(module_root, everything, clips, copies, shards):
    for shard in range(shards):
        drawn = draw_noise(SPEC | {"copies": copies}, clips[shard::shards], module_root)
        assert drawn == [
            everything[clip, copy]
            for clip in sorted(clips[shard::shards])
            for copy in range(1, copies + 1)
        ]


def test_other_seeds_and_copies_are_other_draws(root, everything):
    assert everything["clip_000", 1] != everything["clip_000", 2]
    assert draw_noise(SPEC | {"seed": 1}, CLIPS, root) != draw_noise(SPEC, CLIPS, root)


def test_preset_and_folder_leave_the_visual_draw_as_it_was(root, tmp_path):
    write_wav(tmp_path / "other" / "only.wav", np.full(500, 0.1))
    before = draw_noise(SPEC, CLIPS, root)
    after = draw_noise(SPEC | {"preset": "organiser"}, CLIPS, tmp_path / "other")
    assert [row.visual_settings for row in before] == [row.visual_settings for row in after]
    assert [row.sound_settings for row in before] != [row.sound_settings for row in after]


def test_without_visual_transforms_the_crops_stay(root):
    rows = draw_noise(SPEC | {"visual": []}, CLIPS[:3], root)
    assert {row.transform for row in rows} == {"identity"}


def test_rows_survive_the_csv(root, tmp_path):
    rows = draw_noise(SPEC | {"copies": 2}, ["b", "NA", "007", "a, quoted"], root)
    write_noise(tmp_path / "noise.csv", rows[::-1])
    assert read_noise(tmp_path / "noise.csv") == rows
    assert (tmp_path / "noise.csv").read_text().splitlines()[0] == ",".join(COLUMNS)


# A bare carriage return ends a line for every reader of csv, unlike a line feed in quotes.
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=12
)
ROWS = st.builds(
    NoiseRow,
    clip=texts,
    copy=st.integers(1, 9),
    noise_file=texts,
    offset=st.integers(0, 2**40),
    snr_db=st.integers(-60, 60),
    transform=st.sampled_from(sorted(TRANSFORMS)),
    magnitude=st.floats(-360, 360).map(lambda value: round(value, 4)),
    visual_seed=st.integers(0, 2**32 - 1),
    noise_sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
)


@given(rows=st.lists(ROWS, max_size=8, unique_by=lambda row: (row.clip, row.copy)))
def test_any_rows_survive_the_csv(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    write_noise(path, rows)
    assert read_noise(path) == sorted(rows, key=lambda row: (row.clip, row.copy))


def test_the_command_draws_for_training_clips_only(root, tmp_path):
    rows = [[clip, split, "sad", "", "", clip, "0" * 64, "1.0"] for clip, split in SPLITS.items()]
    with (tmp_path / "manifest.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([MANIFEST, *rows])
    out = tmp_path / "noise.csv"
    arguments = ["draw", "--spec", json.dumps(SPEC), "--manifest", str(tmp_path / "manifest.csv")]
    arguments += ["--root", str(root), "--out", str(out)]
    result = CliRunner().invoke(group, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    first = out.read_bytes()
    assert [row.clip for row in read_noise(out)] == ["x", "z"]
    CliRunner().invoke(group, arguments, catch_exceptions=False)
    assert out.read_bytes() == first


def test_a_missing_or_empty_folder_is_told_in_one_sentence(tmp_path):
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(MerflowError, match=r"openslr\.org/17") as raised:
            draw_noise(SPEC, ["x"], folder)
        assert str(folder) in str(raised.value)
        assert "\n" not in str(raised.value)


def test_unusable_recordings_and_settings_are_named(tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"RIFF nonsense")
    with pytest.raises(MerflowError, match=r"bad\.wav"):
        draw_noise(SPEC, ["x"], tmp_path)
    with pytest.raises(MerflowError, match="loudest"):
        draw_noise(SPEC | {"preset": "loudest"}, ["x"], tmp_path)
    with pytest.raises(MerflowError, match="swirl"):
        draw_noise(SPEC | {"visual": [{"transform": "swirl", "magnitude": [0, 1]}]}, [], tmp_path)


def test_a_recording_outside_the_folder_is_not_followed(tmp_path):
    write_wav(tmp_path / "outside.wav", np.full(100, 0.1))
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link.wav").symlink_to(tmp_path / "outside.wav")
    with pytest.raises(MerflowError, match="leads out"):
        NoiseFolder(tmp_path / "inside").path("../outside.wav")
    with pytest.raises(MerflowError, match="leads out"):
        draw_noise(SPEC, ["x"], tmp_path / "inside")


def test_a_damaged_noise_manifest_is_named(tmp_path):
    for text in ("clip,copy\nx,1\n", ",".join(COLUMNS) + "\nx,one,a,0,5,blur,1,0,0\n"):
        (tmp_path / "noise.csv").write_text(text)
        with pytest.raises(MerflowError, match=r"noise\.csv"):
            read_noise(tmp_path / "noise.csv")
    with pytest.raises(MerflowError, match="missing"):
        read_noise(tmp_path / "absent.csv")
