"""What is told of ``report.robustness`` before any job starts."""

import copy
from pathlib import Path

import pytest
import yaml

from merflow import settings
from merflow.errors import MerflowError
from merflow.layout import Layout

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/params.schema.yaml").read_text())


def config(preset="small", **robustness):
    found = yaml.safe_load((ROOT / "presets" / f"{preset}.yaml").read_text())
    if robustness:
        found["report"]["robustness"] = {"split": "test1", "snr": [0]} | robustness
    return found


def told(found):
    with pytest.raises(MerflowError) as error:
        settings.check(found, SCHEMA)
    return str(error.value)


def test_what_is_allowed():
    settings.check(config(snr=[-5, 0, 20]), SCHEMA)
    without = config()
    without["report"]["robustness"] = None
    settings.check(without, SCHEMA)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"split": "test9"}, "report.robustness.split is 'test9'; allowed: test1, test2"),
        ({"split": "train"}, "report.robustness.split is 'train'; allowed: test1, test2"),
        ({"snr": []}, "report.robustness.snr"),
        ({"snr": [0, 0]}, "report.robustness.snr"),
        ({"snr": [0.5]}, "report.robustness.snr[0] is 0.5; allowed: a whole number"),
        ({"snr": [90]}, "report.robustness.snr[0] is 90; allowed: at most 60"),
        ({"clips": 3}, "unknown key report.robustness.clips"),
    ],
)
def test_what_is_refused(changes, sentence):
    assert sentence in told(config(**changes))


def test_systems_must_hear_and_their_sounds_be_there():
    deaf = config(snr=[0])
    visual = copy.deepcopy(deaf["fusion"]["systems"][:1])
    deaf["fusion"]["systems"], deaf["ensemble"]["systems"] = visual, []
    deaf["report"] |= {"submission": None, "rows": deaf["report"]["rows"][:1]}
    assert "allowed as no system reads sound: null" in told(deaf)
    given = config("organiser_features", snr=[0])
    assert "allowed with HL, which is precomputed and has no corrupted copies: null" in told(given)


def test_it_needs_a_noise_folder_though_nothing_is_trained_with_noise():
    clean = config("challenge_baseline", snr=[0])
    assert "noise.root is null" in told(clean)
    assert "report.robustness is set" in told(clean)


def test_what_is_drawn_for_training_moves_no_path_of_it():
    one, other = config(snr=[0]), config(snr=[0])
    other["noise"] |= {"copies": 3, "preset": "organiser", "visual": []}
    assert Layout(one).levels_manifest == Layout(other).levels_manifest
    assert Layout(one).feature_shards("HL", "snr") == Layout(other).feature_shards("HL", "snr")
    other["noise"]["seed"] = 1
    assert Layout(one).levels_manifest != Layout(other).levels_manifest


def test_the_order_of_snrs_moves_nothing_and_systems_without_sound_are_left_out():
    one, other = Layout(config(snr=[0, 5])), Layout(config(snr=[5, 0]))
    assert one.levels == other.levels
    labels = {label.partition("|")[0] for label in one.levels_predictions()}
    assert labels == {"all_s1-jdev", "all_s3-jdev", "fused-jdev"}
    assert one.conditions(["clean"]).count(("HL", "snr")) == 1
    assert not [name for name, kind in one.conditions(["clean"]) if kind == "snr" and name != "HL"]
