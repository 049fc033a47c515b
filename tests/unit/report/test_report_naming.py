"""What the metrics are called where Com is not defined, and where the valence is a proxy."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from merflow.report.commands import group
from merflow.report.naming import CHALLENGE, Naming

PROXY = {"com": False, "valence_name": "valence_proxy"}
SYSTEMS = ["hl-baseline", "hl-jdev", "all_s1-baseline", "all_s1-jdev", "base-eq9", "jdev-sum"]
VERBS = ["table1", "differences", "augmentation", "jdev", "loss-decoder", "challenge"]
# Words that a table must not call the valence's metrics by where it is a proxy.
PLAIN = re.compile(r"(?<![\w.])(Dim|Com)(?![\w])|(?<!valence_proxy )\b(MSE|CCC)\b")


def test_the_challenge_s_words_stand_where_com_is_defined():
    spec = {"valence": True, "com": True, "valence_name": "valence"}
    assert Naming.of(spec) == CHALLENGE
    assert list(CHALLENGE.headings.values()) == ["Dis", "Dim", "Com"]
    assert (CHALLENGE.main, CHALLENGE.warning()) == ("Com", "")
    assert [CHALLENGE.with_arrow(name) for name in CHALLENGE.keys] == ["Dis ↑", "Dim ↓", "Com ↑"]


@pytest.mark.parametrize("name", ["valence", "valence_proxy"])
def test_elsewhere_the_valence_s_metrics_carry_its_name(name):
    naming = Naming.of({"valence": True, "com": False, "valence_name": name})
    assert list(naming.keys) == ["Dis", f"{name} MSE", f"{name} CCC"]
    assert (naming.main, naming.has("com")) == ("Dis", False)
    assert naming.less_is_better(f"{name} MSE")
    assert naming.less_is_better(naming.key("mse"))
    assert not naming.less_is_better(f"{name} CCC")
    prefix = "" if name == "valence" else "valence_proxy_"
    assert naming.key("rmse") == f"{prefix}rmse"
    assert naming.key("weighted_f1") == "weighted_f1"
    assert ("derived from the votes" in naming.warning()) == (name != "valence")


def test_without_valence_there_is_dis_alone_whatever_else_is_said():
    naming = Naming.of({"valence": False, "com": True, "valence_name": "valence_proxy"})
    assert naming.headings == {"weighted_f1": "Dis"}
    assert (naming.main, naming.warning()) == ("Dis", "")


def definitions(corpus):
    """The paper's systems and the two that make up a square of losses and decoders."""
    told = corpus.spec["definitions"]
    told["base-eq9"] = told["all_s1-baseline"] | {"loss": "paper"}
    told["jdev-sum"] = told["all_s1-jdev"] | {"loss": "sum"}
    # One that is the challenge's own.
    told["hl-baseline"] = told["hl-baseline"] | {"features": ["HL(24)"]}
    return told


@pytest.fixture
def scored_by(corpus, report, trained):
    """Return a function that scores the same predictions under other names."""
    files = {}
    for k, name in enumerate(SYSTEMS):
        files |= trained(corpus, name, 0.8 + 0.1 * k, seeds=(0, 1))

    def call(**changed):
        changed = {"definitions": definitions(corpus), "rows": corpus.spec["rows"], **changed}
        # The graph's manifest is checked elsewhere; here every table is made.
        document, scores = report.metrics(files, **changed)
        tables = {verb: report.table(verb, SYSTEMS, mer2023=False, **changed) for verb in VERBS}
        return document, scores, tables

    return call


def figure(report, corpus, **changed):
    """Draw Figure 4 of one probe; return its csv."""
    folder = corpus.folder
    path = corpus.predictions("probe", 1.0, layer="9")
    files = {name: folder / f"figure4.{name}" for name in ("svg", "png", "csv")}
    words = ["--manifest", corpus.manifest, "--folds", corpus.fold_file]
    words += ["--probe", f"HL|honest={path}"]
    words += [part for name in files for part in (f"--out-{name}", files[name])]
    report.call("figure4", corpus.spec | {"depths": {"HL": {"9": 0.5}}} | changed, *words)
    return pd.read_csv(files["csv"])


