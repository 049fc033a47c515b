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
        ("weight_decay", [1e-5, 1e-4]),
        ("epochs", [5]),
        ("patience", 0),
        ("patience", True),
        ("patience", 1.5),
        ("patience", "3"),
        ("learning_rate", []),
        ("learning_rate", [1e-3, 1e-3]),
        ("learning_rate", [1e-3, 0.0]),
        ("width", [16, 0]),
        ("dropout", [0.1, 1.0]),
        ("seeds", []),
        ("seeds", [0, 0]),
        ("seeds", 3),
        ("seeds", [0.5]),
    ],
)
def test_a_bad_training_setting_is_named(toy, key, value):
    with pytest.raises(MerflowError, match=rf"training\.{key} is"):
        Training.from_spec({"training": {**toy.TRAINING, key: value}})


@pytest.mark.parametrize("key", ["selection", "precision"])
@pytest.mark.parametrize("value", ["half", None, ["folds", "inner"]])
def test_a_bad_choice_of_words_is_named(toy, key, value):
    with pytest.raises(MerflowError, match=rf"'{key}' is .* set it to one of (folds|float32)"):
        Training.from_spec({"training": {**toy.TRAINING, key: value}})


@pytest.mark.parametrize("key", sorted(Training.__annotations__))
def test_a_missing_training_setting_is_named(toy, key):
    section = {name: value for name, value in toy.TRAINING.items() if name != key}
    with pytest.raises(MerflowError, match=f"'{key}' is missing"):
        Training.from_spec({"training": section})


@pytest.mark.parametrize(
    ("key", "value"),
    [("patience", 1), ("selection", "inner"), ("precision", "bfloat16"), ("width", [8])],
)
def test_settings_that_are_fine_are_taken(toy, key, value):
    how = Training.from_spec({"training": {**toy.TRAINING, key: value}})
    assert getattr(how, key) == (value[0] if isinstance(value, list) else value)


def test_every_choice_is_a_candidate_in_the_listed_order(toy):
    open_settings = {"learning_rate": [1e-3, 1e-4], "width": 16, "dropout": [0.5, 0.0, 0.1]}
    found = Training.candidates({"training": {**toy.TRAINING, **open_settings}})
    told = [(how.learning_rate, how.width, how.dropout) for how in found]
    assert told == [(rate, 16, share) for rate in (1e-3, 1e-4) for share in (0.5, 0.0, 0.1)]
    (plain,) = Training.candidates({"training": toy.TRAINING})
    for how in found:
        same = {name: plain.settings()[name] for name in plain.settings().keys() - open_settings}
        assert same == {name: how.settings()[name] for name in same}
        assert how.seeds == plain.seeds


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
