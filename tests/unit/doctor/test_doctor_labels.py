"""What the labels and the files of the clips are found to say."""

import os
import shutil
import unicodedata
from pathlib import Path

import pytest
import yaml
from doctor_findings import find, levels

from merflow.doctor import content, files, labels, noise
from merflow.settings.adapters import check_adapter

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


def set_column(column, value, rows=slice(None)):
    """Return a change of the rows of a csv."""

    def change(table):
        for row in table[rows]:
            row[column] = value

    return change


def test_sound_labels_are_fine_and_counted(project):
    found = list(labels.look(project.case()))
    assert levels(found) == {"fine"}
    find(found, "fine", "train: 12 clips", "happy 6, sad 6")
    find(found, "fine", "4 speakers, each in one fold")


def test_every_mistake_is_told_and_the_rest_counted(project):
    project.rows(set_column(2, "cross", slice(0, 8)))
    found = list(labels.look(project.case()))
    for line in range(2, 7):
        find(found, "error", f"labels.csv, line {line},", "'cross' is none of happy, sad")
    find(found, "error", "3 more rows are wrong, the last: labels.csv, line 9")


def test_names_that_stand_twice_are_the_readers_own_sentence(project):
    project.rows(lambda rows: rows.append(rows[0]))
    find(labels.look(project.case()), "error", "lines 2 and 18", "both called 'clip00'")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("path,emotion\nclip00.mp4,happy\n", "no column 'valence'"),
        ("path;emotion;valence\n", "separate the columns by commas"),
        ("", "is empty"),
        ("path,emotion,valence\nclip00.mp4,happy\n", "line 2: 2 values for 3 columns"),
    ],
)
def test_a_file_that_is_no_list_is_told_once(project, text, told):
    Path("labels.csv").write_text(text, encoding="utf-8")
    found = list(labels.look(project.case()))
    find(found, "error", told)


def test_labels_that_are_folder_or_no_text_are_told(project):
    Path("labels.csv").write_bytes(b"\xff\xfe\x00p")
    find(labels.look(project.case()), "error", "is not UTF-8")
    Path("labels.csv").unlink()
    Path("labels.csv").mkdir()
    assert not list(labels.look(project.case()))
    find(files.look(project.case()), "error", "corpus.csv is 'labels.csv', which is a folder")
    Path("labels.csv").rmdir()
    os.mkfifo("labels.csv")
    find(labels.look(project.case()), "error", "is a folder or device")


def test_classes_that_are_rare_or_missing_are_warned_of(project):
    project.config["corpus"]["classes"].append("angry")
    found = list(labels.look(project.case()))
    find(found, "warning", "no training clip is angry", "corpus.classes")
    project.rows(set_column(2, "angry", slice(0, 1)))
    found = list(labels.look(project.case()))
    find(found, "warning", "angry has 1 training clips, fewer than the 2 folds")
    find(found, "warning", "folds by speaker", "angry in fold")


def mer2023_release(project, rows, header="name,discrete,valence"):
    """Have the settings name a release whose train clips have these labels."""
    classes = ["neutral", "angry", "happy", "sad", "worried", "surprise"]
    project.config["corpus"] |= {"adapter": "mer2023", "root": "release", "csv": None}
    project.config["corpus"] |= {"classes": classes, "tests": []}
    project.config["corpus"]["folds"]["scheme"] = "random"
    assert not list(check_adapter(project.config))
    Path("release/train").mkdir(parents=True, exist_ok=True)
    for row in rows:
        Path(f"release/train/{row.partition(',')[0]}.avi").write_bytes(b"x")
    Path("release/train-label.csv").write_text("\n".join([header, *rows]) + "\n")


def test_every_mistake_in_a_release_is_told_and_the_rest_counted(project):
    mer2023_release(project, ["a,happy,1", *(f"b{k},cross,1" for k in range(6)), "c,sad,low"])
    found = list(labels.look(project.case()))
    for line in range(3, 8):
        find(found, "error", f"train-label.csv, line {line},", "'cross' is none of")
    find(found, "error", "2 more rows are wrong, the last: ", "line 9", "'low' is not a number")
    assert len(found) == 6


def test_speakers_that_a_release_does_not_name_are_not_asked_for(project):
    rows = ["a,happy,1", "b,happy,1", "c,sad,0"]
    mer2023_release(project, rows)
    one = find(labels.look(project.case()), "warning", "no speaker is known")
    assert "say so beside the scores" in one.todo
    assert "give the speakers" not in one.todo
    # A column that somebody added: the adapter divides by no speakers all the same.
    mer2023_release(project, [f"{row},s" for row in rows], "name,discrete,valence,speaker")
    one = find(labels.look(project.case()), "warning", "1 speakers are known", "speakers.md")
    assert "corpus.folds.scheme" not in one.todo


