from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merflow.corpus.label import Label, LabelSpec
from merflow.corpus.labels import merge_label_files, read_labels
from merflow.errors import MerflowError

SPEC = LabelSpec(["neutral", "angry"], valence=True, tests=["test1"])
HEADER = "path,emotion,valence,speaker,split"


def read(tmp_path: Path, text: str, spec: LabelSpec = SPEC) -> list[Label]:
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    return read_labels(tmp_path / "labels.csv", spec)


def test_rows_become_labels_sorted_by_clip(tmp_path: Path):
    text = f"{HEADER}\nb/z.mp4,angry,-2.50,s1,train\na/y.mp4,neutral,1,NA,test1\n"
    assert read(tmp_path, text) == [
        Label("y", "test1", "neutral", "1.0", "NA", "a/y.mp4"),
        Label("z", "train", "angry", "-2.5", "s1", "b/z.mp4"),
    ]


def test_sessions_and_folds_are_read_as_names(tmp_path: Path):
    text = "path,emotion,valence,fold,session\na.mp4,angry,1,01,d7\nb.mp4,angry,1,,\n"
    first, second = read(tmp_path, text)
    assert (first.session, first.fold) == ("d7", "01")
    assert (second.session, second.fold) == ("", "")


def test_optional_columns_may_be_absent(tmp_path: Path):
    spec = LabelSpec(["neutral"], valence=False, tests=[])
    assert read(tmp_path, "emotion,path\nneutral,a.mp4\n", spec) == [
        Label("a", "train", "neutral", "", "", "a.mp4")
    ]


def test_a_valence_column_is_ignored_where_the_corpus_has_none(tmp_path: Path):
    spec = LabelSpec(["neutral"], valence=False, tests=[])
    assert read(tmp_path, "path,emotion,valence\na.mp4,neutral,high\n", spec)[0].valence == ""


def test_test_clips_may_lack_labels(tmp_path: Path):
    label = read(tmp_path, f"{HEADER}\na.mp4,angry,1,,train\nb.mp4,,,,test1\n")[1]
    assert (label.emotion, label.valence) == ("", "")


def test_excel_marks_quotes_and_blank_lines_are_read(tmp_path: Path):
    text = '\ufeffpath,emotion,valence,text\r\na.mp4,angry,1,"well,\nyes"\r\n\r\nb.mp4,angry,2,\r\n'
    assert [label.clip for label in read(tmp_path, text)] == ["a", "b"]


def test_a_clip_column_names_the_clips(tmp_path: Path):
    text = "path,emotion,valence,clip\n1/a.mp4,angry,1,one\n2/a.mp4,angry,1,two\n"
    assert [label.clip for label in read(tmp_path, text)] == ["one", "two"]


MISTAKES = {
    "path,valence\na,1\n": "line 1: there is no column 'emotion'",
    "path;emotion;valence\n": "line 1: .*separate the columns by commas",
    "path,emotion\na,angry\n": "column 'valence'.*corpus.valence to false",
    "path,emotion,valence,path\n": "line 1: the column 'path' stands there twice",
    "": "is empty",
    "\n": "line 1: there is no column 'path' among none",
    f"{HEADER}\n.,angry,1,,train\n": r"line 2, column 'path': \. names no file",
    f"{HEADER}\n": "no row belongs to the split 'train'",
    f"{HEADER}\na,angry,1,,test1\n": "no row belongs to the split 'train'",
    f"{HEADER}\na,angry,1,,train\nb,sad,1,,train\n": "line 3, column 'emotion': 'sad'",
    f"{HEADER}\na,sad,1,,test1\n": "line 2, column 'emotion': 'sad' is none of neutral, angry",
    f"{HEADER}\na,,1,,train\n": "line 2, column 'emotion': a train clip needs one",
    f"{HEADER}\na,angry,high,,train\n": "line 2, column 'valence': 'high' is not a number",
    f"{HEADER}\na,angry,nan,,train\n": "column 'valence': 'nan' is not a number",
    f"{HEADER}\na,angry,,,train\n": "column 'valence': '' is not a number",
    f"{HEADER}\na,angry,x,,test1\n": "column 'valence': 'x' is not a number",
    f"{HEADER}\na,angry,1,,dev\n": "column 'split': 'dev' is none of train, test1",
    f"{HEADER}\na,angry,1,,\n": "column 'split': '' is none of train, test1",
    f"{HEADER}\n,angry,1,,train\n": "line 2, column 'path': there is no path",
    f"{HEADER}\na,angry,1\n": "line 2: 3 values for 5 columns",
    f'{HEADER},text\na,angry,1,,train,"x\ny"\nb,sad,1,,train,\n': "line 4, column 'emotion'",
    f"{HEADER}\na/c.mp4,angry,1,,train\nb/c.mp4,angry,1,,train\n": (
        "lines 2 and 3: a/c.mp4 and b/c.mp4 are both called 'c'"
    ),
    f'{HEADER}\n"a,angry,1,,train\n': "line 2: it is not valid csv",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_with_file_line_and_column(tmp_path: Path, text: str):
    with pytest.raises(MerflowError, match=MISTAKES[text]) as caught:
        read(tmp_path, text)
    assert str(tmp_path / "labels.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_another_encoding_are_told(tmp_path: Path):
    with pytest.raises(MerflowError, match=r"looked for at .*labels\.csv.*corpus\.csv"):
        read_labels(tmp_path / "labels.csv", SPEC)
    (tmp_path / "labels.csv").write_bytes(f"{HEADER}\nfür,angry,1,,train\n".encode("latin-1"))
    with pytest.raises(MerflowError, match="not UTF-8"):
        read_labels(tmp_path / "labels.csv", SPEC)


@settings(max_examples=20)
@given(st.permutations(range(12)))
def test_the_order_of_rows_changes_nothing(tmp_path_factory, order: list[int]):
    folder = tmp_path_factory.getbasetemp()
    rows = [f"{k % 3}/clip{k}.mp4,angry,{k},s{k % 4},train" for k in range(12)]
    wanted = read(folder, "\n".join([HEADER, *rows]))
    assert read(folder, "\n".join([HEADER, *(rows[k] for k in order)])) == wanted


def test_parts_merge_into_one_file_sorted_by_path(tmp_path: Path):
    for name, row in (("1.csv", "b.mp4,NA,1.50"), ("0.csv", "c.mp4,x,"), ("2.csv", "a.mp4,x,2")):
        (tmp_path / name).write_text(f"path,speaker,valence\n{row}\n")
    parts = [tmp_path / "1.csv", tmp_path / "0.csv", tmp_path / "2.csv"]
    merge_label_files(parts, tmp_path / "all.csv")
    wanted = "path,speaker,valence\na.mp4,x,2\nb.mp4,NA,1.50\nc.mp4,x,\n"
    assert (tmp_path / "all.csv").read_text() == wanted
    with pytest.raises(MerflowError, match=r"9\.csv"):
        merge_label_files([*parts, tmp_path / "9.csv"], tmp_path / "all.csv")
