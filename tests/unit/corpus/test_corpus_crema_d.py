"""CREMA-D: names, votes, the proxy of valence, and the clips that are known to be defective."""

import csv
import math
import shutil
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from miniatures import crema_d
from miniatures.crema_d import CUT, EMPTY, LONG, SOUNDLESS

from merflow.corpus.adapters.crema_d import ADAPTER, valence_proxies
from merflow.corpus.adapters.label_table import table_digest, write_table
from merflow.corpus.adapters.registry import read_corpus
from merflow.corpus.check import check_shard
from merflow.corpus.finding import inspect
from merflow.corpus.label import LabelSpec
from merflow.corpus.labels import read_labels
from merflow.corpus.manifest import read_manifest, write_manifest
from merflow.errors import MerflowError

VOTES = "processedResults/tabulatedVotes.csv"
# Two lines of the released file, audio-visual, one with values that are not given.
REAL = """"","A","D","F","H","N","S","fileName","numResponses","agreement","emoVote","meanEmoResp",\
"meanAngerResp","meanDisgustResp","meanFearResp","meanHappyResp","meanNeutralResp","meanSadResp",\
"medianEmoResp","meanEmoRespNorm","meanAngerRespNorm","meanDisgustRespNorm","meanFearRespNorm",\
"meanHappyRespNorm","meanNeutralRespNorm","meanSadRespNorm","medianEmoRespNorm"
"306172",0,3,0,0,4,0,"1076_MTI_NEU_XX",7,0.571428571428571,"N",64.1428571428571,-1,\
43.6666666666667,-1,-1,79.5,-1,59,60.7,-1,37.4,-1,-1,78.1,-1,52.3
"306181",9,2,0,0,0,0,"1076_IWL_ANG_XX",11,0.818181818181818,"A",52.4545454545455,\
49.3333333333333,66.5,-1,-1,-1,-1,60,NA,NA,63.9987919057687,-1,-1,-1,-1,NA
"""


def settings(root, **changed):
    corpus = {"adapter": "crema_d", "root": str(root), "classes": list(ADAPTER.classes)}
    return corpus | {"valence": True, "tests": []} | changed


def labels_of(root, **changed):
    return {label.clip: label for label in read_corpus(settings(root, **changed))}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return crema_d(tmp_path_factory.mktemp("crema_d"))


@pytest.fixture
def copied(clone, tmp_path):
    return Path(shutil.copytree(clone, tmp_path / "copy"))


def rows_of(root):
    with (root / VOTES).open(newline="") as stream:
        return list(csv.reader(stream))


def write_rows(root, rows):
    with (root / VOTES).open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)


def test_names_tell_speaker_and_acted_emotion(clone):
    found = labels_of(clone)
    assert found.keys() == {path.stem for path in (clone / "VideoFlash").iterdir()}
    label = found["1040_ITH_SAD_X"]
    assert (label.speaker, label.emotion, label.split) == ("1040", "sad", "train")
    assert label.path == "VideoFlash/1040_ITH_SAD_X.flv"
    assert {label.emotion for label in found.values()} == set(ADAPTER.classes)


def test_the_proxy_is_that_of_the_audio_visual_votes_alone(clone):
    table = pd.read_csv(clone / VOTES, index_col=0)
    seen = table[table.index >= 300_000].set_index("fileName")
    signs = {"Anger": -1, "Disgust": -1, "Fear": -1, "Happy": 1, "Sad": -1}
    found = labels_of(clone)
    for clip, row in seen.iterrows():
        total = sum(
            sign * int(row[name[0]]) * Fraction(row[f"mean{name}Resp"])
            for name, sign in signs.items()
            if row[name[0]]
        )
        wanted = float(total / 100 / int(row["numResponses"]))
        assert math.isclose(float(found[clip].valence), wanted, abs_tol=5.1e-7), clip
        assert -1 <= wanted <= 1
    assert len(seen) == len(found)


def test_lines_of_the_released_file_by_hand(tmp_path):
    (tmp_path / "votes.csv").write_text(REAL)
    assert valence_proxies(tmp_path / "votes.csv") == {
        "1076_MTI_NEU_XX": f"{-3 * 43.6666666666667 / 100 / 7:.6f}",
        "1076_IWL_ANG_XX": f"{-(9 * 49.3333333333333 + 2 * 66.5) / 100 / 11:.6f}",
    }


def test_only_neutral_votes_are_zero_without_a_sign(tmp_path):
    text = REAL.splitlines()[:2]
    text[1] = text[1].replace("0,3,0,0,4,0", "0,0,0,0,7,0").replace("43.6666666666667", "-1")
    (tmp_path / "votes.csv").write_text("\n".join(text) + "\n")
    assert set(valence_proxies(tmp_path / "votes.csv").values()) == {"0.000000"}


