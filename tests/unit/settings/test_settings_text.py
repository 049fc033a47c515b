"""What is wrong with the text of ``params.yaml``, and that sound text is read as by any reader."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from merflow import settings
from merflow.errors import MerflowError

ROOT = Path(__file__).resolve().parents[3]


def told(folder, text):
    file = folder / "params.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MerflowError) as caught:
        settings.read(file)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("faces:\n  fps: 5.0\n  mask: true\n  fps: 10.0\n", "faces.fps stands twice (lines 2 and"),
        ("a: 1\nb: 2\na: 1\n", "key a stands twice (lines 1 and 3); keep one"),
        ('a: 1\n"a": 2\n', "key a stands twice (lines 1 and 2)"),
        ("a: {b: 1, b: 2}\n", "key a.b stands twice (line 1)"),
        ("a:\n- b: 1\n- b: 1\n  c: 2\n  b: 3\n", "key a[1].b stands twice (lines 3 and 5)"),
        ("a: 1\n\n# a: 2\na: 3\na: 4\n", "key a stands 3 times (lines 1, 4 and 5)"),
        ("1: x\n1: y\n", "key 1 stands twice"),
    ],
)
def test_a_key_that_stands_twice_is_told_with_its_lines(tmp_path, text, said):
    sentence = told(tmp_path, text)
    assert sentence.startswith("params.yaml: key ")
    assert said in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: 1\n b: 2\n", "line 2, column 3"), ("a: 1\n\tb: 2\n", "line 2, column 1")],
)
def test_what_is_no_yaml_is_told_with_its_place(tmp_path, text, place):
    sentence = told(tmp_path, text)
    assert sentence.startswith("params.yaml is no YAML (")
    assert place in sentence
    assert "\n" not in sentence


def test_one_key_in_several_mappings_and_an_alias_are_sound(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text('a: &x {b: 1, "1": 2, 1: 3}\nb: *x\nc: {<<: *x, b: 4}\nd: &y [*y]\n')
    assert settings.read(file)["c"] == {"b": 4, "1": 2, 1: 3}


@pytest.mark.parametrize("path", sorted((ROOT / "presets").glob("*.yaml")), ids=lambda p: p.stem)
def test_presets_are_read_as_by_any_reader(path):
    assert settings.read(path) == yaml.safe_load(path.read_text(encoding="utf-8"))


PLAIN = st.none() | st.booleans() | st.integers() | st.text("ab1: -", max_size=4)
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=12,
)


@given(content=NESTED, flow=st.booleans())
def test_whatever_is_written_is_read_again(tmp_path_factory, content, flow):
    file = tmp_path_factory.getbasetemp() / "written.yaml"
    file.write_text(yaml.safe_dump(content, default_flow_style=flow), encoding="utf-8")
    assert settings.read(file) == content
