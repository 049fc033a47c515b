"""Fusion against the best unimodal system, and what the table of differences shows of it."""

import numpy as np
import pandas as pd
import pytest

from merflow.report.holm import holm
from merflow.report.makeup import makeup
from merflow.report.power import seeds_needed

METRICS = {"Dis": "weighted_f1", "Dim": "mse", "Com": "com"}
PLACES = [(a, r) for a in ("clean", "noise") for r in ("honest", "organiser")]


@pytest.fixture
def made(corpus):
    """Return a function that makes one system's file; odds differ by split if wanted."""

    def make(name, train, test=None):
        frames = []
        for odds, splits in ((train, ("train",)), (test or train, ("test1", "test2"))):
            frame = pd.read_parquet(corpus.predictions(f"{name}{odds}", odds))
            frames.append(frame[frame["split"].isin(splits)])
        path = corpus.folder / f"{name.replace('|', '-')}.parquet"
        pd.concat(frames).to_parquet(path, index=False)
        return {name: path}

    return make


def rivals(document, system, place="clean honest train", kind="fusion-unimodal"):
    """Return the difference in each metric and whom it is to."""
    found = document["differences"][kind].get(system, {})
    for key in place.split():
        found = found.get(key, {})
    return {
        metric: (name, gap[metric])
        for name, gap in found.items()
        for metric in METRICS.values()
        if metric in gap
    }


def test_the_rival_is_the_best_of_train_whatever_the_tests_say(report, made):
    files = made("all_s1-jdev|clean|honest", 3.0)
    files |= made("hl-jdev|clean|honest", 2.0, test=0.1)
    files |= made("mr_rf-jdev|clean|honest", 0.1, test=4.0)
    found, _ = report.metrics(files)
    for split in ("train", "test1", "test2"):
        told = rivals(found, "all_s1-jdev", f"clean honest {split}")
        assert {name for name, _ in told.values()} == {"hl-jdev"}
        assert set(told) == set(METRICS.values())


def test_the_difference_is_that_of_the_two_scores(report, made):
    files = made("fused-jdev|clean|honest", 2.0) | made("hl-jdev|clean|honest", 1.0)
    found, _ = report.metrics(files, decimals=8)
    for split in ("train", "test1", "test2"):
        one, other = (
            found["systems"][name]["clean"]["honest"][split] for name in ("fused-jdev", "hl-jdev")
        )
        for metric, (_, gap) in rivals(found, "fused-jdev", f"clean honest {split}").items():
            assert gap == pytest.approx(one[metric] - other[metric], abs=2e-8)


def test_each_metric_has_its_own_rival(corpus, report, made):
    hl = made("hl-jdev|clean|honest", 3.0)
    frame = pd.read_parquet(hl["hl-jdev|clean|honest"])
    # Right in the class and far off in valence; the other is the reverse.
    frame.assign(valence=frame["valence"] + 5).to_parquet(hl["hl-jdev|clean|honest"], index=False)
    faces = made("mr_rf-jdev|clean|honest", 0.1)
    frame = pd.read_parquet(faces["mr_rf-jdev|clean|honest"])
    told = dict(zip(corpus.clips["clip"], corpus.clips["valence"], strict=True))
    frame["valence"] = frame["clip"].map(told)
    frame.to_parquet(faces["mr_rf-jdev|clean|honest"], index=False)
    found, _ = report.metrics(made("all_s2-jdev|clean|honest", 1.0) | hl | faces)
    told = {metric: name for metric, (name, _) in rivals(found, "all_s2-jdev").items()}
    assert told == {"weighted_f1": "hl-jdev", "mse": "mr_rf-jdev", "com": "mr_rf-jdev"}
    page = report.table("differences", ["hl-jdev", "mr_rf-jdev", "all_s2-jdev"])[1]
    assert "hl-jdev or mr_rf-jdev" in page


def test_only_the_same_decoder_training_and_reading_is_compared(report, made):
    files = {}
    for augmentation, reading in PLACES:
        label = f"{augmentation}|{reading}"
        files |= made(f"all_s1-jdev|{label}", 1.0) | made(f"hl-baseline|{label}", 3.0)
    files |= made("hl-jdev|noise|organiser", 1.0)
    found, _ = report.metrics(files)
    for augmentation, reading in PLACES:
        told = rivals(found, "all_s1-jdev", f"{augmentation} {reading} train")
        wanted = {"hl-jdev"} if (augmentation, reading) == ("noise", "organiser") else set()
        assert {name for name, _ in told.values()} == wanted


def test_clips_that_one_system_lacks_count_for_neither(report, made):
    files = made("all_s1-jdev|clean|honest", 2.0) | made("hl-jdev|clean|honest", 1.0)
    path = files["all_s1-jdev|clean|honest"]
    frame = pd.read_parquet(path)
    lost = frame["clip"].isin(["clip_train_004", "clip_train_005", "clip_train_010"])
    frame[~lost].to_parquet(path, index=False)
    uneven, _ = report.metrics(files)
    path = files["hl-jdev|clean|honest"]
    frame = pd.read_parquet(path)
    lost = frame["clip"].isin(["clip_train_004", "clip_train_005", "clip_train_010"])
    frame[~lost].to_parquet(path, index=False)
    even, _ = report.metrics(files)
    differences = [one["differences"]["fusion-unimodal"] for one in (uneven, even)]
    assert differences[0] == differences[1]
    trained = differences[0]["all_s1-jdev"]["clean"]["honest"]
    assert trained["train"]["hl-jdev"]["clips"] == 57
    assert trained["test1"]["hl-jdev"]["clips"] == 25


