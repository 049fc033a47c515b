"""Settings of one source of clips beside another, which nothing would read."""

import copy

import pytest
import yaml
from small_project import ROOT

from merflow import settings
from merflow.errors import MerflowError

SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/params.schema.yaml").read_text())
PRESETS = {
    name: yaml.safe_load((ROOT / f"presets/{name}.yaml").read_text())
    for name in ("demo", "table", "organiser_features", "ravdess")
}
DEMO = PRESETS["demo"]["corpus"]["demo"]
LABELS = PRESETS["organiser_features"]["corpus"]["labels"]


@pytest.mark.parametrize(
    ("preset", "key", "value"),
    [
        ("table", "demo", DEMO),
        ("ravdess", "demo", DEMO),
        ("organiser_features", "demo", DEMO),
        ("table", "labels", LABELS),
        ("ravdess", "labels", LABELS),
        ("demo", "labels", LABELS),
        ("demo", "root", "clips"),
        ("demo", "csv", "labels.csv"),
    ],
)
def test_what_the_adapter_does_not_read_is_told(preset, key, value):
    config = copy.deepcopy(PRESETS[preset])
    settings.check(config, SCHEMA)
    config["corpus"][key] = value
    with pytest.raises(MerflowError) as caught:
        settings.check(config, SCHEMA)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert f"corpus.{key} is " in sentence
    assert f"adapter {config['corpus']['adapter']}" in sentence
