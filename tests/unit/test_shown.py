"""Names of files as text: those that are not UTF-8 can be written too."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.errors import shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("\u8bdd1.png".encode("gbk"), r"\xbb\xb01.png"),
        ("\u8bf41.png".encode() + b"\xff", "\u8bf41.png\\xff"),
        (b"a \\ b.png", "a \\ b.png"),
    ],
)
def test_bytes_that_are_not_utf8_are_escaped(name, text):
    assert shown(os.fsdecode(name)) == text


@given(st.text(st.characters(codec="utf-8")))
def test_other_names_stay(name):
    assert shown(name) == name


@given(st.text(st.characters(categories=["Cs", "L"])))
def test_whatever_is_shown_can_be_written(name):
    shown(name).encode()
