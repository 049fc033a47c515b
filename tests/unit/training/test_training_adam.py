import pytest
import torch
from torch import nn

from merflow.training.adam import FlatAdam


def model():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 1, bias=False))


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_steps_are_those_of_pytorch_s_adam(decay):
    mine, theirs = model(), model()
    flat = FlatAdam([(list(mine[0].parameters()), decay), (list(mine[2].parameters()), 0.0)], 0.03)
    adam = torch.optim.Adam(
        [{"params": theirs[0].parameters()}, {"params": theirs[2].parameters(), "weight_decay": 0}],
        lr=0.03,
        weight_decay=decay,
    )
    values = torch.randn(8, 5)
    for _ in range(50):
        flat.clear()
        adam.zero_grad()
        for network in (mine, theirs):
            (network(values) ** 2).mean().backward()
        flat.step()
        adam.step()
        for one, other in zip(mine.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(one, other, rtol=1e-5, atol=1e-6)


def test_parameters_keep_their_values_when_taken_over():
    plain, taken = model(), model()
    FlatAdam([(list(taken.parameters()), 0.1), ([], 0.0)], 0.03)
    assert all(torch.equal(plain.state_dict()[n], value) for n, value in taken.state_dict().items())


def test_a_step_has_the_same_bytes_on_any_number_of_threads():
    def values_after(threads):
        torch.set_num_threads(threads)
        draws = torch.Generator().manual_seed(3)
        parameters = [nn.Parameter(torch.randn(size, generator=draws)) for size in (200_003, 7)]
        flat = FlatAdam([(parameters[:1], 0.1), (parameters[1:], 0.0)], 0.03)
        for _ in range(3):
            flat.gradients.copy_(torch.randn(200_010, generator=draws))
            flat.step()
        return flat.values

    before = torch.get_num_threads()
    try:
        one, two, three = (values_after(threads) for threads in (1, 2, 3))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(one, two)
    assert torch.equal(one, three)