def test_without_valence_the_votes_are_not_read(copied):
    with_votes = labels_of(copied)
    (copied / VOTES).unlink()
    found = labels_of(copied, valence=False)
    assert found.keys() == with_votes.keys()
    assert {label.valence for label in found.values()} == {""}
    with pytest.raises(MerflowError, match=r"tabulatedVotes\.csv was looked for.*corpus\.root"):
        labels_of(copied)


def test_a_clip_that_is_not_there_stays_listed_and_any_container_will_do(copied):
    (copied / "VideoFlash/1001_DFA_ANG_XX.flv").unlink()
    flv = copied / "VideoFlash/1001_DFA_SAD_XX.flv"
    flv.rename(flv.with_suffix(".mp4"))
    found = labels_of(copied)
    assert found["1001_DFA_ANG_XX"].path == "VideoFlash/1001_DFA_ANG_XX.flv"
    assert found["1001_DFA_SAD_XX"].path == "VideoFlash/1001_DFA_SAD_XX.mp4"


def change(column, value):
    """Return a function that changes a column of the last row."""

    def changed(rows):
        rows[-1][rows[0].index(column)] = value

    return changed


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (change("A", "few"), r"line 106, column 'A': 'few' is no count"),
        (change("meanDisgustResp", "NA"), r"line 106, column 'meanDisgustResp': 'NA' is no level"),
        (change("meanDisgustResp", "-1"), r"column 'meanDisgustResp': '-1' is no level"),
        (change("fileName", "1001.flv"), r"'1001.flv' is no name of a clip of CREMA-D"),
        (
            change("fileName", "1001_DFA_ANG_XX"),
            r"1001_DFA_ANG_XX has audio-visual votes in a line",
        ),
        (lambda rows: rows.pop(), rf"the clip {LONG} has no audio-visual votes"),
        (lambda rows: rows[0].__setitem__(1, "X"), r"line 1: there is no column 'A'"),
    ],
)
def test_what_is_wrong_in_the_votes_is_told_with_its_place(copied, edit, told):
    rows = rows_of(copied)
    edit(rows)
    write_rows(copied, rows)
    with pytest.raises(MerflowError, match=told):
        labels_of(copied)
    (found,) = inspect({"corpus": settings(copied)})
    assert found.level == "error"
    assert found.todo


def test_the_defective_clips_end_in_quarantine_and_all_others_are_usable(clone, tmp_path):
    labels = read_corpus(settings(clone))
    write_table(labels, table_digest(labels), tmp_path / "labels.csv")
    spec = LabelSpec(ADAPTER.classes, True, [])
    assert read_labels(tmp_path / "labels.csv", spec) == [
        type(label)(**vars(label) | {"valence": repr(float(label.valence))}) for label in labels
    ]
    checked = tmp_path / "checked.csv"
    read = read_labels(tmp_path / "labels.csv", spec)
    check_shard(read, clone, 0, 1, tmp_path / "store", checked)
    write_manifest([checked], tmp_path / "manifest.csv", tmp_path / "quarantine.csv")
    quarantine = pd.read_csv(tmp_path / "quarantine.csv")
    assert set(quarantine["clip"]) == {EMPTY, SOUNDLESS, CUT, LONG}
    assert set(quarantine["reason"]) == {"defective"}
    assert quarantine["detail"].str.len().min() > 5
    assert len(read_manifest(tmp_path / "manifest.csv")) + 4 == len(labels)


def test_what_decoding_shows_of_the_clip_without_sound_agrees(clone, tmp_path):
    label = labels_of(clone)[SOUNDLESS]
    unmarked = type(label)(**vars(label) | {"defect": ""})
    check_shard([unmarked], clone, 0, 1, tmp_path / "store", tmp_path / "checked.csv")
    assert list(pd.read_csv(tmp_path / "checked.csv")["reason"]) == ["soundless"]


def test_the_doctor_names_defects_odd_names_and_pointers(copied):
    shutil.copy(copied / "VideoFlash/1001_DFA_ANG_XX.flv", copied / "VideoFlash/mine.flv")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 414429\n"
    (copied / "VideoFlash/1001_DFA_SAD_XX.flv").write_text(pointer)
    assert "mine" not in labels_of(copied)
    found = inspect({"corpus": settings(copied)})
    levels = {finding.what.partition(": ")[2][:30]: finding.level for finding in found}
    assert [f.level for f in found] == ["error", "warning", "warning", "fine"], levels
    assert "pointers of Git LFS instead of clips: 1 of 35" in found[0].what
    assert "git lfs pull" in found[0].todo
    assert "the release has 7442 clips, here are 35" in found[1].what
    assert "1 files (mine.flv)" in found[2].what
    assert all(clip in found[3].what for clip in (EMPTY, SOUNDLESS, CUT, LONG))
