import numpy as np
import pytest

from merflow.ensemble.simplex import search, simplex
from merflow.errors import MerflowError


@pytest.mark.parametrize(
    ("members", "step", "size"), [(3, 0.05, 231), (2, 0.05, 21), (1, 0.1, 1), (4, 0.25, 35)]
)
def test_the_grid_is_the_whole_simplex(members, step, size):
    grid = simplex(members, step)
    assert grid.shape == (size, members)
    assert len(np.unique(grid, axis=0)) == size
    assert (grid >= 0).all()
    assert (grid.sum(axis=1) == round(1 / step)).all()


def test_the_grid_starts_near_equal_weights_then_lexicographically():
    assert simplex(3, 0.05)[:3].tolist() == [[6, 7, 7], [7, 6, 7], [7, 7, 6]]
    grid = simplex(3, 0.25)
    rank = [(round(sum((k / 4 - 1 / 3) ** 2), 10), tuple(k)) for k in grid]
    assert rank == sorted(rank)


@pytest.mark.parametrize("step", [0.0, -0.1, 0.3, 1.5, True, "0.05", float("nan")])
def test_a_step_that_does_not_divide_one_is_refused(step):
    with pytest.raises(MerflowError, match=r"ensemble\.step is"):
        simplex(3, step)


def test_a_grid_too_large_to_try_is_refused():
    with pytest.raises(MerflowError, match=r"raise ensemble\.step or fuse fewer members"):
        simplex(10, 0.05)


def random_members(rng, members, clips, valence):
    said = rng.dirichlet(np.ones(3), (members, clips))
    if not valence:
        return said
    return np.concatenate([said, rng.standard_normal((members, clips, 1))], axis=2)


@pytest.mark.parametrize("valence", [True, False])
@pytest.mark.parametrize("members", [1, 2, 3, 4])
def test_the_search_is_that_of_plain_loops(paper, members, valence, monkeypatch):
    monkeypatch.setattr("merflow.ensemble.simplex.CHUNK", 100)  # several chunks
    rng = np.random.default_rng(members)
    grid = simplex(members, 0.25)
    for _ in range(5):
        outputs = random_members(rng, members, 9, valence)
        emotion = rng.integers(0, 3, 9)
        truth = rng.standard_normal(9) if valence else None
        expected = paper.best_weights(
            (grid / 4).tolist(),
            outputs.tolist(),
            emotion.tolist(),
            None if truth is None else truth.tolist(),
            3,
        )
        assert search(grid, outputs, emotion, truth, 3).tolist() == expected


def test_equal_members_are_weighted_as_equally_as_the_grid_can():
    rng = np.random.default_rng(0)
    one = random_members(rng, 1, 20, True)
    k = search(simplex(3, 0.05), np.repeat(one, 3, 0), rng.integers(0, 3, 20), np.zeros(20), 3)
    assert k.tolist() == [0.3, 0.35, 0.35]


def test_the_only_good_member_gets_all_the_weight():
    emotion = np.arange(30) % 3
    good = np.concatenate([np.eye(3)[emotion], emotion[:, None] * 2.0], axis=1)
    bad = np.concatenate([np.full((30, 3), 1 / 3), np.full((30, 1), -9.0)], axis=1)
    k = search(simplex(3, 0.05), np.stack([bad, good, bad]), emotion, emotion * 2.0, 3)
    assert k.tolist() == [0.0, 1.0, 0.0]
