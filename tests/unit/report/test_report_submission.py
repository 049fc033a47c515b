import pandas as pd
import pytest

from merflow.errors import MerflowError

LOST = ("lost,test1,x,missing,", "off,train,x,missing,")


def submit(report, path, split="test1", rows=LOST, **changed):
    folder = report.corpus.folder
    quarantine = folder / "quarantine.csv"
    quarantine.write_text("clip,split,path,reason,detail\n" + "\n".join(rows) + "\n")
    told = report.call(
        "submission",
        report.corpus.spec | changed,
        *("--manifest", report.corpus.manifest, "--quarantine", quarantine),
        *("--predictions", path, "--split", split, "--out", folder / "out.csv"),
    )
    return pd.read_csv(folder / "out.csv", dtype={"name": str}), told


def test_submission_has_every_clip_of_the_split_quarantined_ones_too(corpus, report):
    table, told = submit(report, corpus.predictions("s", 2.0, seeds=(0, 1)))
    wanted = set(corpus.clips[corpus.clips["split"] == "test1"]["clip"]) | {"lost"}
    assert list(table.columns) == ["name", "discrete", "valence"]
    assert list(table["name"]) == sorted(wanted)
    assert "1 of 26 clips" in told
    assert "get the most frequent class and mean valence of train" in told
    train = corpus.clips[corpus.clips["split"] == "train"]
    filled = table[table["name"] == "lost"].iloc[0]
    counts = [(train["emotion"] == name).sum() for name in corpus.classes]
    assert filled["discrete"] == corpus.classes[counts.index(max(counts))]
    assert filled["valence"] == pytest.approx(train["valence"].mean(), abs=1e-4)


def test_submission_is_the_mean_over_folds_and_seeds(corpus, report):
    path = corpus.predictions("s", 0.5, seeds=(0, 1))
    table, _ = submit(report, path)
    frame = pd.read_parquet(path)
    for row in table[table["name"] != "lost"].head(5).itertuples():
        own = frame[frame["clip"] == row.name]
        best = own[[f"p_{name}" for name in corpus.classes]].mean().idxmax()
        assert row.discrete == best.removeprefix("p_")
        assert row.valence == pytest.approx(own["valence"].mean(), abs=1e-4)


def test_submission_without_valence_has_no_such_column(make_report):
    report = make_report(valence=False)
    table, told = submit(report, report.corpus.predictions("s", 1.0))
    assert list(table.columns) == ["name", "discrete"]
    assert "get the most frequent class of train" in told


def test_a_split_of_emotions_alone_is_submitted_without_valence(corpus, report):
    path = corpus.predictions("s", 1.0)
    corpus.clips.loc[corpus.clips["split"] == "test2", "valence"] = None
    corpus.write()
    rows = ("lost,test2,x,missing,",)
    table, _ = submit(report, path, split="test2", rows=rows)
    assert list(table.columns) == ["name", "discrete"]
    assert len(table) == 26
    assert list(submit(report, path)[0].columns) == ["name", "discrete", "valence"]
    # Without labels nothing tells, but what is known of the corpus.
    corpus.clips.loc[corpus.clips["split"] == "test2", "emotion"] = ""
    corpus.write()
    columns = [
        list(submit(report, path, split="test2", emotion_only=known)[0].columns)
        for known in ([], ["test2"])
    ]
    assert columns == [["name", "discrete", "valence"], ["name", "discrete"]]


def test_some_valences_are_enough_to_ask_for_them(corpus, report):
    first = corpus.clips.index[corpus.clips["split"] == "test1"][:5]
    corpus.clips.loc[first, "valence"] = None
    corpus.write()
    table, _ = submit(report, corpus.predictions("s", 1.0))
    assert list(table.columns) == ["name", "discrete", "valence"]


def test_clips_keep_names_that_look_like_numbers_or_nothing(corpus, report):
    rows = ("007,test1,x,missing,", "NA,test1,x,missing,")
    submit(report, corpus.predictions("s", 1.0), rows=rows)
    lines = (corpus.folder / "out.csv").read_text().splitlines()
    assert {line.split(",")[0] for line in lines} >= {"007", "NA"}


@pytest.mark.parametrize("split", ["train", "test9"])
def test_a_split_that_cannot_be_submitted_is_refused(corpus, report, split):
    with pytest.raises(MerflowError, match=split):
        submit(report, corpus.predictions("s", 1.0), split=split)