def test_every_file_that_scores_the_valence_calls_it_a_proxy(scored_by, report, corpus):
    document, scores, tables = scored_by(**PROXY)
    assert "ensembles are chosen by Dis." in tables["table1"][1]
    assert "most frequent class and mean valence_proxy of train" in tables["table1"][1]
    for verb, (frame, page) in tables.items():
        assert "valence_proxy is derived from the votes on the emotion" in page, verb
        assert "valence_proxy MSE" in page, verb
        assert "valence_proxy CCC" in page, verb
        told = page.replace("There is no Com here", "").replace("they are in Com, on MER", "")
        assert not PLAIN.findall(told), verb
        assert "mean valence " not in page, verb
        metrics = set(frame["metric"])
        # An MSE on another scale says nothing beside the challenge's.
        own = {"Dis", "valence_proxy MSE", "valence_proxy CCC"}
        assert metrics == ({"Dis"} if verb == "challenge" else own), verb
    drawn = figure(report, corpus, **PROXY)
    assert set(drawn["metric"]) == {"Dis", "valence_proxy MSE", "valence_proxy CCC"}
    for named in (set(scores["metric"]), *keys_of(document), *keys_of(headline(corpus))):
        assert not named & {"mse", "com", "ccc", "rmse", "pearson"}
    for found in (set(scores["metric"]), set().union(*keys_of(headline(corpus)))):
        assert {"valence_proxy_mse", "valence_proxy_ccc"} <= found


def headline(corpus):
    return json.loads((corpus.folder / "metrics.json").read_text())


def keys_of(node):
    """Yield the keys of every mapping in a JSON document."""
    if isinstance(node, dict):
        yield set(node)
        for value in node.values():
            yield from keys_of(value)


