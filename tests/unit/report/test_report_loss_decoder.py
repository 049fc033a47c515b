"""The 2 x 2 of losses and decoders."""

import json

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from merflow.report.commands import group
from merflow.report.holm import holm
from merflow.report.loss_decoder import CELLS, EFFECTS, KIND, effects_on, squares
from merflow.report.nested import nest
from merflow.report.paper import paper_name

BOTH = ["HL(18)", "MR(block2)"]
NAMES = {
    ("baseline", "sum"): "base",
    ("baseline", "paper"): "base-eq9",
    ("jdev", "sum"): "joint-sum",
    ("jdev", "paper"): "joint",
}
CHALLENGE = {"valence": True, "com": True, "valence_name": "valence"}
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


P = dict(zip(EFFECTS, (0.001, 0.02, 0.01, 0.5), strict=True))
LOW = dict(zip(EFFECTS, (0.01, -0.02, -0.01, -0.3), strict=True))


def gap(effect, value):
    named = dict.fromkeys(("weighted_f1", "mse", "com"))
    told = dict.fromkeys(named, round(value, 4)) | {"p": dict.fromkeys(named, P[effect])}
    return told | {"interval": {name: [LOW[effect], 0.3] for name in named}, "clips": 9}


def document():
    paired = {}
    for effect, (changed, kept) in EFFECTS.items():
        one, other = NAMES[changed], NAMES[kept]
        for reading in ("honest", "organiser"):
            told = gap(effect, COM[one] - COM[other])
            nest(paired, (one, "clean", reading, "train", other), told)
    return {
        "corpus": "mine",
        "bootstrap": {"draws": 100},
        "seeds": [0, 1],
        "differences": {KIND: paired},
        "references": {
            name: {split: scores(0.1) for split in ("train", "test2")}
            for name in ("constant", "true_class")
        },
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
    spec = {"corpus": "mine", "rows": ROWS, "definitions": made, "decimals": 4}
    spec |= CHALLENGE | changed
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
        "decoder at sum": 0.03,
        "decoder at paper": 0.05,
        "loss at baseline": 0.01,
        "loss at jdev": 0.03,
    }
    own = com.loc[list(EFFECTS)]
    assert own["low"].to_dict() == LOW
    assert own["p"].to_dict() == P
    # Corrected over the four of this square in this reading and metric.
    assert own["p_holm"].tolist() == pytest.approx(holm(list(P.values())), abs=1e-6)
    assert com.loc[com["against"].isna(), ["p", "p_holm"]].isna().all(axis=None)
    assert com.loc["loss at jdev", ["system", "against"]].tolist() == ["joint", "joint-sum"]
    assert set(table["reading"]) == {"honest", "organiser"}
    assert "**+0.0300 [+0.010, +0.300]** p 0.001 / 0.004" in page
    # The test alone does not do: the interval holds 0.
    assert " +0.0100 [-0.010, +0.300] p 0.01 / 0.03" in page


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


def test_a_system_meets_the_others_of_its_square():
    found = {name: effects_on(name, definitions()) for name in NAMES.values()}
    assert found == {
        "base": [],
        "base-eq9": ["base"],
        "joint-sum": ["base"],
        "joint": ["base-eq9", "joint-sum"],
    }


def test_all_four_effects_are_tested_in_every_row(corpus, report, trained):
    told = corpus.spec["definitions"]
    made = {name: told["all_s1-jdev"] | own for name, own in definitions().items()}
    files = {}
    for k, name in enumerate(made):
        files |= trained(corpus, name, 0.5 + k)
    scores, _ = report.metrics(files, definitions=made, bootstrap={"draws": 1000, "seed": 0})
    table, page = report.table("loss-decoder", list(made), definitions=made)
    effects = table[table["against"].notna()]
    assert len(effects) == 4 * 3 * 3 * 2
    assert effects[["low", "high", "p", "p_holm"]].notna().all(axis=None)
    for _, family in effects.groupby(["reading", "metric"]):
        assert family["p_holm"].tolist() == pytest.approx(holm(list(family["p"])), abs=1e-6)
    known = effects[(effects["entry"] == "loss at jdev") & (effects["metric"] == "Com")]
    split = {row["name"]: (row["augmentation"], row["split"]) for row in corpus.spec["rows"]}
    for one in known.itertuples():
        augmentation, name = split[one.row]
        held = scores["differences"][KIND]["joint"][augmentation][one.reading][name]["joint-sum"]
        assert (one.value, [one.low, one.high]) == (held["com"], held["interval"]["com"])
    assert page.count("**+") > 0


@pytest.mark.parametrize("preset", ["demo", "table"])
def test_presets_have_a_square_of_the_paper_s_strategy_1(preset, request):
    text = (request.config.rootpath / "presets" / f"{preset}.yaml").read_text()
    config = yaml.safe_load(text)
    (square,) = squares({system["name"]: system for system in config["fusion"]["systems"]})
    assert square.systems["baseline", "sum"] == "all_s1-baseline"
    assert square.systems["jdev", "paper"] == "all_s1-jdev"
    assert len(square.features) == 5
