import numpy as np
import pandas as pd
import pytest

from merflow.errors import MerflowError
from merflow.faces.quality import faceless_table, quality_table, read_quality, write_quality


def track(clip, lefts, size=40.0):
    """Return a track of boxes at the given x; None where no face was found."""
    rows = [
        {"clip": clip, "frame": k, "x": x, "y": 0.0, "w": size, "h": size, "kept": x is not None}
        for k, x in enumerate(lefts)
    ]
    return pd.DataFrame(rows).astype({"x": "float32"})


MANIFEST = pd.DataFrame(
    [("b", "test1", "b.mp4"), ("a", "train", "x/a.mp4"), ("c", "train", "c.mp4")],
    columns=["clip", "split", "path"],
)
TRACKS = pd.concat(
    [track("c", [None, None]), track("b", [0, 35, None, 36]), track("a", [1, 2, 3, 4], size=30)]
)
FACTS = pd.DataFrame(
    [("a", "largest", 0, ""), ("b", "largest", 0, ""), ("c", "largest", 0, "no face in 2 frames")],
    columns=["clip", "person", "left_out", "reason"],
)


def test_rates_sizes_and_jumps():
    table = quality_table(TRACKS, FACTS, MANIFEST).set_index("clip")
    assert list(table.index) == ["a", "b", "c"]
    assert list(table["face_rate"]) == [1.0, 0.75, 0.0]
    assert list(table["faces"]) == [4, 3, 0]
    assert list(table["frames"]) == [4, 4, 2]
    assert list(table["jumps"]) == [0, 1, 0]
    np.testing.assert_array_equal(table["median_size"], [30, 40, np.nan])


def test_faceless_clips_are_listed_with_their_path():
    table = faceless_table(quality_table(TRACKS, FACTS, MANIFEST), MANIFEST)
    assert table.to_dict("records") == [
        {
            "clip": "c",
            "split": "train",
            "path": "c.mp4",
            "reason": "faceless",
            "detail": "no face in 2 frames",
        }
    ]


def test_a_clip_may_be_called_na(tmp_path):
    facts = FACTS.replace({"c": "NA"})
    table = quality_table(TRACKS.replace("c", "NA"), facts, MANIFEST.replace({"c": "NA"}))
    table.to_csv(tmp_path / "quality.csv", index=False)
    read = read_quality(tmp_path / "quality.csv")
    pd.testing.assert_frame_equal(read, table, check_dtype=False)
    assert set(read["clip"]) == {"a", "b", "NA"}


def test_the_order_of_rows_does_not_count():
    again = quality_table(
        TRACKS[::-1].sort_values("frame", kind="stable"), FACTS[::-1], MANIFEST[::-1]
    )
    pd.testing.assert_frame_equal(again, quality_table(TRACKS, FACTS, MANIFEST))


def test_a_clip_without_a_track_is_told():
    with pytest.raises(MerflowError, match="clip a is in no track table"):
        quality_table(TRACKS, FACTS[FACTS["clip"] != "a"], MANIFEST)


def test_a_missing_table_is_told(tmp_path):
    names = ("tracks.parquet", "facts.csv", "m.csv", "q.csv", "quarantine.csv")
    paths = [tmp_path / name for name in names]
    with pytest.raises(MerflowError, match=r"no track table .*tracks\.parquet"):
        write_quality(paths[:1], paths[1:2], *paths[2:])


def test_the_worst_clip_has_rank_one():
    table = quality_table(TRACKS, FACTS, MANIFEST).set_index("clip")
    assert table["rank"].to_dict() == {"c": 1, "b": 2, "a": 3}


def test_given_pictures_without_boxes_have_a_rate_and_no_size():
    given = track("g", [0, 1]).assign(x=np.nan, y=np.nan, w=np.nan, h=np.nan)
    facts = pd.DataFrame([("g", "given", 1, "")], columns=FACTS.columns)
    row = quality_table(given, facts, MANIFEST.iloc[:1].assign(clip="g")).iloc[0]
    assert (row["face_rate"], row["jumps"], row["left_out"]) == (1.0, 0, 1)
    assert np.isnan(row["median_size"])


def test_a_clip_of_which_nothing_was_seen_is_faceless_with_its_reason():
    facts = FACTS.assign(reason=["", "", "no pictures in the folder"])
    table = quality_table(TRACKS[TRACKS["clip"] != "c"], facts, MANIFEST)
    assert table.set_index("clip").loc["c", "face_rate"] == 0
    assert list(faceless_table(table, MANIFEST)["detail"]) == ["no pictures in the folder"]
