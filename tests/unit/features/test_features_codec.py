import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merflow.errors import MerflowError
from merflow.features.codec import FeatureCodec, Utterance
from merflow.features.file import FeatureFile, Row
from merflow.features.read import read_layers

LAYERS = ["0", "2", "10"]


def items_of(count, seed=0):
    draws = np.random.default_rng(seed)
    return {
        f"key{index:03d}": Utterance(
            10 + index,
            {layer: draws.normal(size=int(layer) + 1).astype(np.float32) for layer in LAYERS},
        )
        for index in range(count)
    }


def rows_for(items, copies=1):
    return {
        key: [Row(f"clip {place} {index}", key * 2, place, 0) for place in range(copies)]
        for index, key in enumerate(items)
    }


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 7), copies=st.integers(1, 3), seed=st.integers(0, 99))
def test_items_survive_the_file(tmp_path_factory, count, copies, seed):
    path = tmp_path_factory.mktemp("codec") / "x.safetensors"
    items = items_of(count, seed)
    codec = FeatureCodec(rows_for(items, copies), LAYERS)
    codec.write(path, items, "recipe")
    recipe, keys = codec.keys(path)
    assert recipe == "recipe"
    assert sorted(keys) == sorted(items)
    read = codec.read(path, keys)
    for key, item in items.items():
        assert read[key].frames == item.frames
        for layer in LAYERS:
            np.testing.assert_array_equal(read[key].values[layer], item.values[layer])


def test_a_shard_is_as_the_contract_says(tmp_path, shard_rows):
    items = items_of(3)
    rows = {
        "key000": [Row("b", "s0", 0, 0), Row("a", "s0", 0, 0)],
        "key001": [Row("c", "s1", 2, 0)],
        "key002": [Row("c", "s1", 1, 0)],
    }
    FeatureCodec(rows, LAYERS).write(tmp_path / "x.safetensors", items, "recipe")
    assert shard_rows(tmp_path / "x.safetensors") == [
        {"clip": "a", "sha256": "s0", "copy": 0, "frames": 10},
        {"clip": "b", "sha256": "s0", "copy": 0, "frames": 10},
        {"clip": "c", "sha256": "s1", "copy": 1, "frames": 12},
        {"clip": "c", "sha256": "s1", "copy": 2, "frames": 11},
    ]
    table = read_layers([tmp_path / "x.safetensors"])
    assert list(table.values) == LAYERS
    assert table.clips == ["a", "b", "c", "c"]
    assert table.copies.tolist() == [0, 0, 1, 2]
    expected = np.stack([items[f"key00{index}"].values["10"] for index in (0, 0, 2, 1)])
    np.testing.assert_array_equal(table.values["10"], expected)
    assert table.values["10"].dtype == np.float32


def test_the_same_items_give_the_same_bytes_in_any_process(tmp_path):
    # safetensors orders metadata by a hash that differs from process to process.
    program = (
        "import sys; from pathlib import Path; import numpy as np;"
        "from merflow.features.file import Row, write_features;"
        "write_features(Path(sys.argv[1]), 'r', ['k'], [Row('c', 's', 0, 3)],"
        " {'0': np.ones((1, 4), np.float32), '1': np.zeros((1, 2), np.float32)})"
    )
    paths = [tmp_path / f"{index}.safetensors" for index in range(3)]
    for path in paths:
        subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    assert len({path.read_bytes() for path in paths}) == 1


def write(path, count=4):
    items = items_of(count)
    FeatureCodec(rows_for(items), LAYERS).write(path, items, "recipe")
    return items


def layer_place(path, layer):
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    return 8 + size + json.loads(content[8 : 8 + size])[layer]["data_offsets"][0]


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_flipped_bit_in_a_layer_is_noticed_when_that_layer_is_read(tmp_path):
    path = tmp_path / "x.safetensors"
    write(path)
    flip(path, layer_place(path, "2") + 5)
    with pytest.raises(MerflowError, match=r"x\.safetensors is damaged: run `merflow cache verify"):
        read_layers([path], ["2"])
    with pytest.raises(MerflowError, match="damaged"):
        FeatureCodec({}, LAYERS).read(path, ["key000"])
    # Other layers are not read, so they are not in the way.
    assert read_layers([path], ["0", "10"]).clips == read_layers([path], ["0"]).clips


def test_a_changed_row_is_noticed(tmp_path):
    path = tmp_path / "x.safetensors"
    write(path)
    path.write_bytes(path.read_bytes().replace(b"clip 0 1", b"clip 0 7", 1))
    with pytest.raises(MerflowError, match="damaged"):
        read_layers([path], ["0"])


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-3], lambda c: c[:40], lambda c: b"", lambda c: b"x" * 99]
)
def test_a_broken_off_or_foreign_file_is_named(tmp_path, spoil):
    path = tmp_path / "x.safetensors"
    write(path)
    path.write_bytes(spoil(path.read_bytes()))
    for read in (lambda: FeatureCodec({}, LAYERS).keys(path), lambda: read_layers([path])):
        with pytest.raises(MerflowError, match=r"x\.safetensors is damaged"):
            read()


def test_a_missing_file_is_left_to_the_store_and_told_to_the_user(tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(FileNotFoundError):
        FeatureCodec({}, LAYERS).keys(path)
    with pytest.raises(MerflowError, match="missing"):
        read_layers([path])


def test_only_the_layers_asked_for_are_read(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    write(path)
    asked = []
    original = FeatureFile.layer
    monkeypatch.setattr(
        FeatureFile, "layer", lambda self, name: asked.append(name) or original(self, name)
    )
    assert list(read_layers([path], ["10"]).values) == ["10"]
    assert asked == ["10"]


def test_an_unknown_layer_is_named_with_those_there_are(tmp_path):
    write(tmp_path / "x.safetensors")
    with pytest.raises(MerflowError, match="no layer '7': choose one of 0, 2, 10"):
        read_layers([tmp_path / "x.safetensors"], ["7"])


def test_shards_that_do_not_belong_together_are_refused(tmp_path):
    items = items_of(2)
    rows = rows_for(items)
    keys = list(items)
    for name, chosen, recipe in (("a", keys, "r"), ("b", keys[:1], "r"), ("c", [], "other")):
        FeatureCodec(rows, LAYERS).write(
            tmp_path / f"{name}.safetensors", {key: items[key] for key in chosen}, recipe
        )
    with pytest.raises(MerflowError, match="both hold copy 0 of clip"):
        read_layers([tmp_path / "a.safetensors", tmp_path / "b.safetensors"])
    with pytest.raises(MerflowError, match="different settings or code"):
        read_layers([tmp_path / "a.safetensors", tmp_path / "c.safetensors"])
