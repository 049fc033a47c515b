"""Whatever the bytes of an npy file are, it is an array or a ValueError."""

import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.storage.npy import load_array

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def saved(array, **how):
    stream = io.BytesIO()
    np.save(stream, array, **how)
    return stream.getvalue()


@pytest.mark.parametrize("mapped", [False, True])
def test_an_array_is_read_as_it_was_saved(tmp_path, mapped):
    (tmp_path / "a.npy").write_bytes(saved(ARRAY))
    np.testing.assert_array_equal(load_array(tmp_path / "a.npy", mapped), ARRAY)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("npy") / "a.npy"


@given(
    st.dictionaries(st.integers(0, 127), st.integers(0, 255), max_size=6),
    st.integers(0, 152),
    st.booleans(),
)
def test_damage_is_an_array_or_a_value_error(place, changes, length, mapped):
    content = bytearray(saved(ARRAY))
    for at, value in changes.items():
        content[at] = value
    place.write_bytes(content[:length])
    with suppress(ValueError):
        assert isinstance(load_array(place, mapped), np.ndarray)


def test_a_header_that_ends_in_the_middle_of_a_statement_is_told(place):
    place.write_bytes(saved(ARRAY).replace(b"), }", b" , ("))
    with pytest.raises(ValueError, match=r"\S"):
        load_array(place)


def with_header(header):
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 and no more of an archive",
        with_header(b"{'descr': '|u1', 'fortran_order': False, 1: (2,)}\n"),
        with_header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (%d,)}\n" % 10**30),
        with_header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,)}\n" % 10**17),
    ],
    ids=["archive", "keys", "shape", "size"],
)
def test_what_no_machine_holds_is_told(place, content, mapped):
    place.write_bytes(content)
    with pytest.raises(ValueError, match=r"\S"):
        load_array(place, mapped)


def test_pickles_archives_and_what_is_not_there_are_told(tmp_path):
    (tmp_path / "a.npy").write_bytes(saved(np.array([{}], dtype=object), allow_pickle=True))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_array(tmp_path / "a.npy")
    with (tmp_path / "b.npy").open("wb") as stream:
        np.savez(stream, ARRAY)
    with pytest.raises(ValueError, match="archive"):
        load_array(tmp_path / "b.npy")
    with pytest.raises(FileNotFoundError):
        load_array(tmp_path / "c.npy")
