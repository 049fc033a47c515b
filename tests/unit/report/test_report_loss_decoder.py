"""The 2 x 2 of losses and decoders."""

import json

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from merflow.report.commands import group
from merflow.report.differences import JOINT
from merflow.report.loss_decoder import CELLS, PAIRED, squares
from merflow.report.paper import paper_name

BOTH = ["HL(18)", "MR(block2)"]
NAMES = {
    ("baseline", "sum"): "base",
    ("baseline", "paper"): "base-eq9",
    ("jdev", "sum"): "joint-sum",
    ("jdev", "paper"): "joint",
}
# Com of each cell on train, honest; the other reading is .1 higher.
COM = {"base": 0.50, "base-eq9": 0.51, "joint-sum": 0.53, "joint": 0.56}


def definitions(features=BOTH, strategy=1):
    return {
        name: {"features": features, "strategy": strategy, "decoder": decoder, "loss": loss}
        for (decoder, loss), name in NAMES.items()
    }


def scores(com):
    values = {"weighted_f1": com + 0.25, "mse": 1.0, "com": com}
    bounds = {name: [round(v - 0.1, 4), round(v + 0.1, 4)] for name, v in values.items()}
    return {**values, "interval": bounds}


def document():
    gap = {"com": 0.031, "interval": {"com": [-0.01, 0.07]}, "clips": 9}
    paired = {"joint-sum": {"clean": {"honest": {"train": {"base": gap}}}}}
    return {
        "corpus": "mine",
        "bootstrap": {"draws": 100},
        "seeds": [0, 1],
        "differences": {JOINT: paired},
        "systems": {
            name: {
                "clean": {
                    "honest": {"train": scores(com)},
                    "organiser": {"train": scores(com + 0.1)},
                },
                # Two of the four alone.
                **({} if "-" in name else {"noise": {"honest": {"test2": scores(com)}}}),
            }
            for name, com in COM.items()
        },
    }


ROWS = [
    {"name": "Train&Val", "split": "train", "augmentation": "clean"},
    {"name": "MER-NOISE", "split": "test2", "augmentation": "noise"},
]


def called(folder, made, **changed):
    (folder / "scores.json").write_text(json.dumps(document()))
    spec = {"corpus": "mine", "rows": ROWS, "definitions": made, "decimals": 4, **changed}
    out = ["--out-csv", folder / "l.csv", "--out-md", folder / "l.md"]
    words = ["loss-decoder", "--spec", json.dumps(spec), "--scores", folder / "scores.json", *out]
    done = CliRunner().invoke(group, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return pd.read_csv(folder / "l.csv"), (folder / "l.md").read_text()


def test_effects_are_differences_of_two_cells(tmp_path):
    table, page = called(tmp_path, definitions())
    com = table[(table["metric"] == "Com") & (table["reading"] == "honest")].set_index("entry")
    for cell in CELLS:
        assert com.loc[", ".join(cell), "value"] == COM[NAMES[cell]]
    effects = com.loc[com["against"].notna(), "value"].to_dict()
    assert effects == {
        "decoder at sum": 0.031,  # as scores.json has it
        "decoder at paper": 0.05,
        "loss at baseline": 0.01,
        "loss at jdev": 0.03,
    }
    assert com.loc["decoder at sum", ["low", "high"]].tolist() == [-0.01, 0.07]
    assert com.loc["loss at jdev", ["low", "high"]].isna().all()
    assert com.loc["loss at jdev", ["system", "against"]].tolist() == ["joint", "joint-sum"]
    assert set(table["reading"]) == {"honest", "organiser"}
    assert "+0.0310 [-0.010, +0.070]" in page
    assert "merflow compare" in page


def test_a_row_that_not_all_four_are_scored_in_is_left_out(tmp_path):
    table, page = called(tmp_path, definitions())
    assert set(table["row"]) == {"Train&Val"}
    table, page = called(tmp_path, definitions(), rows=ROWS[1:])
    assert table.empty
    assert "No four systems" in page


def test_squares_are_found_by_what_systems_are_made_of():
    made = definitions()
    (square,) = squares(made)
    assert square.systems == NAMES
    assert (square.features, square.strategy) == (tuple(BOTH), 1)
    turned = made | {"joint": made["joint"] | {"features": BOTH[::-1]}}
    assert squares(turned)[0].systems == NAMES
    for key, value in (("strategy", 2), ("features", ["HL(18)"]), ("loss", "kendall")):
        assert squares(made | {"joint": made["joint"] | {key: value}}) == []
    again = {name: own | {"strategy": 2} for name, own in made.items()}
    two = squares(
        {**made, **{f"{name}2": own for name, own in again.items()}, "m": {"members": []}}
    )
    assert [square.strategy for square in two] == [1, 2]
    first = squares(made | {"later": made["joint"]})
    assert first[0].systems == NAMES


def test_the_two_other_cells_are_not_the_papers():
    found = definitions(["HL(18)", "HL(19)", "HL(20)", "MR(block2)", "RF(pooling)"])
    assert {name: paper_name(name, found) for name in found} == {
        "base": "all_s1-baseline",
        "base-eq9": None,
        "joint-sum": None,
        "joint": "all_s1-jdev",
    }


def test_the_paired_differences_are_looked_for_where_they_are():
    assert PAIRED == JOINT


@pytest.mark.parametrize("preset", ["demo", "table"])
def test_presets_have_a_square_of_the_paper_s_strategy_1(preset, request):
    text = (request.config.rootpath / "presets" / f"{preset}.yaml").read_text()
    config = yaml.safe_load(text)
    (square,) = squares({system["name"]: system for system in config["fusion"]["systems"]})
    assert square.systems["baseline", "sum"] == "all_s1-baseline"
    assert square.systems["jdev", "paper"] == "all_s1-jdev"
    assert len(square.features) == 5