def numbers(document):
    """Yield (path, value) of every number in a JSON document."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield from (((key, *path), number) for path, number in numbers(value))
        elif isinstance(value, int | float):
            yield (key,), value


def test_the_same_predictions_have_the_same_scores_with_com_and_without(corpus, report, trained):
    files = trained(corpus, "hl-baseline", 0.9) | trained(corpus, "hl-jdev", 1.1)
    kept = ("systems", "references", "selection_bias", "differences")
    with_com, plain, proxy = (
        dict(numbers({key: report.metrics(files, **changed)[0][key] for key in kept}))
        for changed in ({}, {"com": False}, PROXY)
    )
    names = {"valence_proxy_mse": "mse", "valence_proxy_ccc": "ccc"}
    names |= {"valence_proxy_rmse": "rmse", "valence_proxy_pearson": "pearson"}
    assert {tuple(names.get(part, part) for part in path): n for path, n in proxy.items()} == plain
    # Where there is Com, CCC is scored but its differences are not told; all else is the same.
    lost, more = set(with_com) - set(plain), set(plain) - set(with_com)
    assert all("com" in path for path in lost)
    assert all("ccc" in path and path[0] == "differences" for path in more)
    assert lost
    assert more
    assert {path: with_com[path] for path in set(plain) - more} == {
        path: plain[path] for path in set(plain) - more
    }


def test_with_com_the_paper_s_words_stay(scored_by):
    _, _, tables = scored_by()
    for frame, page in tables.values():
        assert set(frame["metric"]) <= {"Dis", "Dim", "Com"}
        assert "CCC" not in page
        assert "proxy" not in page
    assert "ensembles are chosen by Com." in tables["table1"][1]


def test_jdev_with_a_lower_error_is_ahead(corpus, report):
    files = {}
    for name, error in (("hl-baseline", 1.5), ("hl-jdev", 0.2)):
        path = corpus.predictions(name, 1.0)
        frame = pd.read_parquet(path)
        told = dict(zip(corpus.clips["clip"], corpus.clips["valence"], strict=True))
        noise = np.random.default_rng(3).normal(size=len(frame))
        frame.assign(valence=frame["clip"].map(told) + error * noise).to_parquet(path, index=False)
        files[f"{name}|clean|honest"] = path
    report.metrics(files, **PROXY)
    table, page = report.table("jdev", ["hl-baseline", "hl-jdev"], **PROXY)
    mse = table[table["metric"] == "valence_proxy MSE"].set_index("row")
    ccc = table[table["metric"] == "valence_proxy CCC"].set_index("row")
    assert (mse["difference"] < 0).all()
    assert (ccc["difference"] > 0).all()
    assert mse.loc["Train&Val", "verdict"] == ccc.loc["Train&Val", "verdict"] == "JDEV is better"
    assert table["paper"].isna().all()
    assert "## Honest reading, valence_proxy MSE ↓\n\nJDEV is ahead in 2 of 2. " in page


def test_every_row_of_table_1_has_what_it_can_have(corpus, report, trained):
    lines = corpus.clips["split"] == "test2"
    corpus.clips.loc[lines, "valence"] = None
    some = corpus.clips.index[corpus.clips["split"] == "test1"][:3]
    corpus.clips.loc[some, ["emotion", "valence"]] = ["", None]
    corpus.write()
    files = trained(corpus, "hl-baseline", 1.0) | trained(corpus, "hl-jdev", 1.0)
    for changed, test in (
        (PROXY, {"Dis", "valence_proxy MSE", "valence_proxy CCC"}),
        ({}, {"Com"}),
    ):
        report.metrics(files, **changed)
        frame, page = report.table("table1", ["hl-baseline", "hl-jdev"], **changed)
        by_row = {row: set(own["metric"]) for row, own in frame.groupby("row")}
        assert by_row["MER-MULTI"] == test
        assert by_row["MER-NOISE"] == {"Dis"}
        assert "- MER-NOISE: its labels have no valence, so that it shows Dis alone." in page
        assert "- MER-MULTI: 3 clips have no label and no score." in page
        gaps, _ = report.table("differences", ["hl-baseline", "hl-jdev"], **changed)
        assert set(gaps[gaps["row"] == "MER-NOISE"]["metric"]) == {"Dis"}
        for verb in ("augmentation", "jdev", "loss-decoder"):
            report.table(verb, ["hl-baseline", "hl-jdev"], **changed)


def test_a_row_with_some_valences_or_no_label_says_so(corpus, report, trained):
    first = corpus.clips.index[corpus.clips["split"] == "test1"][:4]
    corpus.clips.loc[first, "valence"] = None
    corpus.clips.loc[corpus.clips["split"] == "test2", ["emotion", "valence"]] = ["", None]
    corpus.write()
    report.metrics(trained(corpus, "hl-baseline", 1.0))
    frame, page = report.table("table1", ["hl-baseline"])
    assert set(frame[frame["row"] == "MER-MULTI"]["metric"]) == {"Dis"}
    assert "- MER-MULTI: 4 of 25 labelled clips have no valence, so that it shows Dis" in page
    assert "- MER-NOISE: none of its clips has a label, so that it has no score." in page


def test_labels_in_other_units_scale_the_mse_and_nothing_else(corpus, report, trained):
    files = trained(corpus, "hl-baseline", 1.0) | trained(corpus, "hl-jdev", 1.2)
    before, _ = report.metrics(files, decimals=8, com=False)
    corpus.clips["valence"] *= 8
    corpus.write()
    for path in files.values():
        frame = pd.read_parquet(path)
        frame.assign(valence=frame["valence"] * 8).to_parquet(path, index=False)
    after, _ = report.metrics(files, decimals=8, com=False)
    for name in ("hl-baseline", "hl-jdev"):
        for split in ("train", "test1"):
            one, other = (d["systems"][name]["clean"]["honest"][split] for d in (before, after))
            assert other["mse"] == pytest.approx(64 * one["mse"], rel=1e-6)
            assert other["rmse"] == pytest.approx(8 * one["rmse"], rel=1e-6)
            for metric in ("weighted_f1", "ccc", "pearson"):
                assert other[metric] == pytest.approx(one[metric], abs=1e-7)
                assert other["interval"][metric] == pytest.approx(one["interval"][metric], abs=1e-7)
    gaps = [
        d["differences"]["jdev-baseline"]["hl-jdev"]["clean"]["honest"] for d in (before, after)
    ]
    for split in ("train", "test1"):
        one, other = (gap[split]["hl-baseline"] for gap in gaps)
        assert one["p"] == other["p"]
        assert set(one["p"]) == {"weighted_f1", "mse", "ccc"}


def test_settings_without_the_names_are_refused(corpus):
    spec = {key: value for key, value in corpus.spec.items() if key != "valence_name"}
    words = ["metrics", "--spec", json.dumps(spec), "--manifest", str(corpus.manifest)]
    words += ["--folds", str(corpus.fold_file), "--predictions", "s|clean|honest=x"]
    words += ["--out", "x", "--out-json", "y", "--out-scores", "z"]
    result = CliRunner().invoke(group, words)
    assert "'valence_name' is missing" in str(result.exception)
