"""The numbers of the paper's Table 1, typed a second time, and which system they belong to."""

from decimal import Decimal

import pytest

from merflow.report.paper import CELLS, PRINTED, figure, paper_name

# As the paper sets it: one system a column, baseline and JDEV in turn.
COLUMNS = ("mr_rf", "hl", "all_s1", "all_s2", "all_s3", "fused")
TABLE = """
0.6085 0.6170 0.6995 0.7051 0.7743 0.7811 0.7769 0.7789 0.7735 0.7795 0.7865 0.7936
1.2291 1.1890 0.9568 0.9297 0.6750 0.6176 0.6714 0.6339 0.6659 0.6315 0.6364 0.6138
0.3012 0.3198 0.4603 0.4727 0.6056 0.6267 0.6091 0.6204 0.6070 0.6216 0.6247 0.6402
0.3072 0.3171 0.4997 0.5184 0.6675 0.6779 0.6550 0.6656 0.6618 0.6693 0.6787 0.6846
0.2984 0.3074 0.4933 0.4934 0.6110 0.6178 0.6066 0.6166 0.6058 0.6125 0.6162 0.6303
"""
# JDEV - baseline, in points of the last decimal, by row of the table.
GAINS = {
    ("Train&Val", "Dis"): (85, 56, 68, 20, 60, 71),
    ("Train&Val", "Com"): (186, 124, 211, 113, 146, 155),
    ("MER-MULTI", "Com"): (99, 187, 104, 106, 75, 59),
    ("MER-NOISE", "Com"): (90, 1, 68, 100, 67, 141),
}
DIM_PER_CENT = ("-3.3", "-2.8", "-8.5", "-5.6", "-5.2", "-3.6")


def gap(stem, cell, number="printed"):
    jdev, base = (getattr(figure(f"{stem}-{d}", *cell), number) for d in ("jdev", "baseline"))
    return jdev - base


def test_the_numbers_are_those_of_the_paper_s_table():
    names = [f"{stem}-{decoder}" for stem in COLUMNS for decoder in ("baseline", "jdev")]
    rows = [line.split() for line in TABLE.strip().splitlines()]
    assert list(PRINTED) == names
    for cell, row in zip(CELLS, rows, strict=True):
        for name, text in zip(names, row, strict=True):
            assert str(figure(name, *cell).printed) == text
    assert figure("mine", "Train&Val", "Com") is None
    assert figure("hl-jdev", "MER-MULTI", "Dis") is None


def test_jdev_less_baseline_is_as_worked_out_by_hand():
    for cell, points in GAINS.items():
        assert tuple(10000 * gap(stem, cell) for stem in COLUMNS) == points
    assert 10000 * gap("fused", ("Train&Val", "Com"), "value") == 128
    for stem, text in zip(COLUMNS, DIM_PER_CENT, strict=True):
        dim = ("Train&Val", "Dim")
        share = 100 * gap(stem, dim) / figure(f"{stem}-baseline", *dim).printed
        assert share == pytest.approx(Decimal(text), abs=Decimal("0.051"))


def test_the_paper_has_one_misprint():
    found = [(name, *cell) for name in PRINTED for cell in CELLS if figure(name, *cell).misprint]
    assert found == [("fused-baseline", "Train&Val", "Com")]
    assert figure(*found[0]).recomputed == figure(*found[0]).value == Decimal("0.6274")
    for system in set(PRINTED) - {"fused-baseline"}:
        known = figure(system, "Train&Val", "Com")
        assert known.recomputed == known.printed == known.value


AUDIO, VISUAL = ["HL(20)", "HL(18)", "HL(19)"], ["RF(pooling)", "MR(block2)"]


def system(features, strategy, decoder, **more):
    return {"features": features, "strategy": strategy, "decoder": decoder, **more}


def own(decoder):
    """The paper's systems under other names, features in another order."""
    return {
        f"faces-{decoder}": system(VISUAL, 1, decoder),
        f"voice-{decoder}": system(AUDIO, 1, decoder),
        **{f"{n}-{decoder}": system(VISUAL + AUDIO, n, decoder) for n in (1, 2, 3)},
        f"three-{decoder}": {"members": [f"{n}-{decoder}" for n in (3, 1, 2)]},
    }


@pytest.mark.parametrize("decoder", ["baseline", "jdev"])
def test_systems_are_known_by_what_they_are_made_of(decoder):
    definitions = own("baseline") | own("jdev")
    names = ("faces", "voice", "1", "2", "3", "three")
    found = [paper_name(f"{name}-{decoder}", definitions) for name in names]
    assert found == [f"{stem}-{decoder}" for stem in COLUMNS]


@pytest.mark.parametrize(
    "definition",
    [
        system([*AUDIO, "HL(21)"], 1, "jdev"),
        system(AUDIO[:2], 1, "jdev"),
        system(AUDIO, 2, "jdev"),
        system(AUDIO, 1, "other"),
        system(AUDIO, 1, "jdev", loss="sum"),
        system(AUDIO, 1, "baseline", loss="paper"),
        {"members": ["1-jdev", "2-jdev"]},
        {"members": ["1-jdev", "2-jdev", "3-baseline"]},
        {"members": ["1-jdev", "2-jdev", "3-jdev", "voice-jdev"]},
        {"members": ["1-jdev", "2-jdev", "3-jdev", "3-jdev"]},
        {"members": ["1-jdev", "2-jdev", "gone"]},
    ],
)
def test_another_system_under_the_paper_s_name_has_no_figure(definition):
    definitions = own("baseline") | own("jdev") | {"fused-jdev": definition}
    assert paper_name("fused-jdev", definitions) is None


def test_a_loss_counts_where_it_is_told():
    assert paper_name("x", {"x": system(AUDIO, 1, "jdev", loss="paper")}) == "hl-jdev"
    assert paper_name("x", {"x": system(AUDIO, 1, "baseline", loss="sum")}) == "hl-baseline"


def test_without_definitions_names_decide():
    assert [paper_name(name, None) for name in ("hl-jdev", "mine")] == ["hl-jdev", None]
    assert paper_name("hl-jdev", {}) is None
