"""What is said of two systems: numbers, and the verdict in words."""

from pathlib import Path

import pandas as pd
import pytest

from merflow.compare.comparison import Line, compare
from merflow.compare.page import verdict
from merflow.compare.sources import resolve
from merflow.errors import MerflowError
from merflow.report.holm import holm
from merflow.report.paired import Paired


def found(project, first, second, metric=None, reading="honest"):
    sources = [resolve(text, project.layout, reading, Path.cwd()) for text in (first, second)]
    return compare(project.layout, tuple(sources), metric)


def paired(difference, p, detectable=0.1, half=0.01):
    low, high = difference - half, difference + half
    return Paired(0.5 + difference, 0.5, difference, low, high, p, detectable, None, 411)


def test_a_better_system_is_called_better_on_every_split(project):
    project.run("hl-jdev", 3.0, seed=1)
    project.run("hl-baseline", 0.3, seed=2)
    page = project.compare("hl-jdev", "hl-baseline")
    for split in ("train", "test1", "test2"):
        assert f"Com on {split} (95 % interval of A - B +" in page
    assert page.count("A is better by") == 3
    assert project.compare("hl-baseline", "hl-jdev").count("B is better by") == 3
    assert "95 % bootstrap interval over clips and trainings" in page
    assert "how many seeds show a difference of 0.01 on these clips: train " in page
    assert "observed" not in page


def test_systems_of_one_strength_are_not_told_apart(project):
    project.run("hl-jdev", 1.0, seed=1)
    project.run("hl-baseline", 1.0, seed=2)
    page = project.compare("hl-jdev", "hl-baseline", "--metric", "weighted_f1")
    assert "is better by" not in page
    assert "no difference is shown" in page


def test_a_system_and_itself_say_the_same(project):
    project.run("hl-jdev", 1.0)
    page = project.compare("hl-jdev", "hl-jdev")
    assert page.count("say the same of every clip, as far as Com tells") == 3
    assert "Standard deviation of A - B" not in page


def test_trainings_that_differ_by_rounding_alone_say_the_same(project):
    """As of one training on two machines."""
    frame = project.predictions(1, 1.0)
    frame.to_parquet("a.parquet", index=False)
    frame.assign(valence=frame["valence"] * (1 + 1e-9)).to_parquet("b.parquet", index=False)
    page = project.compare("a.parquet", "b.parquet", "--metric", "mse")
    assert page.count("say the same of every clip, as far as 4 decimals of MSE tell") == 3
    assert "Standard deviation of A - B" not in page
    page = project.compare("a.parquet", "b.parquet", "--metric", "weighted_f1")
    assert page.count("say the same of every clip, as far as weighted F1 tells") == 3


def test_the_other_way_round_the_numbers_turn(project):
    project.run("hl-jdev", 1.2, seed=1)
    project.run("hl-baseline", 0.8, seed=2)
    forth = found(project, "hl-jdev", "hl-baseline")
    back = found(project, "hl-baseline", "hl-jdev")
    for one, other in zip(forth.lines, back.lines, strict=True):
        assert one.paired.difference == pytest.approx(-other.paired.difference)
        assert one.paired.low == pytest.approx(-other.paired.high)
        assert one.paired.p == other.paired.p
        assert one.paired.detectable == pytest.approx(other.paired.detectable)


def test_holm_is_over_the_splits(project):
    project.run("hl-jdev", 1.2, seed=1)
    project.run("hl-baseline", 0.8, seed=2)
    lines = found(project, "hl-jdev", "hl-baseline").lines
    assert [line.split for line in lines] == ["train", "test1", "test2"]
    assert [line.p_holm for line in lines] == holm([line.paired.p for line in lines])


def test_a_smaller_error_is_the_better_one(project):
    project.run("hl-jdev", 3.0, seed=1)
    project.run("hl-baseline", 0.3, seed=2)
    page = project.compare("hl-jdev", "hl-baseline", "--metric", "mse")
    assert "lower is better" in page
    assert page.count("A is better by") == 3
    assert verdict(Line("x", paired(0.2, 0.001), 0.001), "MSE", True, 4).startswith("B is better")


def test_the_verdict_follows_from_the_corrected_p():
    assert verdict(Line("x", paired(0.2, 0.01), 0.03), "Com", False, 4).startswith("A is better")
    assert verdict(Line("x", paired(-0.2, 0.01), 0.03), "Com", False, 4).startswith("B is better")
    assert "is not clear" in verdict(Line("x", paired(0.2, 0.03), 0.09), "Com", False, 4)
    assert "is not clear" in verdict(Line("x", paired(0.02, 0.03), 0.09), "Com", False, 4)
    assert "no difference is shown" in verdict(Line("x", paired(0.2, 0.2), 0.3), "Com", False, 4)
    told = verdict(Line("x", paired(0.02, 0.4), 0.9), "Com", False, 4)
    assert told.endswith("411 clips show 0.100 and more.")


def test_the_test_alone_does_not_make_one_better():
    wide = Line("x", paired(0.2, 0.001, half=0.3), 0.001)
    assert not wide.shown
    assert "these trainings differ by 0.2000 Com, others may not" in verdict(wide, "Com", False, 4)


def test_a_spread_over_seeds_is_no_difference(project):
    """Two systems that each have a good and a bad training: the test finds them different."""
    better = project.predictions(1, 3.0, seeds=(0,)), project.predictions(2, 0.5, seeds=(1,))
    other = project.predictions(3, 0.5, seeds=(0,)), project.predictions(4, 1.2, seeds=(1,))
    for name, parts in (("a.parquet", better), ("b.parquet", other)):
        pd.concat(parts).to_parquet(name, index=False)
    page = project.compare("a.parquet", "b.parquet")
    assert page.count("these trainings differ") >= 2
    assert "is better by" not in page


def test_the_readings_are_two(project):
    folder = project.run("hl-jdev", 1.0, seed=1)
    project.run("hl-baseline", 1.0, seed=2)
    project.file(folder / "predictions-organiser.parquet", 4.0)
    assert "A is better" not in project.compare("hl-jdev", "hl-baseline")
    page = project.compare("hl-jdev", "hl-baseline", "--reading", "organiser")
    assert page.count("A is better") == 3
    assert "organiser reading" in page


def test_seeds_and_splits_that_one_lacks_are_left_out_and_told(project):
    project.file("a.parquet", 2.0, seed=1, seeds=(0, 1, 2))
    project.file("b.parquet", 0.5, seed=2, seeds=(1, 2, 3), splits=("train", "test1"))
    page = project.compare("a.parquet", "b.parquet")
    assert "Only the seeds that both have are compared: 1, 2." in page
    assert "test2 is left out" in page
    assert page.count("is better by") == 2


def test_without_valence_it_is_by_weighted_f1(project):
    project.config["corpus"] |= {"valence": False, "com": False}
    project.config["report"]["submission"] = None
    project.write_settings()
    manifest = Path(project.layout.manifest)
    manifest.parent.mkdir(parents=True)
    project.clips.to_csv(manifest, index=False)
    own = project.clips[project.clips["split"] == "train"].reset_index()
    own.assign(fold=own.index % 5)[["clip", "fold"]].to_csv(project.layout.folds, index=False)
    for name, odds in (("a.parquet", 3.0), ("b.parquet", 0.3)):
        project.predictions(len(name), odds).drop(columns="valence").to_parquet(name)
    page = project.compare("a.parquet", "b.parquet")
    assert "In weighted F1" in page
    assert page.count("A is better by") == 3


def test_without_com_it_is_by_weighted_f1_and_the_valence_s_own_metrics(project, monkeypatch):
    project.config["corpus"]["com"] = False
    project.write_settings()
    for name, odds in (("a.parquet", 2.0), ("b.parquet", 0.5)):
        project.predictions(3, odds).to_parquet(name)
    assert "In weighted F1, " in project.compare("a.parquet", "b.parquet")
    page = project.compare("a.parquet", "b.parquet", "--metric", "ccc")
    assert "In CCC, " in page
    assert "- A is better by" in page
    assert "derived" not in page
    monkeypatch.setattr("merflow.layout.Layout.valence_name", "valence_proxy")
    page = project.compare("a.parquet", "b.parquet", "--metric", "mse")
    assert "In valence_proxy MSE (lower is better), " in page
    assert "- A is better by" in page
    assert "valence_proxy is derived from the votes on the emotion" in page
    with pytest.raises(MerflowError, match=r"has no Com \(corpus\.com is false\)"):
        found(project, "a.parquet", "b.parquet", "com")


def test_ccc_can_be_compared_where_com_is_defined(project):
    for name, odds in (("a.parquet", 2.0), ("b.parquet", 0.5)):
        project.predictions(3, odds).to_parquet(name)
    page = project.compare("a.parquet", "b.parquet", "--metric", "ccc")
    assert "In CCC, " in page
    assert "- A is better by" in page
