"""The paper's eighteen comparisons, redone."""

import pandas as pd
import pytest

from merflow.report.gains import ROWS, STEMS, paper_gains
from merflow.report.holm import holm

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


def test_holm_is_over_the_eighteen_and_the_verdict_follows(eighteen):
    _, csv, page = eighteen
    for _, reading in csv.groupby("reading"):
        assert reading["p_holm"].tolist() == pytest.approx(holm(list(reading["p"])), abs=1e-6)
    clear = csv["p_holm"] < 0.05
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
    assert csv["verdict"].str.contains("clips").any()
    assert page.splitlines()[2] == "**Note: a demo.**"
    assert (csv["note"] == "a demo").all()


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


def test_without_valence_there_is_no_com_to_compare(make_report):
    report = make_report(valence=False)
    files = {
        f"hl-{how}|clean|honest": report.corpus.predictions(f"hl-{how}", 1.0)
        for how in ("baseline", "jdev")
    }
    report.metrics(files)
    csv, page = report.table("jdev", ["hl-baseline", "hl-jdev"])
    assert isinstance(csv, pd.DataFrame)
    assert csv.empty
    assert "No pair" in page
