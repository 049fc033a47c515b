"""Bad settings: each named by its key; and the one that looks bad and is not."""

import pandas as pd
import pytest
import toy_corpus
from toy_corpus import NOUNS, finite


@NOUNS
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("patience", 0),
        ("patience", "ten"),
        ("patience", True),
        ("selection", "outer"),
        ("precision", "float16"),
        ("learning_rate", []),
        ("learning_rate", [1e-3, 1e-3]),
        ("learning_rate", [1e-3, 0.0]),
        ("width", [8, 0]),
        ("dropout", [0.1, 1.0]),
        ("epochs", [1, 2]),
        ("batch", 0),
        ("seeds", []),
    ],
)
def test_a_bad_setting_is_named(train, noun, key, value):
    told = train(noun, training={**toy_corpus.TRAINING, key: value})
    assert f"{key}" in told
    assert "set it to" in told


@NOUNS
@pytest.mark.parametrize("key", ["patience", "selection", "precision"])
def test_a_missing_setting_is_named(train, noun, key):
    training = {k: v for k, v in toy_corpus.TRAINING.items() if k != key}
    assert f"the setting '{key}' is missing" in train(noun, training=training)


def test_a_batch_larger_than_the_corpus_is_one_step(train):
    """At most 18 clips train a fold; the rows that fill a batch up weigh nothing."""
    large, exact = (
        finite(train("fusion", training={**toy_corpus.TRAINING, "batch": batch}))
        for batch in (100, 18)
    )
    for one, other in zip(large, exact, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=0, atol=1e-5)
