"""Which corpora name their speakers, as is known before anything is decoded."""

import pytest

from merflow.corpus import listed
from merflow.corpus.listed import ListedClips
from merflow.corpus.speakers import count_speakers


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a label file and its clips; a path in brackets has none."""

    def write(header, *rows):
        for row in rows:
            path = row.split(",")[0]
            if not path.startswith("("):
                (tmp_path / path).touch()
        (tmp_path / "labels.csv").write_text("\n".join([header, *rows]) + "\n")
        return {"adapter": "table", "root": str(tmp_path), "csv": str(tmp_path / "labels.csv")}

    return write


HEADER = "path,emotion,speaker"


def test_speakers_of_train_are_counted(table):
    corpus = table(HEADER, "a.mp4,happy,anna", "b.mp4,sad,bert", "c.mp4,sad,anna")
    assert count_speakers(ListedClips(corpus)) == 2


@pytest.mark.parametrize("rows", [["a.mp4,happy,"], ["a.mp4,happy,anna", "b.mp4,sad, "]])
def test_all_train_clips_must_name_one(table, rows):
    assert count_speakers(ListedClips(table(HEADER, *rows))) is None


def test_a_csv_without_the_column_names_none(table):
    assert count_speakers(ListedClips(table("path,emotion", "a.mp4,happy"))) is None
    assert count_speakers(ListedClips(table(HEADER))) is None


def test_test_clips_and_missing_files_do_not_count(table):
    corpus = table(
        f"{HEADER},split",
        "a.mp4,happy,anna,train",
        "b.mp4,happy,,test1",
        "c.mp4,happy,bert,test1",
        "(gone).mp4,happy,,train",
        "(fled).mp4,happy,carl,train",
        f"({'long' * 100}.mp4,happy,dora,train",
    )
    assert count_speakers(ListedClips(corpus)) == 1


def test_clips_that_will_be_quarantined_do_not_count(table):
    corpus = table(
        f"{HEADER},defect",
        "a.mp4,happy,anna,",
        "b.mp4,happy,,cut off",
        "../beside.mp4,happy,carl,",
    )
    assert count_speakers(ListedClips(corpus)) == 1


def test_labels_alone_may_name_them(tmp_path):
    (tmp_path / "train.csv").write_text("name,discrete,speaker\na,happy,anna\nb,sad,bert\n")
    (tmp_path / "bare.csv").write_text("name,discrete\na,happy\n")
    corpus = {"adapter": "labels", "root": None, "csv": None}
    assert (
        count_speakers(ListedClips(corpus | {"labels": {"train": str(tmp_path / "train.csv")}}))
        == 2
    )
    assert (
        count_speakers(ListedClips(corpus | {"labels": {"train": str(tmp_path / "bare.csv")}}))
        is None
    )


@pytest.mark.parametrize(("speakers", "train", "told"), [(24, 240, 24), (24, 10, 10)])
def test_the_demo_has_as_many_as_it_generates(speakers, train, told):
    demo = {"speakers": speakers, "clips": {"train": train, "test1": 60}}
    assert count_speakers(ListedClips({"adapter": "demo", "demo": demo})) == told


def test_actors_of_a_released_layout_are_known_by_its_names(tmp_path):
    for actor, name in ((1, "01"), (2, "02")):
        folder = tmp_path / f"Actor_{name}"
        folder.mkdir()
        for emotion in ("03", "04"):
            (folder / f"01-01-{emotion}-01-01-01-{actor:02d}.mp4").touch()
    corpus = {"adapter": "ravdess", "root": str(tmp_path), "valence": False, "tests": []}
    assert count_speakers(ListedClips(corpus | {"classes": ["happy", "sad"]})) == 2


def test_a_list_is_read_once_however_many_ask(table, monkeypatch):
    corpus, reads = table(HEADER, "a.mp4,happy,anna", "b.mp4,sad,bert"), []

    def spy(csv):
        reads.append(csv)
        return read_rows(csv)

    read_rows = listed.read_rows
    monkeypatch.setattr(listed, "read_rows", spy)
    clips = ListedClips(corpus)
    assert count_speakers(clips) == len(clips.there) == 2
    assert len(reads) == 1