def test_classes_of_a_corpus_in_a_layout_of_its_own_are_not_to_be_taken_out(project):
    mer2023_release(project, ["a,happy,1", "b,happy,1", "c,sad,0"])
    found = list(labels.look(project.case()))
    for name, told in (("angry", "no training clip is angry"), ("sad", "sad has 1 training")):
        one = find(found, "warning", told)
        assert "corpus.classes" not in one.todo, name
        assert "join" not in one.todo
        assert one.todo


def test_a_list_without_a_row_is_one_error(project):
    project.rows(lambda rows: rows.clear())
    (only,) = labels.look(project.case())
    assert only.level == "error"
    assert "no row belongs to the split 'train'" in only.what


def test_names_that_stand_twice_are_told_beside_the_mistakes_of_rows(project):
    project.rows(lambda rows: rows.extend([rows[0], [*rows[1][:2], "cross", *rows[1][3:]]]))
    found = list(labels.look(project.case()))
    find(found, "error", "lines 2 and 18", "both called 'clip00'")
    find(found, "error", "line 19", "'cross' is none of")


def test_speakers_on_both_sides_are_warned_of(project):
    project.config["corpus"]["folds"]["scheme"] = "random"
    find(labels.look(project.case()), "warning", "4 speakers are known", "scheme to speaker")
    project.rows(set_column(4, ""))
    find(labels.look(project.case()), "warning", "no speaker is known")


def test_folds_that_cannot_be_made_are_errors(project):
    folds = project.config["corpus"]["folds"]
    folds["count"] = 5
    find(labels.look(project.case()), "error", "4 speakers cannot fill 5 folds")
    folds["scheme"] = "official"
    find(labels.look(project.case()), "error", "12 train clips have no fold")
    project.rows(set_column(4, ""))
    folds["scheme"] = "speaker"
    find(labels.look(project.case()), "error", "12 train clips have no speaker", "random")


def test_splits_without_clips_or_labels_are_told(project):
    project.config["corpus"]["tests"] = ["test1", "test2"]
    found = list(labels.look(project.case()))
    find(found, "warning", "test2 has no clip", "corpus.tests")

    def unlabelled(rows):
        for row in rows[12:]:
            row[2:4] = "", ""

    project.rows(unlabelled)
    find(labels.look(project.case()), "fine", "test1: 4 clips; without labels", "no scores")


def test_labelled_tests_that_no_row_of_the_table_names_are_warned_of(project):
    rows = project.config["report"]["rows"]
    assert not [one for one in labels.look(project.case()) if "report.rows" in one.what]
    named = rows.pop()
    found = find(labels.look(project.case()), "warning", "test1 stands in no row of report.rows")
    written = yaml.safe_load(found.todo.partition(", as ")[2])
    assert written | {"name": "Test"} == named
    project.rows(set_column(2, "", slice(12, 16)))
    assert not [one for one in labels.look(project.case()) if "in no row" in one.what]


def test_valence_off_the_scale_of_com_is_warned_of_where_there_is_com(project):
    project.config["corpus"]["com"] = True
    project.rows(set_column(3, 7, slice(0, 2)))
    find(labels.look(project.case()), "warning", "2 clips lies outside", "clip00", "corpus.com")
    project.config["corpus"]["com"] = False
    assert levels(labels.look(project.case())) == {"fine"}


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (-1, 1, True),
        (0, 1, True),
        (1, 5, True),
        (1, 9, True),
        (-5, 5, False),
        (-1.25, 1, False),
        (-0.25, 4.75, False),
    ],
)
@pytest.mark.parametrize("com", [True, False])
def test_valence_as_on_another_scale_is_warned_of_where_there_is_com(project, low, high, told, com):
    project.config["corpus"]["com"] = com

    def change(rows):
        for number, row in enumerate(rows):
            row[3] = high if number % 2 else low

    project.rows(change)
    found = [one for one in labels.look(project.case()) if one.level != "fine"]
    assert len(found) == (told and com)
    for one in found:
        assert f"between {low:g} and {high:g}" in one.what
        assert "set corpus.com to false" in one.todo


def test_labels_alone_are_read_too(project):
    corpus = project.config["corpus"]
    for split, rows in {
        "train": "a,happy,1\nb,sad,2\nc,happy,x\nd,odd,1\n",
        "test1": "e,,\n",
    }.items():
        Path(f"{split}.csv").write_text(f"name,discrete,valence\n{rows}", encoding="utf-8")
    corpus |= {"adapter": "labels", "root": None, "csv": None}
    corpus["labels"] = {"train": "train.csv", "test1": "test1.csv"}
    corpus["folds"]["scheme"] = "random"
    found = list(labels.look(project.case()))
    find(found, "error", "train.csv, line 4", "'x' is not a number")
    find(found, "error", "train.csv, line 5", "'odd' is none of")
    Path("train.csv").write_text("name,discrete,valence\na,happy,1\nb,sad,2\n", encoding="utf-8")
    found = list(labels.look(project.case()))
    find(found, "fine", "test1: 1 clips; without labels")
    assert levels(content.look(project.case())) == {"fine"}


