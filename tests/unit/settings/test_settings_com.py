"""Where ``corpus.com`` may be true."""

import copy
from pathlib import Path

import pytest
import yaml

from merflow import settings
from merflow.errors import MerflowError

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/params.schema.yaml").read_text())
SMALL = yaml.safe_load((ROOT / "presets/small.yaml").read_text())


def with_corpus(**corpus):
    config = copy.deepcopy(SMALL)
    config["corpus"] |= corpus
    return config


@pytest.mark.parametrize("com", [True, False])
def test_labels_on_the_challenge_s_scale_may_have_it_or_not(com):
    settings.check(with_corpus(com=com), SCHEMA)


def test_without_valence_there_is_no_com():
    config = with_corpus(valence=False)
    config["report"]["submission"] = "mr_rf-baseline"
    with pytest.raises(MerflowError, match=r"corpus\.com is true; allowed without corpus\.valence"):
        settings.check(config, SCHEMA)
    config["corpus"]["com"] = False
    settings.check(config, SCHEMA)


def test_it_must_be_said():
    config = with_corpus()
    del config["corpus"]["com"]
    with pytest.raises(MerflowError, match=r"corpus\.com is missing; give it true or false"):
        settings.check(config, SCHEMA)
