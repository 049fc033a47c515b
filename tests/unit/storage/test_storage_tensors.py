"""Files of tensors: what is written is read, and no changed byte goes unnoticed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from merflow.errors import MerflowError
from merflow.storage.tensors import DamageError, TensorFile, VersionError, write_tensors

TENSORS = {
    "b": np.arange(12, dtype=np.float32).reshape(3, 4),
    "a": np.arange(7, dtype=np.uint8),
    "none": np.zeros((0, 5), np.float32),
}
SAID = {"recipe": "r1", "rows": '["x", "y"]'}


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("tensors") / "whole.safetensors"
    write_tensors(path, TENSORS, SAID)
    return path.read_bytes()


def test_what_is_written_is_read_in_its_order(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, TENSORS, SAID)
    file = TensorFile(path)
    assert file.names == list(TENSORS)
    assert file.said == SAID
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(file.tensor(name), array)
        assert file.tensor(name).dtype == array.dtype
        assert file.shape(name) == array.shape
    file.prove()


def test_the_file_is_one_that_the_library_reads(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, TENSORS, SAID)
    read = load_file(path)
    assert read.keys() == TENSORS.keys()
    for name, array in read.items():
        np.testing.assert_array_equal(array, TENSORS[name])


def test_arrays_of_any_layout_in_memory_give_the_same_bytes(tmp_path):
    turned = {name: np.asfortranarray(array) for name, array in TENSORS.items()}
    write_tensors(tmp_path / "a", TENSORS, SAID)
    write_tensors(tmp_path / "b", turned, dict(reversed(SAID.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@settings(max_examples=400)
@given(place=st.integers(0, 10**6), flip=st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed(content, tmp_path_factory, place, flip):
    changed = bytearray(content)
    changed[place % len(content)] ^= flip
    path = tmp_path_factory.mktemp("flip") / "f.safetensors"
    path.write_bytes(changed)
    with pytest.raises(DamageError):
        TensorFile(path).prove()


def test_no_changed_filling_of_the_header_goes_unnoticed(content, tmp_path):
    end = 8 + int.from_bytes(content[:8], "little")
    start = content.rfind(b"}", 0, end) + 1
    assert content[start:end] == b" " * (end - start) != b""
    for place in range(start, end):
        path = tmp_path / f"{place}.safetensors"
        path.write_bytes(content[:place] + b"\t" + content[place + 1 :])
        with pytest.raises(DamageError):
            TensorFile(path)


@settings(max_examples=60)
@given(length=st.integers(0, 10**6), more=st.binary(max_size=9))
def test_a_file_of_another_length_is_damaged(content, tmp_path_factory, length, more):
    path = tmp_path_factory.mktemp("cut") / "f.safetensors"
    path.write_bytes(content[: length % len(content)] if not more else content + more)
    with pytest.raises(DamageError):
        TensorFile(path).prove()


def test_what_the_header_says_is_proved_without_any_tensor(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, {}, SAID)
    path.write_bytes(path.read_bytes().replace(b"r1", b"r2"))
    with pytest.raises(DamageError):
        TensorFile(path)


def test_damage_is_told_in_a_sentence_that_says_what_to_do(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"no")
    with pytest.raises(MerflowError) as caught:
        TensorFile(path, "face file")
    assert str(caught.value) == (
        f"the face file {path} is damaged: run `merflow cache verify --remove`, then snakemake "
        "again"
    )


def test_a_missing_file_is_not_a_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        TensorFile(tmp_path / "a.safetensors")


def test_a_file_of_before_checksums_is_another_version_s_and_not_damaged(tmp_path):
    for name, said in {"none": None, "recipe": SAID}.items():
        path = tmp_path / f"{name}.safetensors"
        save_file(TENSORS, path, said)
        with pytest.raises(VersionError, match="is of another version of merflow: remove it"):
            TensorFile(path, "face file")


def test_a_file_of_a_later_format_is_another_version_s(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr("merflow.storage.tensors.FORMAT", "2")
        write_tensors(path, TENSORS, SAID)
        assert TensorFile(path).said == SAID
    with pytest.raises(VersionError):
        TensorFile(path)


def test_a_folder_is_told_in_a_sentence(tmp_path):
    with pytest.raises(MerflowError, match="cannot be read"):
        TensorFile(tmp_path)
