"""What the section ``noise`` must say together."""

import copy
from pathlib import Path

import pytest
import yaml

from merflow import settings
from merflow.errors import MerflowError

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/params.schema.yaml").read_text(encoding="utf-8"))
SMALL = yaml.safe_load((ROOT / "presets/small.yaml").read_text(encoding="utf-8"))


def told(**noise):
    config = copy.deepcopy(SMALL)
    config["noise"] |= noise
    return list(settings.problems(config, SCHEMA))


def pyramid(*bounds):
    return [{"transform": "pyramid", "magnitude": list(bounds)}]


def test_the_organisers_preset_alone_decides_how_pictures_are_corrupted():
    assert told(preset="organiser", visual=None) == []
    (sentence,) = told(preset="paper", visual=None)
    assert "noise.visual is null" in sentence
    assert "a list of transforms" in sentence


@pytest.mark.parametrize("bounds", [(1, 4), (2, 2), (1.0, 64)])
def test_levels_of_the_pyramid_are_powers_of_two(bounds):
    assert told(visual=pyramid(*bounds)) == []


@pytest.mark.parametrize("bounds", [(0, 4), (1, 3), (1.5, 4), (1, 128), (-2, 1)])
def test_other_levels_are_refused(bounds):
    (sentence,) = told(visual=pyramid(*bounds))
    assert "noise.visual[0].magnitude" in sentence
    assert "powers of two, 1 to 64" in sentence


def test_the_smaller_bound_comes_first():
    (sentence,) = told(visual=pyramid(4, 1))
    assert "the smaller first" in sentence


@pytest.mark.parametrize(
    ("corpus", "noise", "told"),
    [
        ({"adapter": "labels"}, {}, "corpus.adapter is 'labels', which has no clips"),
        ({"tests": []}, {}, "corpus.tests is []"),
        ({"adapter": "table"}, {"source": "folder", "root": None}, "noise.root is null"),
    ],
)
def test_noisy_corpus_says_what_it_lacks(corpus, noise, told):
    config = copy.deepcopy(SMALL)
    settings.check_noisy_corpus(config)
    config["corpus"] |= corpus
    config["noise"] |= noise
    with pytest.raises(MerflowError) as caught:
        settings.check_noisy_corpus(config)
    assert told in str(caught.value)
    assert "noisy_corpus corrupts test clips with recordings" in str(caught.value)


def test_the_demo_s_recordings_are_the_demo_corpus_s_alone_even_where_no_noise_is_heard():
    config = copy.deepcopy(SMALL)
    config["corpus"] |= {"adapter": "table", "root": "clips", "csv": "labels.csv"}
    del config["corpus"]["demo"]
    for part in (*config["fusion"]["systems"], *config["report"]["rows"]):
        part["augmentation"] = ["clean"] if "features" in part else "clean"
    config["report"]["robustness"] = None
    told = "noise.source is 'demo'; allowed with corpus.adapter table: folder"
    assert sum(told in one for one in settings.problems(config, SCHEMA)) == 1
    config["noise"] |= {"source": "folder", "root": None}
    assert not list(settings.problems(config, SCHEMA))
