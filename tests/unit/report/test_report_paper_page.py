"""``docs/paper.md``: every reading of the paper has its setting, or says why it has none."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in (ROOT / "docs" / "paper.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]
SETTINGS = {int(row[0]): row[4] for row in ROWS}


@pytest.fixture(scope="module")
def params():
    return yaml.safe_load((ROOT / "params.yaml").read_text())


@pytest.fixture(scope="module")
def words():
    """Names and choices of all settings."""
    schema = ROOT / "workflow" / "schemas" / "params.schema.yaml"

    def of(value):
        if isinstance(value, list):
            return set().union(*map(of, value)) if value else set()
        if not isinstance(value, dict):
            return set()
        own = set(value.get("properties", {})) | {str(one) for one in value.get("enum", [])}
        return own.union(*(of(one) for one in value.values()))

    return of(yaml.safe_load(schema.read_text()))


def test_all_34_readings_are_there_with_five_cells():
    assert list(SETTINGS) == list(range(1, 35))
    assert {len(row) for row in ROWS} == {5}


@pytest.mark.parametrize("number", SETTINGS)
def test_a_reading_has_a_setting_that_exists_or_says_why_not(params, words, number):
    told = SETTINGS[number]
    if told.startswith("no switch: "):
        assert len(told.split()) > 4
        return
    names = re.findall(r"`([^`]+)`", told)
    assert names
    for name in names:
        if "." in name:
            found = params
            for key in name.split("."):
                assert key in found, f"params.yaml has no {name}"
                found = found[key]
        else:
            assert re.sub(r":.*", "", name) in words
