"""MER2023's two layouts: which clips, with which labels, and what is wrong with a copy."""

import os
import shutil
from pathlib import Path

import pytest
from miniatures import hub_release, mer2023
from miniatures.mer2023 import MISSING, PICTURELESS, SHORT, SIZES

from merflow.corpus.adapters.mer2023 import ADAPTER
from merflow.corpus.adapters.registry import read_corpus
from merflow.corpus.finding import inspect
from merflow.errors import MerflowError

TESTS = ["test1", "test2", "test3"]


def settings(root, **changed):
    """Return the settings of the corpus."""
    corpus = {"adapter": "mer2023", "root": str(root), "classes": list(ADAPTER.classes)}
    return corpus | {"valence": True, "tests": TESTS} | changed


def labels_of(root, **changed):
    """Return the labels by clip."""
    return {label.clip: label for label in read_corpus(settings(root, **changed))}


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return mer2023(tmp_path_factory.mktemp("mer2023") / "dataset-release")


@pytest.fixture
def copied(release, tmp_path):
    """A copy to damage."""
    return Path(shutil.copytree(release, tmp_path / "dataset-release", copy_function=shutil.copy))


def write(file, text):
    file.write_text(text, encoding="utf-8")


def test_both_layouts_and_the_folder_above_give_the_same_clips(release, tmp_path):
    organisers = labels_of(release)
    above, hub = labels_of(release.parent), labels_of(hub_release(release, tmp_path / "hub"))
    assert organisers.keys() == above.keys() == hub.keys()
    for clip, label in organisers.items():
        assert above[clip].path == f"dataset-release/{label.path}"
        others = [vars(found[clip]) | {"path": ""} for found in (organisers, above, hub)]
        assert others[0] == others[1] == others[2]
        for root, found in ((release, organisers), (tmp_path / "hub", hub)):
            assert (root / found[clip].path).is_file() == (clip != MISSING)
    assert organisers["sample_00000000"].path == "train/sample_00000000.avi"
    assert above["sample_00000000"].path == "dataset-release/train/sample_00000000.avi"
    assert hub["sample_00000000"].path == "mer2023train/train/sample_00000000.avi"


def test_every_labelled_clip_is_listed_with_its_label_and_nothing_else(release):
    found = labels_of(release)
    assert [list(found).count(clip) for clip in (SHORT, PICTURELESS, MISSING)] == [1, 1, 1]
    assert {
        split: sum(label.split == split for label in found.values()) for split in SIZES
    } == SIZES
    for split in SIZES:
        lines = (release / f"{split}-label.csv").read_text().splitlines()[1:]
        for line in lines:
            name, emotion, *valence = line.split(",")
            label = found[name]
            assert (label.split, label.emotion, label.speaker) == (split, emotion, "")
            assert [float(label.valence)] == [float(v) for v in valence] if valence else True
            assert bool(label.valence) == bool(valence)
    # test3 has mp4 and avi, and a clip that nobody has labelled.
    suffixes = {Path(label.path).suffix for label in found.values() if label.split == "test3"}
    assert suffixes == {".mp4", ".avi"}
    assert "samplenew_00000036" not in found


def test_the_order_of_files_and_rows_does_not_count(release, copied):
    before = read_corpus(settings(release))
    assert [label.clip for label in before] == sorted(label.clip for label in before)
    for split in SIZES:
        file = copied / f"{split}-label.csv"
        header, *rows = file.read_text().splitlines()
        write(file, "\n".join([header, *reversed(rows)]) + "\n")
        for clip in sorted((copied / split).iterdir(), reverse=True):
            clip.rename(clip.with_name(f"{clip.name}.new"))
            clip.with_name(f"{clip.name}.new").rename(clip)
    assert read_corpus(settings(copied)) == before


def test_a_test_without_label_file_has_the_clips_of_its_folder_unlabelled(copied):
    (copied / "test1-label.csv").unlink()
    (copied / "test3-label.csv").unlink()
    found = labels_of(copied)
    for split, size in (("test1", 6), ("test3", 7)):
        own = [label for label in found.values() if label.split == split]
        assert len(own) == size
        assert {(label.emotion, label.valence) for label in own} == {("", "")}
        assert {label.path for label in own} == {
            f"{split}/{p.name}" for p in (copied / split).iterdir()
        }