def test_an_ensemble_is_made_of_its_members():
    definitions = {
        "a": {"modalities": ["audio"], "decoder": "jdev"},
        "b": {"modalities": ["visual"], "decoder": "baseline"},
        "both": {"members": ["a", "b"]},
        "alone": {"members": ["a"]},
    }
    assert makeup("both (equal weights)", definitions).fusion
    assert makeup("both", definitions).decoders == {"jdev", "baseline"}
    assert makeup("alone", definitions).unimodal
    unknown = makeup("gone", definitions)
    assert not unknown.fusion
    assert not unknown.unimodal


def test_an_ensemble_of_both_decoders_meets_the_unimodal_systems_of_both(report, made):
    told = {"mixed": {"members": ["all_s1-jdev", "all_s1-baseline"]}}
    files = made("mixed|clean|honest", 1.0) | made("fused-jdev|clean|honest", 1.0)
    files |= made("hl-baseline|clean|honest", 3.0) | made("hl-jdev|clean|honest", 0.5)
    found, _ = report.metrics(files, definitions=report.corpus.spec["definitions"] | told)
    assert {name for name, _ in rivals(found, "mixed").values()} == {"hl-baseline"}
    assert {name for name, _ in rivals(found, "fused-jdev").values()} == {"hl-jdev"}


def test_unimodal_systems_are_compared_with_none(report, made):
    files = made("hl-jdev|clean|honest", 1.0) | made("mr_rf-jdev|clean|honest", 1.0)
    found, _ = report.metrics(files)
    assert found["differences"]["fusion-unimodal"] == {}
    csv, page = report.table("differences", ["hl-jdev", "mr_rf-jdev"])
    assert not len(csv)
    assert "No two systems here are to be compared" in page


@pytest.fixture
def shown(report, made):
    """Every pair of the paper but one, in both readings: csv, page and scores.json."""
    names = ["hl-baseline", "hl-jdev", "all_s1-baseline", "all_s1-jdev", "fused-jdev"]
    files = {}
    for k, name in enumerate([*names, "fused-jdev (equal weights)"]):
        for augmentation, reading in PLACES:
            files |= made(f"{name}|{augmentation}|{reading}", 0.2 + 0.8 * k)
    document, _ = report.metrics(files)
    csv, page = report.table("differences", names, note="only a demo")
    return csv, page, document


def test_the_csv_holds_every_pair_of_table_1_in_both_readings(shown):
    csv, _, document = shown
    fusion = ["all_s1-baseline", "all_s1-jdev", "fused-jdev", "fused-jdev (equal weights)"]
    own = csv[csv["comparison"] == "fusion-unimodal"]
    assert list(dict.fromkeys(own["system"])) == fusion
    assert set(csv[csv["comparison"] == "jdev-baseline"]["system"]) == {"hl-jdev", "all_s1-jdev"}
    assert len(csv) == (4 + 2 + 6) * 3 * 3 * 2
    same = ["comparison", "reading", "system", "against", "row", "metric"]
    assert not csv.duplicated(same).any()
    trained = {"Train&Val": "clean", "MER-MULTI": "clean", "MER-NOISE": "noise"}
    split = {"Train&Val": "train", "MER-MULTI": "test1", "MER-NOISE": "test2"}
    for one in csv.itertuples():
        gaps = document["differences"][one.comparison][one.system]
        if one.comparison == "noise-clean":
            gap = gaps[one.reading][split[one.row]]
        else:
            gap = gaps[trained[one.row]][one.reading][split[one.row]][one.against]
        metric = METRICS[one.metric]
        assert one.difference == gap[metric]
        assert [one.low, one.high] == gap["interval"][metric]
        assert (one.p, one.detectable) == (gap["p"][metric], gap["detectable"][metric])


def test_holm_is_by_comparison_reading_and_metric(shown):
    csv, _, _ = shown
    for _, family in csv.groupby(["comparison", "reading", "metric"]):
        np.testing.assert_allclose(family["p_holm"], holm(list(family["p"])), atol=1e-6)
        assert set(family["row"]) == {"Train&Val", "MER-MULTI", "MER-NOISE"}


