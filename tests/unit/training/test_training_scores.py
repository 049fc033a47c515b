import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from merflow.errors import MerflowError
from merflow.training.scores import confusion_counts, score, weighted_f1_from_counts

CLASSES = ["a", "b", "c"]


def sure(predicted):
    return np.eye(3)[predicted]


# Worked by hand: true class by predicted class, then weighted F1.
HAND = [
    ([[2, 0, 0], [0, 3, 0], [0, 0, 1]], 1.0),
    # F1 = 2*2/(3+3) = 2/3, 2*1/(2+2) = 1/2, 1; weighted (3*2/3 + 2*1/2 + 1) / 6 = 4/6.
    ([[2, 1, 0], [1, 1, 0], [0, 0, 1]], 4 / 6),
    # Class c is never true: it has no weight, but its predictions cost class a recall.
    ([[1, 0, 1], [0, 2, 0], [0, 0, 0]], (2 * (2 / 3) + 2 * 1) / 4),
    # Class b is never predicted: 0/0 precision counts as 0.
    ([[3, 0, 0], [1, 0, 0], [0, 0, 0]], (3 * (6 / 7) + 1 * 0) / 4),
    ([[0, 2, 0], [2, 0, 0], [0, 0, 0]], 0.0),
]


@pytest.mark.parametrize(("confusion", "expected"), HAND)
def test_weighted_f1_is_as_worked_by_hand(confusion, expected):
    confusion = np.array(confusion, dtype=float)
    assert weighted_f1_from_counts(confusion) == pytest.approx(expected, abs=1e-15)
    cells = [cell for cell, count in np.ndenumerate(confusion) for _ in range(int(count))]
    true, predicted = zip(*cells, strict=True)
    scores = score(np.array(true), sure(list(predicted)), None, None, CLASSES)
    assert scores.weighted_f1 == pytest.approx(expected, abs=1e-15)
    assert scores.mse is None
    assert scores.com is None
    assert scores.criterion == scores.weighted_f1


pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_weighted_f1_is_that_of_scikit_learn(pairs):
    true, predicted = map(np.array, zip(*pairs, strict=True))
    expected = f1_score(true, predicted, average="weighted", zero_division=0)
    scores = score(true, sure(predicted), None, None, CLASSES)
    assert scores.weighted_f1 == pytest.approx(expected, abs=1e-12)


def test_many_sets_are_counted_at_once_as_one_by_one():
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 3, 20), rng.integers(0, 3, (4, 5, 20))
    counts = confusion_counts(true, predicted, 3)
    assert counts.shape == (4, 5, 3, 3)
    values = weighted_f1_from_counts(counts)
    for draw in np.ndindex(4, 5):
        alone = confusion_counts(true, predicted[draw], 3)
        assert np.array_equal(counts[draw], alone)
        assert values[draw] == weighted_f1_from_counts(alone)


def test_an_empty_confusion_has_no_weight():
    assert np.array_equal(weighted_f1_from_counts(np.zeros((2, 3, 3))), [0.0, 0.0])


def test_com_is_weighted_f1_less_a_quarter_of_the_mse():
    scores = score(np.array([0, 1]), sure([0, 1]), [1.0, -1.0], [2.0, -3.0], CLASSES)
    assert (scores.weighted_f1, scores.mse) == (1.0, 2.5)
    assert scores.com == scores.criterion == 1.0 - 0.25 * 2.5


def test_where_there_is_no_com_weighted_f1_chooses():
    labels = np.array([0, 1]), sure([0, 2]), [1.0, -1.0], [2.0, -3.0], CLASSES
    with_com, without = score(*labels, com=True), score(*labels, com=False)
    assert (without.weighted_f1, without.mse) == (with_com.weighted_f1, with_com.mse)
    assert without.com is None
    assert without.criterion == without.weighted_f1 != with_com.criterion


def test_the_first_of_equally_probable_classes_is_predicted():
    tie = np.array([[0.4, 0.4, 0.2]])
    assert score(np.array([0]), tie, None, None, CLASSES).weighted_f1 == 1.0
    assert score(np.array([1]), tie, None, None, CLASSES).weighted_f1 == 0.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.zeros(0, int), np.zeros((0, 3)), None, None), "no clip to score"),
        ((np.array([3]), sure([0]), None, None), "none of a, b, c"),
        ((np.array([-1]), sure([0]), None, None), "none of a, b, c"),
        ((np.array([0]), np.full((1, 3), np.nan), None, None), "NaN"),
        ((np.array([0]), np.ones((1, 2)), None, None), "shape"),
        ((np.array([0]), sure([0]), [np.nan], [0.0]), "valences"),
    ],
)
def test_what_cannot_be_scored_is_refused(arguments, words):
    with pytest.raises(MerflowError, match=words):
        score(*arguments, CLASSES)
