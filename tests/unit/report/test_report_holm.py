import numpy as np
import pytest

from merflow.report.holm import holm, holm_by


def literal(p, level):
    """Which hypotheses Holm's procedure rejects, step by step as it is written down."""
    left, rejected = sorted(range(len(p)), key=lambda k: p[k]), set()
    while left and p[left[0]] <= level / len(left):
        rejected.add(left.pop(0))
    return rejected


@pytest.mark.parametrize("seed", range(5))
def test_what_is_at_most_the_level_is_what_the_procedure_rejects(seed):
    p = list(np.random.default_rng(seed).random(12) ** 4)
    corrected = holm(p)
    for level in (0.01, 0.05, 0.1, 0.3, 0.7):
        assert {k for k, value in enumerate(corrected) if value <= level} == literal(p, level)


def test_known_examples():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.01, 0.02, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


def test_order_does_not_matter_and_no_p_gets_smaller():
    rng = np.random.default_rng(1)
    p = rng.random(20) / 10
    corrected, order = np.array(holm(list(p))), rng.permutation(20)
    np.testing.assert_array_equal(holm(list(p[order])), corrected[order])
    assert (corrected >= p).all()
    assert (np.diff(corrected[np.argsort(p)]) >= 0).all()


def test_each_family_is_corrected_alone():
    assert holm_by([0.01, 0.01, 0.04], ["a", "b", "b"]) == pytest.approx([0.01, 0.02, 0.04])


def test_the_chance_of_any_false_find_is_kept():
    rng = np.random.default_rng(3)
    found = sum(min(holm(list(rng.random(18)))) < 0.05 for _ in range(2000))
    assert 0.03 < found / 2000 < 0.07
