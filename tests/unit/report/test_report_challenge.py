"""Our scores beside the challenge's own baseline: which systems, which figures, what is said."""

import json

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from merflow.report.challenge import (
    EXPECTED,
    MARGIN,
    PRINTED,
    ROWS,
    challenge_systems,
    figure,
    middle_layers,
)
from merflow.report.challenge_table import beside
from merflow.report.commands import group

CHALLENGE = {"valence": True, "com": True, "valence_name": "valence"}
FEATURES = {name: sorted(features) for name, (features, _) in PRINTED.items()}


def system(features, strategy=1, decoder="baseline", loss="sum"):
    return {"features": features, "strategy": strategy, "decoder": decoder, "loss": loss}


def scores(com):
    values = {"weighted_f1": 0.6, "mse": 1.0, "com": com}
    return {**values, "interval": {name: [v - 0.1, v + 0.1] for name, v in values.items()}}


SPLITS = {"Train&Val": "train", "MER-MULTI": "test1", "MER-NOISE": "test2"}


@pytest.fixture
def called(tmp_path):
    """Run the command on systems of given Com by split, trained clean; return csv and page."""

    def call(definitions, coms, rows=ROWS, **changed):
        systems = {
            name: {
                "clean": {
                    reading: {split: scores(com) for split, com in by_split.items()}
                    for reading in ("honest", "organiser")
                }
            }
            for name, by_split in coms.items()
        }
        document = {"corpus": "mer2023", "bootstrap": {"draws": 100}, "systems": systems}
        document["references"] = {
            name: {split: scores(0.35) for split in SPLITS.values()}
            for name in ("constant", "true_class")
        }
        spec = {
            "corpus": "mer2023",
            "rows": [{"name": row, "split": SPLITS[row], "augmentation": "noise"} for row in rows],
            "definitions": definitions,
            "decimals": 4,
            **CHALLENGE,
            "mer2023": True,
            "training": {"epochs": 100, "patience": None},
            **changed,
        }
        document["corpus"] = spec["corpus"]
        (tmp_path / "scores.json").write_text(json.dumps(document))
        out = ["--out-csv", tmp_path / "challenge.csv", "--out-md", tmp_path / "challenge.md"]
        words = ["challenge", "--spec", json.dumps(spec), "--scores", tmp_path / "scores.json"]
        done = CliRunner().invoke(group, [str(word) for word in [*words, *out]])
        assert done.exit_code == 0, done.output
        table = pd.read_csv(tmp_path / "challenge.csv", keep_default_na=False)
        return table, (tmp_path / "challenge.md").read_text()

    return call


def test_printed_figures_agree_with_each_other():
    for name, (_, by_row) in PRINTED.items():
        for dis, dim, com in by_row:
            # All three are rounded to .01, weighted F1 in per cent to .01.
            assert com == pytest.approx(dis / 100 - dim / 4, abs=0.0065), name


def test_the_challenge_s_own_com_lies_in_what_is_accepted():
    for name in PRINTED:
        for row in ROWS[:2]:
            low, high = figure(name, row).accepted
            assert low <= figure(name, row).scores["Com"] <= high
            assert round(high - low, 4) >= 2 * MARGIN
        assert figure(name, "MER-NOISE").accepted is None
        assert len(EXPECTED[name]) == 2


def test_systems_are_known_by_what_they_are_made_of():
    known = {f"x{k}": system(features) for k, features in enumerate(FEATURES.values())}
    assert challenge_systems(known) == {name: f"x{k}" for k, name in enumerate(PRINTED)}
    others = {
        "HL": system(["HL(23)"]),
        "a": system(["HL(24)"], decoder="jdev"),
        "b": system(["HL(24)"], loss="paper"),
        "c": system(["HL(24)", "MR(block2)"], strategy=2),
        "d": system(["HL(24)", "MR(block2)", "RF(conv5_3_3x3_relu)"]),
        "e": {"members": ["a", "b"]},
    }
    assert challenge_systems(others) == {}
    twice = {"first": system(["HL(24)"]), "second": system(["HL(24)"])}
    assert challenge_systems(twice) == {"HL": "first"}


def test_com_is_judged_in_the_organisers_reading_and_trained_clean(called):
    coms = {"mine": {"train": 0.30, "test1": 0.35, "test2": 0.9}}
    table, page = called({"mine": system(["HL(24)"])}, coms)
    judged = table[(table["metric"] == "Com") & (table["reading"] == "organiser")]
    assert dict(zip(judged["row"], judged["verdict"], strict=True)) == {
        "Train&Val": "below",
        "MER-MULTI": "within",
        "MER-NOISE": "",
    }
    assert set(table.loc[table["reading"] == "honest", "verdict"]) == {""}
    assert set(table["system"]) == {"mine"}
    assert "| HL (mine)" in page
    assert "0.32 to 0.36: below" in page
    assert "says nothing" not in page


