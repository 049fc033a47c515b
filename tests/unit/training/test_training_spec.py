import pytest

from merflow.errors import MerflowError
from merflow.options import named
from merflow.training.cache import read_rows
from merflow.training.spec import Training, require_all


def test_a_missing_setting_is_named():
    with pytest.raises(MerflowError, match="'name' is missing"):
        require_all({"classes": []}, "classes", "name")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("width", 0),
        ("width", 1.5),
        ("epochs", True),
        ("batch", -1),
        ("dropout", 1.0),
        ("dropout", -0.1),
        ("learning_rate", 0.0),
        ("learning_rate", "1e-3"),
        ("weight_decay", -1e-5),
        ("weight_decay", float("nan")),
        ("seeds", []),
        ("seeds", [0, 0]),
        ("seeds", 3),
        ("seeds", [0.5]),
    ],
)
def test_a_bad_training_setting_is_named(toy, key, value):
    with pytest.raises(MerflowError, match=rf"training\.{key} is"):
        Training.from_spec({"training": {**toy.TRAINING, key: value}})


def test_settings_come_through(toy):
    how = Training.from_spec({"training": toy.TRAINING})
    assert {**vars(how), "seeds": list(how.seeds)} == toy.TRAINING


@pytest.mark.parametrize("text", ["shard.safetensors", "=shard", "HL="])
def test_a_shard_without_its_encoder_is_refused(text):
    with pytest.raises(MerflowError, match=r"--features .* is malformed"):
        named([text], "--features")


def test_a_path_may_hold_an_equals_sign():
    (path,) = named(["HL=a=b/0.safetensors"], "--features")["HL"]
    assert str(path) == "a=b/0.safetensors"


def test_an_encoder_without_shards_is_named():
    with pytest.raises(MerflowError, match="encoder HL is given: add --features HL=SHARD"):
        read_rows({}, {"HL(1)": ("HL", "1")}, "--features")
