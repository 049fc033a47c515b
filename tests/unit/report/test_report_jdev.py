"""The paper's eighteen comparisons, redone."""

import pytest

from merflow.report.gains import ROWS, STEMS, paper_gains
from merflow.report.holm import holm
from merflow.report.jdev_table import Comparison

NAMES = [f"{stem}-{how}" for stem in STEMS for how in ("baseline", "jdev")]


@pytest.fixture
def eighteen(corpus, report, trained):
    """All twelve systems under names of a user's own; JDEV is far better."""
    told = corpus.spec["definitions"]
    own = {name: f"sys{k:02d}" for k, name in enumerate(NAMES)}
    definitions = {own[name]: dict(told[name]) for name in NAMES}
    for made in definitions.values():
        if "members" in made:
            made["members"] = [own[name] for name in made["members"]]
    files = {}
    for name, mine in own.items():
        files |= trained(corpus, mine, 3.0 if name.endswith("jdev") else 0.5)
    report.metrics(files, definitions=definitions, bootstrap={"draws": 1000, "seed": 0})
    csv, page = report.table("jdev", list(definitions), definitions=definitions)
    return own, csv, page


def test_they_are_the_paper_s_by_definition_whatever_their_names(eighteen):
    own, csv, page = eighteen
    assert len(csv) == 18 * 2
    assert list(dict.fromkeys(csv["stem"])) == list(STEMS)
    for one in csv.itertuples():
        assert one.system == own[f"{one.stem}-jdev"]
        assert one.against == own[f"{one.stem}-baseline"]
        assert one.paper == pytest.approx(paper_gains(one.row)[one.stem])
    assert set(csv["row"]) == set(ROWS)
    assert "JDEV is ahead in 18 of 18 (paper: 18)" in page
    assert "as 0.6274, not 0.6247" in page
    assert "before Holm's correction" in page
    assert "a family of its own" in page
    assert "those of one speaker or session are not" in page


def test_the_paper_s_gains_meet_each_row_s_own_pairs(eighteen):
    _, csv, page = eighteen
    assert "+0.0059 to +0.0187 on the 411 clips of MER-MULTI" in page
    assert "+0.0001 to +0.0141 on the 412 clips of MER-NOISE" in page
    for row, clips in (("MER-MULTI", 411), ("MER-NOISE", 412)):
        own = csv[(csv["row"] == row) & (csv["reading"] == "honest")]
        least = own["detectable"] * (25 / clips) ** 0.5
        told = f"in {row}, on corpus made-up, scaled from 25 to {clips} clips, it has to be "
        assert f"{told}{least.min():.3f} to {least.max():.3f}: 6 of the 6 gains" in page


def test_holm_is_over_the_eighteen_and_the_verdict_follows(eighteen):
    _, csv, page = eighteen
    for _, reading in csv.groupby("reading"):
        assert reading["p_holm"].tolist() == pytest.approx(holm(list(reading["p"])), abs=1e-6)
    clear = (csv["p_holm"] < 0.05) & ((csv["low"] > 0) | (csv["high"] < 0))
    assert (csv["verdict"][clear] == "JDEV is better").all()
    assert clear.any()
    assert page.count("JDEV is better |") == clear.sum()


def test_what_chance_explains_is_not_called_better(corpus, report, trained):
    files = {}
    for name in ("hl-baseline", "hl-jdev"):
        files |= trained(corpus, name, 1.0)
    report.metrics(files)
    csv, page = report.table("jdev", ["hl-baseline", "hl-jdev"], note="a demo")
    assert len(csv) == 3 * 2
    assert not csv["verdict"].str.contains("is better").any()
    weak = csv[csv["p"] >= 0.05]
    assert len(weak)
    for one in weak.itertuples():
        assert one.verdict == f"not shown: {one.clips} clips show {one.detectable:.3f} and more"
    assert "JDEV is better in 0 of 3 and the baseline in 0" in page
    assert page.splitlines()[2] == "**Note: a demo.**"
    assert (csv["note"] == "a demo").all()


def comparison(**changed):
    told = {"difference": 0.1, "low": 0.01, "high": 0.2, "paper": 0.01, "clips": 60}
    told |= {"p": 0.001, "p_holm": 0.01, "detectable": 0.149}
    names = {"reading": "honest", "stem": "hl", "system": "a", "against": "b", "row": "MER-MULTI"}
    names |= {"metric": "Com", "better": "higher"}
    return Comparison(**names, **(told | changed))


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "JDEV is better"),
        ({"difference": -0.1, "low": -0.2, "high": -0.01}, "the baseline is better"),
        # Found in these trainings, but their spread may have made it.
        ({"low": -0.01}, "these trainings differ, others may not"),
        ({"p_holm": 0.05}, "not clear among so many comparisons"),
        ({"p": 0.3, "p_holm": 0.9}, "not shown: 60 clips show 0.149 and more"),
    ],
)
def test_a_verdict_asks_for_the_test_and_for_the_interval(changed, verdict):
    one = comparison(**changed)
    assert one.verdict == verdict
    assert one.shown == verdict.endswith("is better")


def test_other_systems_than_the_paper_s_have_no_line(corpus, report, trained):
    changed = corpus.spec["definitions"]
    for how in ("baseline", "jdev"):
        changed[f"hl-{how}"] = changed[f"hl-{how}"] | {"features": ["HL(24)"]}
    files = trained(corpus, "hl-baseline", 1.0) | trained(corpus, "hl-jdev", 1.0)
    document, _ = report.metrics(files, definitions=changed)
    assert document["differences"]["jdev-baseline"]["hl-jdev"]
    csv, page = report.table("jdev", ["hl-baseline", "hl-jdev"], definitions=changed)
    assert csv.empty
    assert "No pair of the paper's systems" in page


def test_without_valence_the_pairs_are_compared_by_dis(make_report):
    report = make_report(valence=False)
    files = {
        f"hl-{how}|clean|honest": report.corpus.predictions(f"hl-{how}", 1.0)
        for how in ("baseline", "jdev")
    }
    report.metrics(files)
    csv, page = report.table("jdev", ["hl-baseline", "hl-jdev"])
    assert set(csv["metric"]) == {"Dis"}
    assert csv["paper"].isna().all()
    assert "Com" not in page.split()