@pytest.mark.parametrize(("com", "said"), [(0.489, "below"), (0.49, "within"), (0.541, "above")])
def test_the_bounds_are_accepted(called, com, said):
    table, _ = called({"a": system(FEATURES["HL+MR"])}, {"a": {"train": com}})
    judged = table[(table["metric"] == "Com") & (table["reading"] == "organiser")]
    assert judged["verdict"].tolist() == [said]


def test_on_another_corpus_the_comparison_says_nothing(called):
    coms = {"a": {"train": 0.34, "test1": 0.36}}
    table, page = called({"a": system(["HL(24)"])}, coms, corpus="mine", mer2023=False)
    assert set(table["verdict"]) == {"says nothing: not MER 2023"}
    assert "is not MER 2023" in page
    assert "within 0.02" in page


def test_rows_of_other_names_are_not_the_challenges(called):
    table, page = called({"a": system(["HL(24)"])}, {"a": {"train": 0.3}}, rows=[])
    assert not len(table)
    assert "nothing stands here" in page


def test_a_system_trained_with_noise_alone_stands_in_for_none(called, tmp_path):
    definitions = {"noisy": system(["HL(24)"]), "clean": system(["HL(24)"])}
    table, page = called(definitions, {"clean": {"train": 0.3}})
    assert set(table["system"]) == {"clean"}
    assert "| HL (clean)" in page
    document = json.loads((tmp_path / "scores.json").read_text())
    document["systems"]["noisy"] = {"noise": document["systems"]["clean"]["clean"]}
    spec = {"definitions": definitions, "mer2023": True, **CHALLENGE}
    spec["rows"] = [{"name": row, "split": SPLITS[row], "augmentation": "clean"} for row in ROWS]
    assert {one.system for one in beside(spec, document)} == {"clean"}


def test_layers_18_to_20_are_set_against_the_last(called):
    middle = system(["HL(19)", "HL(18)", "HL(20)"])
    coms = {"last": {"train": 0.34}, "three": {"train": 0.46, "test1": 0.4}}
    _, page = called({"last": system(["HL(24)"]), "three": middle}, coms)
    assert "three should be ahead of last by about 0.1 Com on Train&Val" in page
    assert "It is ahead by +0.1200 (honest), +0.1200 (organiser)." in page
    _, page = called({"last": system(["HL(24)"])}, coms)
    assert "Layers 18 to 20" not in page


def test_the_page_says_which_epochs_there_were(called):
    definitions, coms = {"a": system(["HL(24)"])}, {"a": {"train": 0.3}}
    assert "choose among all 100 epochs" in called(definitions, coms)[1]
    _, page = called(definitions, coms, training={"epochs": 100, "patience": 7})
    assert "ends 7 epochs after the honest reading's last kept epoch" in page


def test_without_valence_dis_stands_alone(called, tmp_path):
    called({"a": system(["HL(24)"])}, {"a": {"train": 0.3}})
    document = json.loads((tmp_path / "scores.json").read_text())
    for by_split in document["systems"]["a"]["clean"].values():
        by_split["train"] = {"weighted_f1": 0.6, "interval": {"weighted_f1": [0.5, 0.7]}}
    (tmp_path / "scores.json").write_text(json.dumps(document))
    spec = {
        "corpus": "mer2023",
        "rows": [{"name": "Train&Val", "split": "train", "augmentation": "clean"}],
        "definitions": {"a": system(["HL(24)"])},
        "decimals": 4,
        **CHALLENGE,
        "mer2023": True,
        "training": {"epochs": 100, "patience": 10},
    }
    out = ["--out-csv", str(tmp_path / "c.csv"), "--out-md", str(tmp_path / "c.md")]
    words = ["challenge", "--spec", json.dumps(spec), "--scores", str(tmp_path / "scores.json")]
    assert CliRunner().invoke(group, [*words, *out]).exit_code == 0
    assert pd.read_csv(tmp_path / "c.csv")["metric"].unique().tolist() == ["Dis"]


def test_the_preset_that_is_judged_trains_all_epochs(request):
    preset = request.config.rootpath / "presets" / "challenge_baseline.yaml"
    config = yaml.safe_load(preset.read_text())
    assert config["fusion"]["training"]["patience"] is None
    made = {system["name"]: system for system in config["fusion"]["systems"]}
    assert middle_layers(made) == "hl18_20"


def test_presets_that_have_the_challenge_s_systems(request):
    folder = request.config.rootpath / "presets"
    found = {}
    for preset in sorted(folder.glob("*.yaml")):
        config = yaml.safe_load(preset.read_text())
        made = {system["name"]: system for system in config["fusion"]["systems"]}
        found[preset.stem] = list(challenge_systems(made))
    assert found.pop("challenge_baseline") == list(PRINTED)
    assert found.pop("organiser_features") == list(PRINTED)
    assert not any(found.values())
