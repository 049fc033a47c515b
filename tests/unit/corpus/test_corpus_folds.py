from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merflow.corpus.folds import group_folds, official_folds, random_folds, write_folds
from merflow.errors import MerflowError

labels = st.dictionaries(st.text("abcdef0123", min_size=1), st.sampled_from("NASHW"), min_size=1)
counts = st.integers(2, 6)


def spread(values, count) -> int:
    sizes = [values.count(fold) for fold in range(count)]
    return max(sizes) - min(sizes)


@given(labels, counts, st.integers(0, 5))
def test_random_folds_are_balanced_in_total_and_by_emotion(emotions, count, seed):
    folds = random_folds(emotions, count, seed)
    assert folds.keys() == emotions.keys()
    assert spread(list(folds.values()), count) <= 1
    for emotion in set(emotions.values()):
        assert spread([folds[clip] for clip in folds if emotions[clip] == emotion], count) <= 1


@given(labels, counts, st.randoms())
def test_the_order_of_clips_changes_no_fold(names, count, random):
    shuffled = list(names.items())
    random.shuffle(shuffled)
    assert random_folds(dict(shuffled), count, 0) == random_folds(names, count, 0)
    if len(set(names.values())) >= count:
        assert group_folds(dict(shuffled), count, 0) == group_folds(names, count, 0)


def test_the_seed_draws_other_folds():
    emotions = {f"clip{k}": "NA"[k % 2] for k in range(40)}
    assert random_folds(emotions, 5, 0) != random_folds(emotions, 5, 1)


@given(st.lists(st.integers(1, 20), min_size=6, max_size=30), counts)
def test_speakers_stay_whole_and_folds_stay_even(sizes, count):
    speakers = {f"{s}-{k}": f"s{s}" for s, size in enumerate(sizes) for k in range(size)}
    folds = group_folds(speakers, count, 0)
    assert len({(speakers[clip], fold) for clip, fold in folds.items()}) == len(sizes)
    held = Counter(folds.values())
    assert set(held) == set(range(count))
    # Greedy: the largest fold would be the smallest without the speaker that it got last.
    assert max(held.values()) - min(held.values()) <= max(sizes)


def manifest(rows) -> pd.DataFrame:
    columns = ["clip", "split", "emotion", "speaker", "session", "fold"]
    return pd.DataFrame([(*row, "", "")[:6] for row in rows], columns=columns)


TRAIN = [(f"c{k}", "train", "NA"[k % 2], f"s{k % 3}") for k in range(7)]


def test_only_train_clips_get_a_fold_and_rows_are_sorted(tmp_path: Path):
    spec = {"scheme": "random", "count": 3, "seed": 0}
    rows = [*TRAIN, ("t", "test1", "", "")]
    write_folds(manifest(rows), spec, tmp_path / "a.csv")
    write_folds(manifest(rows[::-1]), spec, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    table = pd.read_csv(tmp_path / "a.csv")
    assert list(table.columns) == ["clip", "fold"]
    assert table["clip"].tolist() == sorted(row[0] for row in TRAIN)


@pytest.mark.parametrize(
    ("rows", "spec", "said"),
    [
        (TRAIN, {"scheme": "random", "count": 8}, "7 train clips cannot fill 8 folds"),
        (TRAIN, {"scheme": "speaker", "count": 4}, "3 speakers cannot fill 4 folds"),
        ([*TRAIN, ("x", "train", "N", "")], {"scheme": "speaker", "count": 2}, "first is x"),
        (TRAIN, {"scheme": "random", "count": 1}, "set it to 2 or more"),
        (TRAIN, {"scheme": "session", "count": 2}, "7 train clips have no session"),
        (TRAIN, {"scheme": "official", "count": 2}, "no fold .*fill the column 'fold'"),
        (TRAIN, {"scheme": "clip", "count": 2}, "'clip'; set it to one of random, speaker, sess"),
        (
            [(*row, f"d{k % 2}", "abc"[k % 3]) for k, row in enumerate(TRAIN)],
            {"scheme": "session", "count": 3},
            "2 sessions cannot fill 3 folds",
        ),
        (
            [(*row, "", "abc"[k % 3]) for k, row in enumerate(TRAIN)],
            {"scheme": "official", "count": 2},
            r"names 3 folds of usable train clips \(a, b, c\), but .*count is 2; set it to 3",
        ),
    ],
)
def test_folds_that_cannot_be_made_are_told(tmp_path: Path, rows, spec, said):
    with pytest.raises(MerflowError, match=said):
        write_folds(manifest(rows), {"seed": 0} | spec, tmp_path / "folds.csv")


def test_sessions_stay_whole_whoever_speaks_in_them(tmp_path: Path):
    rows = [(*row, f"d{k % 5}", "") for k, row in enumerate(TRAIN)]
    spec = {"scheme": "session", "count": 3, "seed": 0}
    write_folds(manifest(rows), spec, tmp_path / "folds.csv")
    folds = pd.read_csv(tmp_path / "folds.csv").set_index("clip")["fold"]
    assert set(folds) == {0, 1, 2}
    assert len({(row[4], folds[row[0]]) for row in rows}) == 5


@given(st.permutations([*range(8, 13)]), st.booleans())
def test_official_folds_are_kept_and_numbered_in_the_order_of_their_names(order, words):
    names = {f"c{k}-{j}": f"{'s' * words}{k}" for k in order for j in range(2)}
    folds = official_folds(names, 5)
    # Numbers as numbers, 8 before 10; names as text, s10 before s8.
    wanted = [10, 11, 12, 8, 9] if words else [8, 9, 10, 11, 12]
    assert folds == {f"c{k}-{j}": wanted.index(k) for k in order for j in range(2)}


def test_folds_of_test_clips_do_not_count(tmp_path: Path):
    rows = [(*row, "", "ab"[k % 2]) for k, row in enumerate(TRAIN)]
    rows.append(("t", "test1", "", "", "", "c"))
    spec = {"scheme": "official", "count": 2, "seed": 0}
    write_folds(manifest(rows), spec, tmp_path / "folds.csv")
    table = pd.read_csv(tmp_path / "folds.csv")
    assert table["fold"].tolist() == [k % 2 for k in range(len(TRAIN))]


def test_fewer_speakers_than_folds_may_be_left_undivided(tmp_path):
    """By the comparison with random folds, which then says so; the settings' own are refused."""
    few, out = {"scheme": "speaker", "count": 4, "seed": 0}, tmp_path / "folds.csv"
    with pytest.raises(MerflowError, match="3 speakers cannot fill 4 folds"):
        write_folds(manifest(TRAIN), few, out)
    assert not out.exists()
    write_folds(manifest(TRAIN), few, out, leave_undivided=True)
    assert out.read_text() == "clip,fold\n"
    write_folds(manifest(TRAIN), few | {"count": 3}, out, leave_undivided=True)
    assert len(pd.read_csv(out)) == len(TRAIN)
    with pytest.raises(MerflowError, match="cannot fill 9 folds"):  # of clips, not of speakers
        write_folds(manifest(TRAIN), few | {"count": 9}, out, leave_undivided=True)
    unnamed = [(*TRAIN[0][:3], ""), *TRAIN[1:]]
    with pytest.raises(MerflowError, match="have no speaker"):
        write_folds(manifest(unnamed), few, out, leave_undivided=True)