def test_a_file_in_the_place_of_a_folder_is_told_with_the_setting(project):
    project.config["corpus"]["root"] = project.config["noise"]["root"] = "labels.csv"
    found = list(files.look(project.case()))
    for key in ("corpus.root", "noise.root"):
        find(found, "error", f"{key} is 'labels.csv', which is a file", "name the folder")
    assert not list(noise.look(project.case()))


def test_sound_files_are_fine(project):
    (only,) = content.look(project.case())
    assert only.level == "fine"
    assert "16 files" in only.what


def test_empty_files_and_pointers_are_named(project):
    Path("clips/clip03.mp4").write_bytes(b"")
    Path("clips/clip04.mp4").write_text(POINTER, encoding="utf-8")
    found = list(content.look(project.case()))
    find(found, "warning", "1 clips have 0 bytes (clip03)", "quarantine")
    find(found, "warning", "1 clips are pointers of Git LFS", "clip04", "git lfs pull")
    for file in Path("clips").iterdir():
        file.write_text(POINTER, encoding="utf-8")
    find(content.look(project.case()), "error", "16 clips are pointers", "git lfs pull")


def test_suffixes_that_are_no_films_are_named(project):
    Path("clips/clip05.mp4").rename("clips/clip05.wav")
    project.rows(set_column(0, "clip05.wav", slice(5, 6)))
    find(content.look(project.case()), "warning", "suffix that is no film's (clip05.wav)")


def test_one_content_under_two_names_is_told_and_worse_across_splits(project):
    shutil.copy("clips/clip00.mp4", "clips/clip01.mp4")
    found = list(content.look(project.case()))
    find(found, "warning", "1 contents stand under several names (clip00 = clip01)")
    shutil.copy("clips/clip02.mp4", "clips/test0.mp4")
    found = list(content.look(project.case()))
    find(found, "warning", "1 contents stand in train and in a test (clip02 = test0)")
    find(found, "warning", "2 contents stand under several names")


def test_files_of_one_size_and_other_content_are_not_the_same(project):
    size = Path("clips/clip00.mp4").stat().st_size
    big = 3 * content.EDGE
    for name in ("clip00", "clip01"):  # alike but for one byte in the middle
        data = bytearray(b"x" * max(size, big))
        data[len(data) // 2] = ord(name[-1])
        Path(f"clips/{name}.mp4").write_bytes(data)
    assert not [one for one in content.look(project.case()) if "contents" in one.what]


def test_films_that_no_row_names_are_counted(project):
    shutil.copy("clips/clip00.mp4", "clips/more.mp4")
    Path("clips/.hidden.mp4").write_bytes(b"x")
    Path("clips/notes.txt").write_text("x")
    find(content.look(project.case()), "fine", "1 films in clips stand in no row", "more.mp4")


@pytest.mark.parametrize(("listed", "there"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_in_another_unicode_form_is_told_from_one_that_is_missing(project, listed, there):
    names = {form: f"{unicodedata.normalize(form, 'Zoé')}.mp4" for form in (listed, there)}
    Path("clips/clip00.mp4").rename(Path("clips", names[there]))
    Path("clips/clip01.mp4").unlink()
    project.rows(set_column(0, names[listed], slice(0, 1)))
    found = list(labels.look(project.case()))
    find(found, "warning", "2 are not in clips")
    find(found, "warning", "1 of these are in clips", f"{there} there", f"labels.csv in {there}")
    project.rows(set_column(0, names[there], slice(0, 1)))
    assert not [one for one in labels.look(project.case()) if "Unicode" in one.what]


def test_clips_that_are_missing_or_outside_are_counted(project):
    Path("clips/clip00.mp4").unlink()
    os.replace("clips/clip01.mp4", "elsewhere.mp4")
    Path("clips/clip01.mp4").symlink_to(Path("elsewhere.mp4").absolute())
    found = list(labels.look(project.case()))
    find(found, "warning", "of 16 clips", "1 are not in clips (clip00.mp4)", "as missing")
    find(found, "warning", "1 lie outside", "links", "(clip01.mp4)", "as outside_root")
    assert len(project.case().files) == 14
    assert not [one for one in content.look(project.case()) if "stand in no row" in one.what]


def test_what_the_settings_name_and_is_not_there_is_an_error_each(project):
    assert levels(files.look(project.case())) == {"fine"}
    project.config["corpus"]["root"] = "nowhere"
    project.config["noise"]["root"] = "no{where}"
    project.encoder("MR")["weights"] = "weights/none.pth"
    found = list(files.look(project.case()))
    find(found, "error", "corpus.root is 'nowhere'", "set it to the folder")
    find(found, "error", "noise.root", "without braces")
    find(found, "error", "features.encoders.MR.weights", "zengqunzhao/MA-Net")
    assert len(found) == 3
