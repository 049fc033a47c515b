"""What is told of the settings of trainings before any job starts."""

import copy
from pathlib import Path

import pytest
import yaml

from merflow import settings
from merflow.errors import MerflowError

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/params.schema.yaml").read_text())
SMALL = yaml.safe_load((ROOT / "presets/small.yaml").read_text())


def checked(section, **training):
    config = copy.deepcopy(SMALL)
    config[section]["training"] |= training
    settings.check(config, SCHEMA)


@pytest.mark.parametrize("section", ["probes", "fusion"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("patience", 1),
        ("patience", None),
        ("selection", "inner"),
        ("precision", "bfloat16"),
        ("learning_rate", [1.0e-3, 1.0e-4, 1.0e-5]),
        ("width", [128, 256]),
        ("dropout", [0.0, 0.3]),
        ("dropout", 0),
    ],
)
def test_what_is_allowed(section, key, value):
    checked(section, **{key: value})


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("patience", 0, "patience is 0; allowed: at least 1"),
        ("patience", 2.5, "patience is 2.5; allowed: a whole number or null"),
        ("selection", "test", "selection is 'test'; allowed: one of folds, inner"),
        ("precision", "float16", "precision is 'float16'; allowed: one of float32, bfloat16"),
        ("learning_rate", [], "learning_rate is []; allowed: at least this many entries: 1"),
        ("learning_rate", [1.0e-3, 1.0e-3], "allowed: entries that differ from each other"),
        ("learning_rate", [1.0e-3, 0.0], "learning_rate[1] is 0.0; allowed: more than 0"),
        ("learning_rate", [[1.0e-3]], "learning_rate[0] is [0.001]; allowed: a number"),
        ("learning_rate", -1, "learning_rate is -1; allowed: more than 0"),
        ("width", [128, 0], "width[1] is 0; allowed: at least 1"),
        ("width", [128, 2.5], "width[1] is 2.5; allowed: a whole number"),
        ("width", "128", "width is '128'; allowed: a whole number or a list"),
        ("dropout", [0.3, 1.0], "dropout[1] is 1.0; allowed: less than 1"),
        ("learning_rate", [1.0e-3, float("nan")], "learning_rate[1] is nan; allowed: a finite"),
    ],
)
def test_one_sentence_says_what_is_wrong(key, value, told):
    for section in ("probes", "fusion"):
        with pytest.raises(MerflowError) as caught:
            checked(section, **{key: value})
        assert f"{section}.training.{key}" in str(caught.value)
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["patience", "selection", "precision"])
def test_no_key_may_be_left_out(key):
    config = copy.deepcopy(SMALL)
    del config["fusion"]["training"][key]
    with pytest.raises(MerflowError, match=rf"fusion\.training\.{key} is missing"):
        settings.check(config, SCHEMA)


def test_an_inner_fold_needs_three():
    config = copy.deepcopy(SMALL)
    config["corpus"]["folds"]["count"] = 2
    settings.check(config, SCHEMA)
    config["probes"]["training"]["selection"] = "inner"
    with pytest.raises(MerflowError, match=r"probes\.training\.selection is 'inner'.*needs 3"):
        settings.check(config, SCHEMA)


@pytest.mark.parametrize("section", ["probes", "fusion"])
def test_device_and_stack_are_checked(section):
    for key, value, told in (
        ("device", "tpu", "one of cpu, cuda"),
        ("stack", 0, "at least 1"),
        ("stack", "all", "a whole number or null"),
    ):
        config = copy.deepcopy(SMALL)
        config[section][key] = value
        with pytest.raises(MerflowError, match=rf"{section}\.{key} is .*{told}"):
            settings.check(config, SCHEMA)
    config = copy.deepcopy(SMALL)
    config[section] |= {"device": "cuda", "stack": 25}
    settings.check(config, SCHEMA)


def test_a_probe_is_trained_or_solved():
    config = copy.deepcopy(SMALL)
    config["probes"]["kind"] = "svm"
    with pytest.raises(MerflowError, match=r"probes\.kind is 'svm'; allowed: one of mlp, linear"):
        settings.check(config, SCHEMA)