def test_the_page_sets_bold_what_the_corrected_test_finds_and_nothing_else(shown):
    csv, page, _ = shown
    part = page.split("\n## Reference predictors")[0]
    visible = csv[(csv["metric"] != "Dim") | (csv["row"] == "Train&Val")]
    leaves_out_0 = (visible["low"] > 0) | (visible["high"] < 0)
    clear = (visible["p_holm"] < 0.05) & leaves_out_0
    assert 0 < clear.sum() < len(visible)
    assert part.count("**+") + part.count("**-") == clear.sum()
    for one in visible[clear].itertuples():
        assert f"**{one.difference:+.4f} [" in part
    honest, organiser = part.split("\n## Honest reading\n")[1].split("\n## Organiser reading\n")
    for title in ("Fusion - best unimodal system", "JDEV - baseline", "Noise - clean"):
        assert f"### {title}\n" in honest
        assert f"### {title}\n" in organiser
    assert "no test set has a say" in honest
    assert "no test set has a say" not in organiser
    assert "**Note: only a demo.**" in part
    assert "over clips; it does not cover the seed" in part
    assert "there is one seed, which has no spread" in part


def test_strategies_are_compared_each_with_each_and_the_lower_taken_off(report, made):
    names = [f"all_s{number}-{how}" for number in (1, 2, 3) for how in ("jdev", "baseline")]
    files = {}
    for k, name in enumerate(names):
        files |= made(f"{name}|clean|honest", 0.5 + 0.2 * k)
    found, _ = report.metrics(files)
    told = found["differences"]["strategy-strategy"]
    assert {name: set(gaps["clean"]["honest"]["train"]) for name, gaps in told.items()} == {
        f"all_s{number}-{how}": {f"all_s{lower}-{how}" for lower in range(1, number)}
        for number in (2, 3)
        for how in ("jdev", "baseline")
    }
    _, page = report.table("differences", names)
    own = page.split("### Strategy - strategy")[1].split("\n### ")[0]
    assert sum(line.startswith("| all_s3-jdev") for line in own.splitlines()) == 2


def test_a_p_is_that_of_the_exchanges_of_both_files(corpus, report, made):
    files = made("hl-jdev|clean|honest", 3.0) | made("hl-baseline|clean|honest", 0.1)
    found, _ = report.metrics(files)
    gap = found["differences"]["jdev-baseline"]["hl-jdev"]["clean"]["honest"]["train"]
    assert gap["hl-baseline"]["p"]["com"] == pytest.approx(1 / 201, abs=1e-6)
    same = files["hl-jdev|clean|honest"]
    found, _ = report.metrics({label: same for label in files})
    gap = found["differences"]["jdev-baseline"]["hl-jdev"]["clean"]["honest"]["train"]
    assert gap["hl-baseline"]["p"] == {"weighted_f1": 1, "mse": 1, "com": 1}
    assert gap["hl-baseline"]["detectable"] == {"weighted_f1": 0, "mse": 0, "com": 0}


def test_rows_of_the_files_may_stand_in_any_order(report, made):
    files = made("hl-jdev|clean|honest", 2.0) | made("hl-baseline|clean|honest", 1.0)
    sorted_ones, _ = report.metrics(files)
    for path in files.values():
        pd.read_parquet(path).sample(frac=1, random_state=3).to_parquet(path, index=False)
    shuffled, _ = report.metrics(files)
    assert sorted_ones["differences"] == shuffled["differences"]


def test_several_trainings_tell_how_many_are_needed(corpus, report):
    names, files = ["hl-baseline", "hl-jdev"], {}
    for k, name in enumerate(names):
        files[f"{name}|clean|honest"] = corpus.predictions(name, 1.0 + k, seeds=(0, 1, 2))
    found, _ = report.metrics(files)
    gap = found["differences"]["jdev-baseline"]["hl-jdev"]["clean"]["honest"]["train"]
    csv, page = report.table("differences", names)
    one = csv.set_index(["row", "metric"]).loc["Train&Val", "Com"]
    assert one["seed_sd"] == gap["hl-baseline"]["seed_sd"]["com"] > 0
    assert one["seeds_for_goal"] >= 2
    assert one["seeds_for_goal"] == seeds_needed(one["seed_sd"])
    assert "From 3 trainings this is hardly known" in page
    assert "6 of the 6 gains lie below" in page


def test_com_of_a_difference_follows_from_its_parts(shown):
    csv, _, _ = shown
    same = ["comparison", "reading", "system", "row"]
    wide = csv.pivot_table(index=[*same, "against"], columns="metric", values="difference")
    whole = wide.dropna()
    assert len(whole) > 20
    np.testing.assert_allclose(whole["Com"], whole["Dis"] - 0.25 * whole["Dim"], atol=1.5e-4)


def test_two_systems_that_say_the_same_are_told_to_do_so(report, made):
    """JDEV and its baseline of the same predictions; another system differs from both."""
    same = made("hl-baseline|clean|honest", 1.0)
    files = same | {"hl-jdev|clean|honest": same["hl-baseline|clean|honest"]}
    names = ["hl-baseline", "hl-jdev"]
    report.metrics(files)
    csv, page = report.table("differences", names)
    assert len(csv)
    assert not csv[["difference", "low", "high", "detectable"]].to_numpy().any()
    cells = page.split("### JDEV - baseline\n")[1].split("\n## ")[0]
    assert "the same" in cells
    assert "0.0000" not in cells
    assert "The same: both say the same of every clip" in page
    report.metrics(made("hl-jdev|clean|honest", 2.0) | same)
    page = report.table("differences", names)[1]
    assert "the same |" not in page
    assert "The same:" not in page
