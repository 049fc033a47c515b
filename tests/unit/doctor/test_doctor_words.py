"""Words and numbers in findings."""

import pytest

from merflow.doctor.words import duration, listed


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


def test_names_are_listed():
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        *("a", "a and b", "a, b and c"),
    ]
