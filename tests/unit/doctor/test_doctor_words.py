"""Words and numbers in findings."""

import pytest

from merflow.doctor.words import duration, few, listed


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        *((0.26, "0.3 s"), (1, "1 s"), (59, "59 s"), (59.9, "1.0 min"), (60, "1.0 min")),
        *((720, "12 min"), (3599, "1.0 h"), (3600, "1.0 h"), (36_000, "10 h")),
        (36e6, "10,000 h"),
    ],
)
def test_durations_have_about_two_digits(seconds, told):
    assert duration(seconds) == told


def test_the_first_names_and_how_many_follow():
    assert few(["a", "b", "c"]) == "a, b, c"
    assert few(range(10)) == "0, 1, 2 and 7 more"


def test_a_name_with_a_comma_is_quoted():
    assert few(["a, b", "c"]) == '"a, b", c'


def test_names_are_listed():
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        *("a", "a and b", "a, b and c"),
    ]
