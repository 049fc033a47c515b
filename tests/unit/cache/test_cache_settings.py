"""Settings that a command reads outside the graph."""

from pathlib import Path

import pytest
import yaml

from merflow.errors import MerflowError
from merflow.layout import read_layout

PARAMS = Path("params.yaml")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"features": {"encoders": None}}, "is no complete settings"),
        ({"features": {"encoders": {"HL": None}}}, "is no complete settings"),
        ({"corpus": {"adapter": "table", "csv": "mine.csv", "root": "."}}, "names mine.csv, "),
        ({"corpus": {"adapter": "labels", "labels": {"train": "mine.csv"}}}, "names mine.csv, "),
    ],
)
def test_what_a_layout_lacks_is_told_in_a_sentence(project, keys, told):
    config = yaml.safe_load(PARAMS.read_text())
    for section, values in keys.items():
        config[section] |= values
    PARAMS.write_text(yaml.safe_dump(config))
    with pytest.raises(MerflowError, match=told):
        read_layout(PARAMS)