def test_a_clip_whose_name_no_list_can_hold_is_told_where_it_would_be_listed(copied):
    name = os.fsdecode("\u8bdd1.avi".encode("gbk"))
    shutil.copy(copied / "train/sample_00000000.avi", copied / "test1" / name)
    assert not any("\udcbb" in label.path for label in labels_of(copied).values())
    (copied / "test1-label.csv").unlink()
    with pytest.raises(
        MerflowError, match=r"the path test1/\\xbb\\xb01\.avi is not UTF-8.*; rename"
    ):
        labels_of(copied)


def test_tests_that_are_not_asked_for_are_not_looked_at(copied):
    shutil.rmtree(copied / "test3")
    write(copied / "test2-label.csv", "nonsense\n")
    assert {label.split for label in labels_of(copied, tests=["test1"]).values()} == {
        "train",
        "test1",
    }
    with pytest.raises(MerflowError, match=r"test3 cannot be read \(No such file.*corpus\.root"):
        labels_of(copied, tests=["test3"])


def test_without_valence_the_column_need_not_be_there(copied):
    rows = (copied / "train-label.csv").read_text().splitlines()
    write(copied / "train-label.csv", "\n".join(row.rpartition(",")[0] for row in rows) + "\n")
    assert not any(label.valence for label in labels_of(copied, valence=False).values())
    with pytest.raises(
        MerflowError, match=r"train-label\.csv, line 1: there is no column 'valence'"
    ):
        labels_of(copied)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            lambda root: shutil.copy(
                root / "train/sample_00000000.avi", root / "train/sample_00000000.mp4"
            ),
            r"train: sample_00000000\.avi and sample_00000000\.mp4 are both clip",
        ),
        (
            lambda root: write(root / "test1-label.csv", "name,discrete\nsample_00000001,sad\n"),
            r"test1-label\.csv, line 2: 'sample_00000001' stands at .*train-label\.csv, line 3",
        ),
        (
            lambda root: (
                (root / "test1-label.csv").unlink(),
                shutil.copy(root / "train/sample_00000000.avi", root / "test1"),
            ),
            r"'sample_00000000' stands in train and in test1, so that what is trained on",
        ),
        (
            lambda root: write(root / "train-label.csv", "name,discrete,valence\na,bored,1\n"),
            r"train-label\.csv, line 2, column 'discrete': 'bored' is none of neutral, angry",
        ),
        (
            lambda root: write(root / "train-label.csv", "name,discrete,valence\na,sad,low\n"),
            r"train-label\.csv, line 2, column 'valence': 'low' is not a number",
        ),
        (
            lambda root: (root / "train-label.csv").unlink(),
            r"holds no release of MER2023 \(looked for train-label\.csv, dataset-release/train",
        ),
        (
            lambda root: (
                (root / "mer2023train").mkdir()
                or shutil.copy(root / "train-label.csv", root / "mer2023train")
            ),
            r"two releases of MER2023 \(train-label\.csv, mer2023train/train-label\.csv\)",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(copied, damage, told):
    damage(copied)
    with pytest.raises(MerflowError, match=told):
        labels_of(copied)
    (found,) = inspect({"corpus": settings(copied)})
    assert found.level == "error"
    assert found.todo


def test_a_label_file_that_cannot_be_read_names_the_setting_there_is(copied):
    file = copied / "train-label.csv"
    file.unlink()
    file.symlink_to("/proc/self/mem")  # a file whose reading fails, for root too
    with pytest.raises(MerflowError, match=r"train-label\.csv cannot be read .* or corpus\.root$"):
        labels_of(copied)


def test_hidden_files_and_others_are_no_clips(copied):
    before = labels_of(copied)
    (copied / "train/._sample_00000000.avi").write_bytes(b"x")
    (copied / "train/sample_00000000.txt").write_bytes(b"x")
    assert labels_of(copied) == before


def told(found):
    return [(finding.level, finding.what) for finding in found]


def test_the_doctor_is_told_what_the_release_has_more(release, copied, monkeypatch):
    found = inspect({"corpus": settings(release)})
    assert all(finding.todo for finding in found)
    assert [level for level, _ in told(found)] == ["warning"] * 5
    assert "17 of 18 clips" in found[0].what
    assert f"without train/{MISSING}" in found[0].what
    assert "train: the release has 3373 clips, here are 18" in found[1].what
    monkeypatch.setattr("merflow.corpus.adapters.mer2023.RELEASED", SIZES)
    shutil.copy(copied / "train/sample_00000000.avi", copied / f"train/{MISSING}.mkv")
    assert told(inspect({"corpus": settings(copied)})) == [
        ("fine", f"{split}: all {size} clips are there") for split, size in SIZES.items()
    ]


def test_the_doctor_is_told_of_pointers_links_and_lacking_labels(copied, tmp_path, monkeypatch):
    monkeypatch.setattr("merflow.corpus.adapters.mer2023.RELEASED", SIZES)
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    write(copied / "test2/sample_00000024.mp4", pointer)
    (copied / "test1-label.csv").unlink()
    shutil.move(copied / "test3", tmp_path / "elsewhere")
    (copied / "test3").symlink_to(tmp_path / "elsewhere")
    found = {finding.what: finding for finding in inspect({"corpus": settings(copied)})}
    for wanted, todo in {
        "test2: pointers of Git LFS instead of clips: 1 of 6 files": "git lfs pull",
        "test1: there is no ": "label file",
        f"test3: in {copied}: 0 of 6 clips": "outside_root",
    }.items():
        (match,) = [what for what in found if what.startswith(wanted)]
        assert todo in found[match].todo
    assert any("leads out of corpus.root" in what for what in found)


def test_the_clips_of_test3_are_not_counted_without_their_labels(copied):
    (copied / "test3-label.csv").unlink()
    found = told(inspect({"corpus": settings(copied, tests=["test3"])}))
    (counted,) = [what for _, what in found if "so all " in what]
    assert counted.startswith("test3: there is no ")
    assert not [what for _, what in found if what.startswith("test3: the release")]


def test_the_doctor_is_told_of_columns_that_label_nothing(copied):
    file = copied / "test1-label.csv"
    write(file, file.read_text(encoding="utf-8").replace("discrete", "emotion"))
    file = copied / "test2-label.csv"
    write(file, "name\n" + "\n".join(path.stem for path in (copied / "test2").iterdir()) + "\n")
    found = [what for _, what in told(inspect({"corpus": settings(copied)})) if "no label" in what]
    assert [what.rpartition(" in ")[2] for what in found] == ["discrete", "discrete and valence"]


def test_the_doctor_is_told_of_clips_that_no_label_names_but_for_the_crowd_of_test3(
    copied, monkeypatch
):
    monkeypatch.setattr("merflow.corpus.adapters.mer2023.RELEASED", SIZES)
    for split in ("train", "test1"):
        assert not [
            what for _, what in told(inspect({"corpus": settings(copied)})) if "row" in what
        ]
        shutil.copy(copied / "train/sample_00000000.avi", copied / split / "more.mkv")
        (found,) = [one for one in inspect({"corpus": settings(copied)}) if "no row" in one.what]
        assert found.what.startswith(f"{split}: 1 clips in {copied / split} stand in no row of ")
        assert "(more)" in found.what
        assert found.todo
        (copied / split / "more.mkv").unlink()
    assert len(list((copied / "test3").iterdir())) > SIZES["test3"]


@pytest.mark.parametrize("split", ["train", "test3"])
def test_the_doctor_is_told_of_labels_that_name_a_clip_with_a_suffix(copied, split, monkeypatch):
    monkeypatch.setattr("merflow.corpus.adapters.mer2023.RELEASED", SIZES)
    file = copied / f"{split}-label.csv"
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    first = rows[0].partition(",")[0]
    for suffix in (".avi", ".mp4", ".AVI"):  # of the file, or of none there
        write(file, "\n".join([header, rows[0].replace(",", f"{suffix},", 1), *rows[1:]]) + "\n")
        found = inspect({"corpus": settings(copied)})
        (one,) = [one for one in found if "together with a suffix" in one.what]
        assert one.what.startswith(f"{split}: {file} names 1 clips ")
        assert f"({first}{suffix})" in one.what
        assert one.todo.endswith(f": {first}")
        assert not [one for one in found if "no row" in one.what]
