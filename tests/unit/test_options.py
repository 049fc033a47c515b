import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from merflow.errors import MerflowError
from merflow.options import SPEC, named


@click.command()
@SPEC
def shown(spec):
    click.echo(json.dumps(spec))


def test_the_command_gets_what_was_declared():
    spec = {"a": [1, None, "ä"], "b": {"c": 0.5}}
    result = CliRunner().invoke(shown, ["--spec", json.dumps(spec)])
    assert json.loads(result.output) == spec


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null"])
def test_anything_but_a_json_object_is_a_usage_error(text):
    result = CliRunner().invoke(shown, ["--spec", text])
    assert result.exit_code == 2
    assert "--spec" in result.output
    assert "JSON object" in result.output


def test_paths_are_gathered_by_name_in_their_order():
    found = named(["b=x", "a=c=d/0", "b=y"], "--shard")
    assert found == {"b": [Path("x"), Path("y")], "a": [Path("c=d/0")]}


@pytest.mark.parametrize("text", ["", "path", "=path", "a="])
def test_a_malformed_value_is_told(text):
    with pytest.raises(MerflowError, match=r"--shard .* is malformed: write NAME=path"):
        named([text], "--shard")
