"""Label files a split, as the organisers give them out, and the clips listed by them."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from merflow.corpus.label import Label, LabelSpec
from merflow.corpus.listing import list_clips
from merflow.corpus.manifest import read_manifest
from merflow.corpus.split_files import clip_names
from merflow.corpus.split_labels import read_split_labels
from merflow.errors import MerflowError

SPEC = LabelSpec(["neutral", "angry"], valence=True, tests=["test1", "test3"])
TRAIN = "name,discrete,valence\nb,angry,-2.50\na,neutral,1\n"


@pytest.fixture
def files(tmp_path: Path):
    """Return a function that writes the csv of each split and returns their paths."""

    def written(**texts: str) -> dict[str, Path]:
        paths = {split: tmp_path / f"{split}.csv" for split in texts}
        for split, path in paths.items():
            path.write_text(texts[split], encoding="utf-8")
        return paths

    return written


def test_splits_become_labels_sorted_by_clip_and_tests_may_have_none(files):
    found = files(
        train=TRAIN,
        test1="\ufeffname,discrete,valence,speaker\n z ,neutral,,NA\n",
        test3="discrete,name\nangry,c\n,d\n",
    )
    assert read_split_labels(found, SPEC) == [
        Label("a", "train", "neutral", "1.0", "", ""),
        Label("b", "train", "angry", "-2.5", "", ""),
        Label("c", "test3", "angry", "", "", ""),
        Label("d", "test3", "", "", "", ""),
        Label("z", "test1", "neutral", "", "NA", ""),
    ]
    assert clip_names(found) == ["a", "b", "c", "d", "z"]


def test_names_alone_make_a_test(files):
    labels = read_split_labels(files(train=TRAIN, test1="name\n007\n"), SPEC)
    assert labels[0] == Label("007", "test1", "", "", "", "")


def test_sessions_and_folds_reach_the_list(files, tmp_path: Path):
    text = "name,discrete,valence,fold,session\na,angry,1,02,s1\n"
    labels = read_split_labels(files(train=text), SPEC)
    assert (labels[0].session, labels[0].fold) == ("s1", "02")
    list_clips(labels, tmp_path / "checked.csv")
    table = pd.read_csv(tmp_path / "checked.csv", dtype=str)
    assert table[["session", "fold"]].to_numpy().tolist() == [["s1", "02"]]


def test_without_valence_none_is_needed(files):
    spec = LabelSpec(["angry"], valence=False, tests=[])
    found = read_split_labels(files(train="name,discrete\na,angry\n"), spec)
    assert found == [Label("a", "train", "angry", "", "", "")]


WRONG = {
    "no valence": ({"train": "name,discrete\na,angry\n"}, "no column 'valence' among"),
    "no name": ({"train": "clip,discrete,valence\na,angry,1\n"}, "no column 'name' among"),
    "class": ({"train": TRAIN + "c,bored,1\n"}, "line 4, column 'discrete': 'bored' is none of"),
    "test class": ({"train": TRAIN, "test1": "name,discrete\nc,bored\n"}, "'bored' is none of"),
    "unlabelled": ({"train": TRAIN + "c,,1\n"}, "a train clip needs one of"),
    "number": ({"train": TRAIN + "c,angry,x\n"}, "column 'valence': 'x' is not a number"),
    "none": ({"train": "name,discrete,valence\n"}, "train.csv lists no clip"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_with_file_and_line(files, case):
    texts, words = WRONG[case]
    with pytest.raises(MerflowError, match=words):
        read_split_labels(files(**texts), SPEC)


NAMES = {
    "twice": ("b", r"test1.csv, line 2: 'b' stands at .*train.csv, line 2 already"),
    "folder": ("../b", r"line 2, column 'name': '\.\./b' is no clip's name"),
    "backslash": ("a\\b", "is no clip's name"),
    "bar": ("a|b", "is no clip's name"),
}


@pytest.mark.parametrize("case", NAMES)
def test_both_readers_refuse_a_wrong_name(files, case):
    name, words = NAMES[case]
    found = files(train=TRAIN, test1=f"name,discrete\n{name},angry\n")
    for read in (clip_names, lambda paths: read_split_labels(paths, SPEC)):
        with pytest.raises(MerflowError, match=words):
            read(found)


def test_a_file_that_is_absent_is_told_with_its_setting(tmp_path: Path):
    with pytest.raises(MerflowError, match=r"the column name .*correct corpus\.labels\.test1"):
        clip_names({"test1": tmp_path / "absent.csv"})


def test_the_list_becomes_a_manifest_without_paths(files, tmp_path: Path, run):
    found = files(train=TRAIN, test1="name\nc\n")
    spec = json.dumps({"classes": ["neutral", "angry"], "valence": True, "tests": ["test1"]})
    named = [word for split, path in found.items() for word in ("--labels", f"{split}={path}")]
    out, manifest, bad = (tmp_path / name for name in ("out.csv", "manifest.csv", "bad.csv"))
    done = run("corpus", "list", "--spec", spec, *named, "--out", out)
    assert done.exit_code == 0, done.output
    done = run("corpus", "manifest", "--checked", out, "--out", manifest, "--quarantine", bad)
    assert done.exit_code == 0, done.output
    table = read_manifest(manifest)
    assert table["clip"].tolist() == ["a", "b", "c"]
    assert table["split"].tolist() == ["train", "train", "test1"]
    assert table["sha256"].tolist() == [hashlib.sha256(c.encode()).hexdigest() for c in "abc"]
    assert table["duration"].isna().all()
    assert set(table["path"]) == {""}
    assert pd.read_csv(bad).empty


def test_a_split_that_is_named_twice_is_refused(files, tmp_path: Path, run):
    train = files(train=TRAIN)["train"]
    spec = json.dumps({"classes": ["neutral", "angry"], "valence": True, "tests": []})
    named = ["--labels", f"train={train}", "--labels", "train=other.csv"]
    done = run("corpus", "list", "--spec", spec, *named, "--out", tmp_path / "out.csv")
    assert isinstance(done.exception, MerflowError)
    assert "other.csv: name one csv a split" in str(done.exception)
    assert not (tmp_path / "out.csv").exists()
