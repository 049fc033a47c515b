"""Adam on lists of tensors, against PyTorch's own optimiser."""

import pytest
import torch

from merflow.training.adam import Moments, adam_step


class Mine:
    """Tensors with their moments and numbers of steps."""

    def __init__(self, values):
        self.values = values
        self.moments = [Moments(value) for value in values]
        self.steps = [torch.zeros(()) for _ in values]

    def step(self, gradients, rate, l2, some=None):
        some = range(len(self.values)) if some is None else some
        for index in some:
            self.steps[index] += 1
        adam_step(
            [self.values[index] for index in some],
            [gradients[index] for index in some],
            [self.moments[index].first for index in some],
            [self.moments[index].second for index in some],
            [self.steps[index] for index in some],
            rate,
            l2,
        )


def drawn(seed):
    draws = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=draws) for shape in ((5, 4), (1, 4), (7,))]


@pytest.mark.parametrize("rate", [0.03, 1e-4])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_steps_are_those_of_pytorch_s_adam(decay, rate):
    mine, theirs = Mine(drawn(1)), [value.requires_grad_() for value in drawn(1)]
    plain = torch.optim.Adam(theirs, lr=rate, weight_decay=decay, foreach=False, fused=False)
    for number in range(50):
        gradients = drawn(100 + number)
        mine.step(gradients, rate, decay)
        for value, gradient in zip(theirs, gradients, strict=True):
            value.grad = gradient.clone()
        plain.step()
        for one, other in zip(mine.values, theirs, strict=True):
            assert torch.allclose(one, other, rtol=1e-5, atol=1e-6)


def test_tensors_that_take_no_step_stay_and_go_on_from_their_own_count():
    """As if each had an optimiser of its own, which the others' steps do not touch."""
    mine = Mine(drawn(1))
    turns = [[0, 1], [0], [2], [0, 1, 2], [1]]
    theirs = [value.requires_grad_() for value in drawn(1)]
    own = [torch.optim.Adam([value], lr=0.03, weight_decay=0.1) for value in theirs]
    for number, turn in enumerate(turns):
        gradients, before = drawn(100 + number), [value.clone() for value in mine.values]
        mine.step(gradients, 0.03, 0.1, turn)
        for index in range(3):
            assert torch.equal(mine.values[index], before[index]) == (index not in turn)
        for index in turn:
            theirs[index].grad = gradients[index].clone()
            own[index].step()
    for one, other in zip(mine.values, theirs, strict=True):
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-6)
    assert [int(steps) for steps in mine.steps] == [3, 3, 2]


def test_gradients_are_left_as_they_are_and_moments_start_at_zero():
    mine, gradients = Mine(drawn(1)), drawn(2)
    for moments, value in zip(mine.moments, mine.values, strict=True):
        for start in (moments.first, moments.second):
            assert start.shape == value.shape
            assert not start.any()
    mine.step(gradients, 0.03, 0.1)
    for one, other in zip(gradients, drawn(2), strict=True):
        assert torch.equal(one, other)


def test_a_step_has_the_same_bytes_on_any_number_of_threads():
    def values_after(threads):
        torch.set_num_threads(threads)
        draws = torch.Generator().manual_seed(3)
        mine = Mine([torch.randn(size, generator=draws) for size in (200_003, 7)])
        for _ in range(3):
            mine.step([torch.randn(size, generator=draws) for size in (200_003, 7)], 0.03, 0.1)
        return mine.values

    before = torch.get_num_threads()
    try:
        one, two, three = (values_after(threads) for threads in (1, 2, 3))
    finally:
        torch.set_num_threads(before)
    for first, second, third in zip(one, two, three, strict=True):
        assert torch.equal(first, second)
        assert torch.equal(first, third)
