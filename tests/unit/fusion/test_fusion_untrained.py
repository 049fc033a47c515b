"""Run folders of systems for which there are no folds."""

import pandas as pd
import pytest
from safetensors import safe_open

from merflow.fusion.untrained import leave_untrained
from merflow.training.predictions import columns_of, read_predictions

CLASSES = ["happy", "sad"]


@pytest.mark.parametrize("valence", [True, False])
def test_every_file_of_a_training_is_there_and_empty(tmp_path, valence):
    spec = {"classes": CLASSES, "valence": valence, "training": {"seeds": [3, 5]}}
    leave_untrained({"a.clean-0": spec, "b.clean-1": spec}, tmp_path)
    names = {path.name for path in (tmp_path / "b.clean-1").iterdir()}
    assert names == {
        *("predictions-honest.parquet", "predictions-organiser.parquet", "curves.csv"),
        *("weights-seed3.safetensors", "weights-seed5.safetensors"),
    }
    for folder in tmp_path.iterdir():
        for reading in ("honest", "organiser"):
            frame = read_predictions(folder / f"predictions-{reading}.parquet", CLASSES, valence)
            assert list(frame.columns) == columns_of(CLASSES, valence)
            assert not len(frame)
        assert not len(pd.read_csv(folder / "curves.csv"))
        with safe_open(folder / "weights-seed5.safetensors", framework="pt") as file:
            assert not list(file.keys())
