import numpy as np
import pytest

from merflow.errors import MerflowError
from merflow.faces.crops import TRACK, CropCodec, FaceClip, read_crops
from merflow.faces.facts import Facts


def face_clip(seed, kept, frames):
    rng = np.random.default_rng(seed)
    track = rng.normal(size=(frames, len(TRACK))).astype(np.float32)
    track[kept:, 2:] = np.nan
    crops = rng.integers(0, 256, (kept, 112, 112, 3), dtype=np.uint8)
    return FaceClip(crops, track, Facts("central", left_out=seed, reason="ärgerlich" * seed))


ITEMS = {
    "aa" * 32: face_clip(0, 3, 5),
    "bb" * 32: face_clip(1, 0, 4),
    "cc" * 32: face_clip(2, 2, 2),
}


def assert_same(one, other):
    np.testing.assert_array_equal(one.crops, other.crops)
    np.testing.assert_array_equal(one.track, other.track)
    assert one.facts == other.facts


def test_what_is_written_is_read(tmp_path):
    codec, path = CropCodec(), tmp_path / "a.safetensors"
    codec.write(path, ITEMS, "recipe")
    recipe, keys = codec.keys(path)
    assert (recipe, sorted(keys)) == ("recipe", sorted(ITEMS))
    for key, clip in codec.read(path, list(ITEMS)).items():
        assert_same(clip, ITEMS[key])


def test_equal_clips_give_equal_bytes(tmp_path):
    codec = CropCodec()
    codec.write(tmp_path / "a.safetensors", ITEMS, "recipe")
    codec.write(tmp_path / "b.safetensors", dict(sorted(ITEMS.items(), reverse=True)), "recipe")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_a_file_of_no_clips_is_a_file(tmp_path):
    path = tmp_path / "a.safetensors"
    CropCodec().write(path, {}, "recipe")
    assert CropCodec().keys(path) == ("recipe", [])
    assert "aa" * 32 not in read_crops([path])


def test_the_reader_finds_each_clip_in_its_shard(tmp_path):
    paths = []
    for number, (key, clip) in enumerate(ITEMS.items()):
        paths.append(tmp_path / f"{number}.safetensors")
        CropCodec().write(paths[-1], {key: clip}, "recipe")
    reader = read_crops(paths)
    for key, clip in ITEMS.items():
        assert_same(FaceClip(reader.crops(key), reader.track(key), reader.facts(key)), clip)
    assert reader.crops("bb" * 32).shape == (0, 112, 112, 3)
    with pytest.raises(MerflowError, match="d" * 64):
        reader.crops("d" * 64)


@pytest.mark.parametrize("length", [0, 5, 300, -1])
def test_a_damaged_file_is_told(tmp_path, length):
    path = tmp_path / "a.safetensors"
    CropCodec().write(path, ITEMS, "recipe")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(MerflowError, match=r"a\.safetensors is damaged"):
        read_crops([path])


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(MerflowError, match="no face file"):
        read_crops([tmp_path / "a.safetensors"])


def test_others_may_read_the_file_as_any_other(tmp_path):
    path, other = tmp_path / "a.safetensors", tmp_path / "other"
    CropCodec().write(path, ITEMS, "recipe")
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode
