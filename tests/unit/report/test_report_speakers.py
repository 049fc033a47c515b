"""Random folds against folds by speaker, and a second computation of what they differ by."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from merflow.errors import MerflowError
from merflow.report.bootstrap import draw_groups
from merflow.report.speakers import COLUMNS, MEAN, both_sides, read_both

SPEAKERS = 7
SYSTEMS = ["mr_rf-baseline", "hl-jdev"]


class Leaking:
    """A corpus whose speakers stand on both sides of its folds, and files of both kinds."""

    def __init__(self, report, speakers=SPEAKERS):
        self.report, self.corpus, self.folder = report, report.corpus, report.corpus.folder
        self.speaker = {clip: k % speakers for k, clip in enumerate(self.corpus.folds)}
        table = pd.read_csv(self.corpus.manifest, keep_default_na=False)
        table["speaker"] = [f"s{self.speaker.get(clip, 0)}" for clip in table["clip"]]
        table.to_csv(self.corpus.manifest, index=False)
        self.random = dict(self.corpus.folds)
        self.by_speaker = {clip: number % 5 for clip, number in self.speaker.items()}
        self.other_file = self.folder / "by_speaker.csv"
        self.write(self.by_speaker)
        self.files, self.held_out = {}, {}
        report.metrics({"mr_rf-baseline|clean|honest": self.corpus.predictions("scored", 1.0)})

    def write(self, folds):
        table = pd.DataFrame({"clip": list(folds), "fold": list(folds.values())})
        table.to_csv(self.other_file, index=False)

    def system(self, name, odds, less, reading="honest", seeds=(0, 1), held_out_seeds=(0,)):
        """Make the files of a system that loses ``less`` odds when speakers are held out."""
        label = f"{name}|clean|{reading}"
        self.files[label] = self.corpus.predictions(f"{name}-{reading}-a", odds, seeds)
        self.corpus.folds = self.by_speaker
        self.held_out[label] = self.corpus.predictions(
            f"{name}-{reading}-b", odds - less, held_out_seeds
        )
        self.corpus.folds = self.random

    def compare(self, **changed):
        csv, page = self.folder / "speakers.csv", self.folder / "speakers.md"
        arguments = ["--scores", self.folder / "scores.json", "--out-csv", csv, "--out-md", page]
        arguments += ["--manifest", self.corpus.manifest, "--folds", self.corpus.fold_file]
        arguments += ["--speaker-folds", self.other_file]
        for flag, files in (("--predictions", self.files), ("--held-out", self.held_out)):
            arguments += [
                word for item in files.items() for word in (flag, "=".join(map(str, item)))
            ]
        spec = self.corpus.spec | {"systems": SYSTEMS} | changed
        self.report.call("speakers", spec, *arguments)
        return pd.read_csv(csv), page.read_text()


@pytest.fixture
def leaking(report):
    return Leaking(report)


def one_of(found, system, metric, reading="honest"):
    at = (found["system"] == system) & (found["metric"] == metric) & (found["reading"] == reading)
    assert at.sum() == 1
    return found[at].iloc[0]


def scores(truth, said, counts, classes):
    """Return Dis, Dim and Com of clips that stand ``counts`` times, by scikit-learn."""
    told = said[[f"p_{name}" for name in classes]].to_numpy().argmax(axis=1)
    true = np.array([classes.index(name) for name in truth["emotion"]])
    labels = list(range(len(classes)))
    dis = f1_score(
        true, told, labels=labels, average="weighted", sample_weight=counts, zero_division=0
    )
    error = (said["valence"].to_numpy() - truth["valence"].to_numpy()) ** 2
    dim = np.average(error, weights=counts)
    return {"Dis": dis, "Dim": dim, "Com": dis - 0.25 * dim}


def test_a_second_computation_gives_the_same(leaking):
    for name, odds in zip(SYSTEMS, (1.5, 2.5), strict=True):
        leaking.system(name, odds, 0.7)
    found, _ = leaking.compare(decimals=9, bootstrap={"draws": 60, "seed": 3})
    truth = leaking.corpus.clips[leaking.corpus.clips["split"] == "train"].sort_values("clip")
    speaker = np.array([leaking.speaker[clip] for clip in truth["clip"]])
    draws = draw_groups(speaker, 60, 3, "speakers")
    values, gaps = {}, {}
    for name in SYSTEMS:
        sides = []
        for files in (leaking.files, leaking.held_out):
            frame = pd.read_parquet(files[f"{name}|clean|honest"])
            frame = frame[(frame["seed"] == 0) & (frame["split"] == "train")].sort_values("clip")
            assert list(frame["clip"]) == list(truth["clip"])
            sides.append(frame)
        every = [
            [scores(truth, side, counts, leaking.corpus.classes) for side in sides]
            for counts in (np.ones(len(truth)), *draws)
        ]
        for metric in ("Dis", "Dim", "Com"):
            values[name, metric] = tuple(side[metric] for side in every[0])
            gaps[name, metric] = np.array([b[metric] - a[metric] for a, b in every])
    for metric in ("Dis", "Dim", "Com"):
        values[MEAN, metric] = tuple(np.mean([values[n, metric] for n in SYSTEMS], axis=0))
        gaps[MEAN, metric] = np.mean([gaps[n, metric] for n in SYSTEMS], axis=0)
    for (name, metric), (before, after) in values.items():
        row, gap = one_of(found, name, metric), gaps[name, metric]
        assert row["random_folds"] == pytest.approx(before, abs=1e-8)
        assert row["speaker_folds"] == pytest.approx(after, abs=1e-8)
        assert row["difference"] == pytest.approx(gap[0], abs=1e-8)
        bounds = np.quantile(gap[1:], [0.025, 0.975])
        assert [row["low"], row["high"]] == pytest.approx(bounds, abs=1e-8)
    assert set(found["clips"]) == {60}
    assert set(found["seed"]) == {0}


def test_folds_that_are_the_same_differ_by_nothing(leaking):
    leaking.by_speaker = leaking.random
    leaking.write(leaking.random)
    for name in SYSTEMS:
        leaking.system(name, 1.5, 0.0)
        label = f"{name}|clean|honest"
        frame = pd.read_parquet(leaking.files[label])
        frame[frame["seed"] == 0].to_parquet(leaking.held_out[label], index=False)
    found, page = leaking.compare()
    assert (found[["difference", "low", "high"]] == 0).all(axis=None)
    assert (
        "nothing changes when whole speakers are held out. By Dis, Dim and Com no leak is shown"
        in page
    )


def test_the_order_of_clips_and_systems_does_not_matter(leaking):
    for name in SYSTEMS:
        leaking.system(name, 1.5, 0.7)
    before = leaking.compare()
    for path in (leaking.other_file, leaking.corpus.manifest, leaking.corpus.fold_file):
        table = pd.read_csv(path, keep_default_na=False).sample(frac=1, random_state=4)
        table.to_csv(path, index=False)
    for path in (*leaking.files.values(), *leaking.held_out.values()):
        pd.read_parquet(path).sample(frac=1, random_state=5).to_parquet(path, index=False)
    leaking.files = dict(reversed(leaking.files.items()))
    leaking.held_out = dict(reversed(leaking.held_out.items()))
    after = leaking.compare()
    pd.testing.assert_frame_equal(before[0], after[0])
    assert before[1] == after[1]


def test_the_page_has_every_system_both_readings_and_what_they_hold(leaking):
    for name in SYSTEMS:
        for reading in ("honest", "organiser"):
            leaking.system(name, 4.0, 4.0, reading)
    found, page = leaking.compare(note="only a demo")
    assert len(found) == 3 * 2 * 3
    assert page.startswith("# What random folds leak by speaker, on corpus made-up\n")
    assert "only a demo" in page
    assert page.index("## Honest reading") < page.index("## Organiser reading")
    for name in (*SYSTEMS, MEAN):
        # Once a reading, and a system once with its run folders.
        assert page.count(f"| {name} ") == (2 if name == MEAN else 3)
    assert "Over 2 systems, Dis changes by -0." in page
    assert "Dim changes by +" in page
    for metric in ("Dis", "Dim", "Com"):
        told = page.split(f"{metric} changes by ")[1].split("]")[0] + "]"
        line = next(line for line in page.splitlines() if line.startswith(f"| {MEAN}"))
        assert told in line
    assert "By Dis, Dim and Com the random folds' scores are in part" in page
    assert "whole speakers, of which there are 7: so few that it is too narrow" in page
    assert "Both sides are the trainings of one seed, 0." in page
    assert "## Reference predictors" in page
    assert "clip_train" not in page
    told = " ".join(page.partition("## Which training is which")[2].split())
    assert "| System | random folds | folds by speaker |" in told
    assert told.index(f"| {SYSTEMS[0]} ") < told.index(f"| {SYSTEMS[1]} ")


def test_the_spread_over_seeds_stands_beside_where_there_is_one(leaking):
    leaking.system(SYSTEMS[0], 1.5, 0.7, seeds=(0,))
    found, page = leaking.compare()
    assert found["seed_sd"].isna().all()
    assert "For scale" not in page
    leaking.system(SYSTEMS[0], 1.5, 0.7, seeds=(0, 1, 2))
    found, page = leaking.compare(decimals=9)
    frame = pd.read_parquet(leaking.files[f"{SYSTEMS[0]}|clean|honest"])
    truth = leaking.corpus.clips[leaking.corpus.clips["split"] == "train"].sort_values("clip")
    by_seed = [
        scores(
            truth, own[own["split"] == "train"].sort_values("clip"), None, leaking.corpus.classes
        )
        for _, own in frame.groupby("seed")
    ]
    for metric in ("Dis", "Dim", "Com"):
        spread = np.std([own[metric] for own in by_seed], ddof=1)
        row = one_of(found, SYSTEMS[0], metric)
        assert row["seed_sd"] == pytest.approx(spread, abs=1e-8)
    assert f"({'honest'} reading, {SYSTEMS[0]})" in page
    assert f"Of {SYSTEMS[0]}, " in page


def test_clips_that_one_side_lacks_count_for_neither(leaking):
    leaking.system(SYSTEMS[0], 1.5, 0.7)
    label = f"{SYSTEMS[0]}|clean|honest"
    tables = []
    for path in (leaking.held_out[label], leaking.files[label]):
        frame = pd.read_parquet(path)
        lost = frame["clip"].isin(["clip_train_004", "clip_train_011"])
        frame[~lost].to_parquet(path, index=False)
        tables.append(leaking.compare()[0].drop(columns="seed_sd"))
    pd.testing.assert_frame_equal(*tables)
    assert set(tables[0]["clips"]) == {58}


def test_without_valence_there_is_dis_alone(make_report):
    leaking = Leaking(make_report(valence=False))
    leaking.system(SYSTEMS[0], 2.0, 1.0)
    found, page = leaking.compare()
    assert list(found["metric"]) == ["Dis"]
    assert "Dim" not in page.partition("## How to read it")[0]


@pytest.mark.parametrize("name", ["valence", "valence_proxy"])
def test_where_com_is_not_defined_ccc_stands_in_by_the_valence_s_name(leaking, name):
    leaking.system(SYSTEMS[0], 2.0, 1.0)
    found, page = leaking.compare(com=False, valence_name=name)
    assert list(found["metric"]) == ["Dis", f"{name} MSE", f"{name} CCC"]
    assert f"{name} MSE changes by +" in page
    assert ("derived from the votes" in page) == (name != "valence")
    assert not {"Dim", "Com"} & set(page.replace("no Com here", "").split())


def test_speakers_on_both_sides_are_counted_by_fold(leaking):
    both = read_both(
        leaking.corpus.spec, leaking.corpus.manifest, leaking.corpus.fold_file, leaking.other_file
    )
    assert both.speakers == SPEAKERS
    random = both_sides(both.random, both.speaker)
    for row in random.itertuples():
        inside = {clip for clip, fold in leaking.random.items() if fold == row.fold}
        others = {leaking.speaker[clip] for clip in leaking.random if clip not in inside}
        own = {leaking.speaker[clip] for clip in inside}
        assert (row.clips, row.speakers) == (len(inside), len(own))
        assert row.shared == len(own & others)
        assert row.shared_clips == sum(leaking.speaker[clip] in others for clip in inside)
    assert (both_sides(both.by_speaker, both.speaker)["shared"] == 0).all()
    leaking.system(SYSTEMS[0], 2.0, 1.0)
    assert "Of 60 train clips 60 are held out from a model" in leaking.compare()[1]


def test_resamples_are_of_whole_speakers():
    speaker = np.array([2, 0, 1, 1, 2, 2, 3])
    draws = draw_groups(speaker, 300, 0, "speakers")
    first = [int(np.flatnonzero(speaker == k)[0]) for k in range(4)]
    assert (draws == draws[:, first][:, speaker]).all()
    assert (draws[:, first].sum(axis=1) == 4).all()
    assert draws[:, first].mean(axis=0) == pytest.approx(np.ones(4), abs=0.2)


def test_what_does_not_go_together_is_refused(leaking):
    leaking.system(SYSTEMS[0], 2.0, 1.0, held_out_seeds=(3,))
    with pytest.raises(MerflowError, match=r"with the seeds \[3\].*with \[0, 1\]"):
        leaking.compare()
    leaking.system(SYSTEMS[0], 2.0, 1.0)
    leaking.write(leaking.random)
    with pytest.raises(MerflowError, match="trained with other folds"):
        leaking.compare()
    table = pd.read_csv(leaking.corpus.manifest, keep_default_na=False)
    table.loc[table["clip"] == "clip_train_007", "speaker"] = ""
    table.to_csv(leaking.corpus.manifest, index=False)
    with pytest.raises(MerflowError, match="names no speaker of the clip 'clip_train_007'"):
        leaking.compare()


@pytest.mark.parametrize(("left", "told"), [(2, "2 speakers, fewer"), (1, "1 speaker, fewer")])
def test_where_no_clip_has_a_fold_by_speaker_the_page_says_why(leaking, left, told):
    leaking.system(SYSTEMS[0], 2.0, 1.0)
    table = pd.read_csv(leaking.corpus.manifest, keep_default_na=False)
    table["speaker"] = [f"s{k % left}" for k in range(len(table))]
    table.to_csv(leaking.corpus.manifest, index=False)
    leaking.write({})
    found, page = leaking.compare(note="only a demo")
    assert not len(found)
    assert list(found.columns) == [*COLUMNS, "note"]
    assert f"are of {told} than the 5 folds (corpus.folds.count)." in page
    assert ("Set corpus.folds.count to 2 or less" in page) == (left > 1)
    assert "only a demo" in page
    assert "## Reference predictors" in page
    assert "Honest reading" not in page


@pytest.mark.parametrize(
    ("leak", "told"),
    [
        ("measured", "[speakers.md](speakers.md) says how many"),
        ("unnamed", "nothing can be said of how much that helps Train&Val"),
        ("few", "fewer speakers than folds"),
        ("noisy", "trained clean, of which there are none"),
    ],
)
def test_table_1_says_that_random_folds_leak(scored, leak, told):
    report, _ = scored
    systems = list(json.loads((report.corpus.folder / "scores.json").read_text())["systems"])
    assert told in report.table("table1", systems, leak=leak)[1]
    for other in ({}, {"leak": None}):
        page = report.table("table1", systems, **other)[1]
        assert "Folds are random" not in page
