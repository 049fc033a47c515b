import literal_training
import numpy as np
import pandas as pd
import pytest
import toy_members

from merflow.errors import MerflowError
from merflow.training.predictions import predictions_of, read_predictions, write_predictions
from merflow.training.readings import READINGS

CLASSES = ["a", "b"]


def frame():
    return pd.DataFrame(
        {
            "clip": ["z", "y", "y", "x"],
            "split": ["test1", "train", "train", "test1"],
            "fold": [0, 1, 1, 0],
            "seed": [0, 1, 0, 0],
            "p_a": [0.25, 1.0, 0.5, 0.1],
            "p_b": [0.75, 0.0, 0.5, 0.9],
            "valence": [1.0, -1.0, 0.0, 2.0],
        }
    )


def test_each_row_is_what_the_model_of_its_fold_says(tmp_path):
    """Training clips once, by the model that held them out; test clips by every model."""
    data = literal_training.toy_data(clips=25)
    run = literal_training.train_one(data, literal_training.build, toy_members.HOW, seed=6)
    for reading in READINGS:
        made = predictions_of(data, run, reading, literal_training.CLASSES, True)
        write_predictions(tmp_path / f"{reading}.parquet", made, literal_training.CLASSES, True)
        assert (made["seed"] == 6).all()
        rows = {(row.clip, row.fold): row for row in made.itertuples()}
        assert len(rows) == len(made) == 25 + 3 * 4
        for partition, said in zip(run.partitions, run.outputs[reading], strict=True):
            both = [*partition.held_out, *partition.tests]
            for number, one in zip(both, said, strict=True):
                row = rows[data.labels.clips[number], partition.fold]
                assert row.split == data.labels.split[number]
                assert [row.p_a, row.p_b, row.p_c, row.valence] == one.tolist()


def test_rows_are_sorted_and_come_back(tmp_path):
    path = tmp_path / "p.parquet"
    write_predictions(path, frame(), CLASSES, True)
    back = read_predictions(path, CLASSES, True)
    assert list(back.columns) == ["clip", "split", "fold", "seed", "p_a", "p_b", "valence"]
    assert list(zip(back["clip"], back["seed"], strict=True)) == [
        ("x", 0),
        ("z", 0),
        ("y", 0),
        ("y", 1),
    ]
    assert back["p_a"].dtype == np.float64
    assert back["p_a"].tolist() == [0.1, 0.25, 0.5, 1.0]


def test_layers_keep_their_order(tmp_path):
    path = tmp_path / "p.parquet"
    both = [frame().assign(layer=name) for name in ("10", "9")]
    write_predictions(path, pd.concat(both), CLASSES, True)
    back = read_predictions(path, CLASSES, True)
    assert back.columns[0] == "layer"
    assert list(back["layer"]) == ["10"] * 4 + ["9"] * 4


def test_the_order_of_rows_does_not_change_the_file(tmp_path):
    write_predictions(tmp_path / "a.parquet", frame(), CLASSES, True)
    write_predictions(tmp_path / "b.parquet", frame()[::-1], CLASSES, True)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"p_a": 0.5}, "do not sum to one"),
        ({"p_a": [-0.25, 1.0, 0.5, 0.1], "p_b": [1.25, 0.0, 0.5, 0.9]}, "'z'"),
        ({"valence": np.nan}, "not finite"),
        ({"seed": 0}, "stands twice"),
        ({"p_c": 0.0}, "columns"),
        ({"clip": [1, 2, 3, 4]}, "column clip of .* where text"),
        ({"clip": ["z", None, "y", "x"]}, "column clip of .* empty cells"),
        ({"split": ["test1", "train", None, "test1"]}, "column split of .* empty cells"),
        ({"layer": [18, 18, 18, 18]}, "column layer of .* where text"),
        ({"fold": [0.0, 1.0, np.nan, 0.0]}, "column fold of .* where whole numbers"),
        ({"seed": pd.array([0, 1, None, 0], "Int64")}, "column seed of .* empty cells"),
        ({"p_a": np.float32([0.25, 1, 0.5, 0.1])}, "column p_a of .* float64"),
        ({"valence": ["1", "2", "3", "4"]}, "column valence of .* float64"),
        ({"valence": pd.array([1.0, None, 0.0, 2.0], "Float64")}, "column valence of .* float64"),
    ],
)
def test_bad_predictions_are_neither_written_nor_read(tmp_path, change, words):
    path, bad = tmp_path / "p.parquet", frame().assign(**change)
    with pytest.raises(MerflowError, match=words):
        write_predictions(path, bad, CLASSES, True)
    assert not path.exists()
    bad.to_parquet(path)
    with pytest.raises(MerflowError, match=words):
        read_predictions(path, CLASSES, True)


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    path = tmp_path / "p.parquet"
    for content in (None, b"PAR1 but cut"):
        if content:
            path.write_bytes(content)
        with pytest.raises(MerflowError, match=r"p\.parquet is no readable parquet"):
            read_predictions(path, CLASSES, True)


def test_valence_is_wanted_only_where_there_is_one(tmp_path):
    path = tmp_path / "p.parquet"
    write_predictions(path, frame().drop(columns="valence"), CLASSES, False)
    assert "valence" not in read_predictions(path, CLASSES, False)
    with pytest.raises(MerflowError, match="valence are needed"):
        read_predictions(path, CLASSES, True)
