"""RAVDESS: everything from the files' names, in whichever folders the archives unpack to."""

import os
import shutil
from pathlib import Path

import pytest
from miniatures import ravdess

from merflow.corpus.adapters.ravdess import ADAPTER, EMOTIONS
from merflow.corpus.adapters.registry import read_corpus
from merflow.corpus.finding import inspect
from merflow.errors import MerflowError


def settings(root):
    corpus = {"adapter": "ravdess", "root": str(root), "classes": list(ADAPTER.classes)}
    return corpus | {"valence": False, "tests": []}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    return ravdess(tmp_path_factory.mktemp("ravdess"))


@pytest.fixture
def copied(unpacked, tmp_path):
    return Path(shutil.copytree(unpacked, tmp_path / "copy"))


def test_spoken_clips_with_picture_and_sound_are_listed_and_no_others(unpacked):
    found = read_corpus(settings(unpacked))
    assert [label.clip for label in found] == [
        f"01-01-{code}-01-01-01-{actor:02d}" for code in sorted(EMOTIONS) for actor in (1, 2, 3)
    ]
    for label in found:
        assert label.emotion == EMOTIONS[label.clip[6:8]]
        assert label.speaker == label.clip[-2:]
        assert (label.split, label.valence) == ("train", "")
        assert (unpacked / label.path).is_file()
    paths = {label.speaker: Path(label.path).parent.as_posix() for label in found}
    assert paths == {
        "01": "Actor_01",
        "02": "Actor_02",
        "03": "Video_Speech_Actor_03/Actor_03",
    }


def test_where_the_archives_were_unpacked_does_not_count(unpacked, copied):
    shutil.move(copied / "Video_Speech_Actor_03/Actor_03", copied / "Actor_03")
    before, after = (read_corpus(settings(root)) for root in (unpacked, copied))
    assert [vars(label) | {"path": ""} for label in before] == [
        vars(label) | {"path": ""} for label in after
    ]


def test_a_folder_whose_name_no_list_can_hold_is_told(copied):
    (copied / "Video_Speech_Actor_03").rename(copied / os.fsdecode("\u8bdd".encode("gbk")))
    with pytest.raises(
        MerflowError, match=r"the path \\xbb\\xb0/Actor_03/.* is not UTF-8.*; rename"
    ):
        read_corpus(settings(copied))


def test_one_clip_in_two_folders_names_both(copied):
    shutil.copytree(copied / "Actor_01", copied / "Video_Speech_Actor_01/Actor_01")
    told = r"Actor_01/(01-01-01-01-01-01-01\.mp4) and Video_Speech_Actor_01/Actor_01/\1 are one"
    with pytest.raises(MerflowError, match=told):
        read_corpus(settings(copied))


def test_a_clip_in_another_actor_s_folder_is_told(copied):
    name = "01-01-03-01-01-01-02.mp4"
    shutil.move(copied / "Actor_02" / name, copied / "Actor_01" / name)
    with pytest.raises(MerflowError, match=rf"Actor_01/{name}: by its name it is of actor 02"):
        read_corpus(settings(copied))


def test_a_folder_of_songs_or_of_nothing_is_told(tmp_path, unpacked):
    shutil.copytree(unpacked / "Video_Song_Actor_01", tmp_path / "Video_Song_Actor_01")
    with pytest.raises(MerflowError, match=r"holds no spoken clip of RAVDESS.*Video_Speech"):
        read_corpus(settings(tmp_path))
    (found,) = inspect({"corpus": settings(tmp_path)})
    assert found.level == "error"
    assert "unpack the archives" in found.todo


def test_the_doctor_is_told_which_actors_are_not_whole(unpacked, monkeypatch):
    found = inspect({"corpus": settings(unpacked)})
    assert [finding.level for finding in found] == ["warning", "warning"]
    assert "the release has 1440 clips, here are 24" in found[0].what
    actors = "8 of actor 01, 8 of actor 02, 8 of actor 03 and 21 more"
    assert f"24 of 24 actors ({actors})" in found[1].what
    monkeypatch.setattr("merflow.corpus.adapters.ravdess.PER_ACTOR", 8)
    monkeypatch.setattr("merflow.corpus.adapters.ravdess.ACTORS", 3)
    (found,) = inspect({"corpus": settings(unpacked)})
    assert (found.level, found.what) == ("fine", "train: all 24 clips are there")
