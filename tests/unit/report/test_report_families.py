"""Pairs by definition: names say nothing."""

import pytest

from merflow.report.families import baseline_of, form, other_strategies


def system(decoder, loss, features=("A(1)", "B(2)"), strategy=1):
    return {"features": list(features), "strategy": strategy, "decoder": decoder, "loss": loss}


DEFINITIONS = {
    "plain": system("baseline", "sum"),
    "weighed": system("baseline", "paper"),
    "joint": system("jdev", "paper"),
    "joint_sum": system("jdev", "sum"),
    "other-baseline": system("baseline", "sum", strategy=2),
    "other-jdev": system("jdev", "paper", ("B(2)", "A(1)"), strategy=2),
    "lonely-jdev": system("jdev", "paper", ("A(1)",)),
    "all_joint": {"members": ["joint", "other-jdev"]},
    "all_plain": {"members": ["other-baseline", "plain"]},
    "half": {"members": ["joint", "other-baseline"]},
    "single": {"members": ["plain"]},
}
NAMES = list(DEFINITIONS)


@pytest.mark.parametrize(
    ("name", "rival"),
    [
        ("joint", "plain"),
        ("joint_sum", "plain"),
        ("other-jdev", "other-baseline"),
        ("lonely-jdev", None),
        ("plain", None),
        ("all_joint", "all_plain"),
        ("half", None),
        ("unknown", None),
    ],
)
def test_the_baseline_has_the_same_features_and_strategy(name, rival):
    assert baseline_of(name, NAMES, DEFINITIONS) == rival
    assert baseline_of(name, NAMES[::-1], DEFINITIONS) == rival


def test_the_loss_of_the_paper_s_comparison_is_preferred():
    told = DEFINITIONS | {"kendall": system("jdev", "kendall")}
    assert baseline_of("kendall", told, told) == "plain"
    told["kendall_baseline"] = system("baseline", "kendall")
    assert baseline_of("kendall", told, told) == "kendall_baseline"
    assert baseline_of("joint", [name for name in told if name != "plain"], told) == "weighed"


def test_variants_meet_their_own_kind():
    names = ["all_joint (equal weights)", "all_plain", "all_plain (equal weights)"]
    assert baseline_of(names[0], names, DEFINITIONS) == names[2]
    assert baseline_of(names[0], names[:2], DEFINITIONS) is None
    assert form("all_plain (equal weights)", DEFINITIONS) != form("all_plain", DEFINITIONS)


def test_strategies_of_the_same_features_decoder_and_loss():
    assert other_strategies("other-jdev", NAMES, DEFINITIONS) == ["joint"]
    assert other_strategies("other-baseline", NAMES, DEFINITIONS) == ["plain"]
    assert other_strategies("joint", NAMES, DEFINITIONS) == []
    assert other_strategies("all_joint", NAMES, DEFINITIONS) == []
    assert other_strategies("unknown", NAMES, DEFINITIONS) == []
