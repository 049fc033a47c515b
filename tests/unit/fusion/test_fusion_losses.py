"""The losses of a stack of models, each against the second implementation of eq. 9."""

import math

import pytest
import torch

from merflow.errors import MerflowError
from merflow.fusion.uncertainty import FLOOR, KendallLoss, LiebelLoss, PaperLoss
from merflow.training.decoders import Decoded
from merflow.training.losses import SumLoss, Truth

CLOSE = {"rel": 1e-12, "abs": 1e-12}
MODELS = 3


@pytest.fixture(autouse=True)
def _float64():
    """Random numbers of double precision, so that agreement is tight."""
    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def batch(rows=(6, 6, 6), filled=6):
    """Return what is decoded and what is true of a batch of each model, filled up to one length."""
    decoded = Decoded(torch.randn(MODELS, filled, 3), torch.randn(MODELS, filled))
    weight = torch.zeros(MODELS, filled)
    for model, count in enumerate(rows):
        weight[model, :count] = 1 / count
    emotion = torch.arange(MODELS * filled).view(MODELS, filled) % 3
    return decoded, Truth(emotion, torch.randn(MODELS, filled), weight)


def parts_of(paper, decoded, truth, model):
    """Return L_e and L_v of one model's own rows."""
    rows = truth.weight[model] > 0
    logits, emotion = decoded.logits[model, rows], truth.emotion[model, rows]
    l_e = paper.cross_entropy(logits.tolist(), emotion.tolist())
    predicted, valence = decoded.valence[model, rows], truth.valence[model, rows]
    return l_e, paper.mean_squared_error(predicted.tolist(), valence.tolist())


# Rows of each model in a batch: full, and short ones at the end of an epoch.
ROWS = [(6, 6, 6), (6, 1, 4)]


LOSSES = [
    (PaperLoss, "uncertainty_loss"),
    (KendallLoss, "kendall_loss"),
    (LiebelLoss, "liebel_loss"),
]


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize(("loss", "literal"), LOSSES)
def test_uncertainty_losses_are_equation_9_and_its_relatives(paper, loss, literal, rows):
    loss, rhos = loss(MODELS, 1.0), [(0.3, -1.2), (2.0, 5.0), (-4.0, 0.0)]
    loss.rho.data = torch.tensor(rhos)
    given = batch(rows)
    said = loss(*given)
    for model, rho in enumerate(rhos):
        deltas = [math.log1p(math.exp(one)) + 1e-4 for one in rho]
        assert loss.deltas()[model].tolist() == pytest.approx(deltas, **CLOSE)
        parts = parts_of(paper, *given, model)
        expected = getattr(paper, literal)(*parts, *deltas)
        assert said.total[model].item() == pytest.approx(expected, **CLOSE)
        told = [said.emotion[model].item(), said.valence[model].item()]
        assert told == pytest.approx(parts, **CLOSE)


@pytest.mark.parametrize("rows", ROWS)
def test_sum_loss_adds_cross_entropy_and_squared_error(paper, rows):
    decoded, truth = batch(rows)
    both, alone = SumLoss()(decoded, truth), SumLoss()(Decoded(decoded.logits, None), truth)
    assert alone.valence is None
    assert SumLoss().deltas() is None
    for model in range(MODELS):
        l_e, l_v = parts_of(paper, decoded, truth, model)
        said = [both.total[model], both.emotion[model], both.valence[model]]
        assert [one.item() for one in said] == pytest.approx([l_e + l_v, l_e, l_v], **CLOSE)
        said = [alone.total[model].item(), alone.emotion[model].item()]
        assert said == pytest.approx([l_e, l_e], **CLOSE)


@pytest.mark.parametrize("loss", [lambda: SumLoss(), lambda: PaperLoss(MODELS, 0.7)])
def test_rows_that_fill_a_batch_up_pull_nothing(loss):
    """They have no gradient, and with none of its own a model has none at all."""
    decoded, truth = batch((6, 2, 4))
    truth = Truth(truth.emotion, truth.valence, truth.weight * torch.tensor([[1.0], [1.0], [0.0]]))
    given = Decoded(*(part.requires_grad_() for part in decoded))
    loss()(given, truth).total.sum().backward()
    for gradient in (given.logits.grad, given.valence.grad):
        assert gradient[0].reshape(6, -1).any(dim=1).all()
        assert gradient[1, :2].reshape(2, -1).any(dim=1).all()
        assert not gradient[1, 2:].any()
        assert not gradient[2].any()


def test_a_loss_that_weighs_two_tasks_takes_no_decoder_of_one():
    decoded, truth = batch()
    with pytest.raises(ValueError, match="needs a decoder of valence"):
        PaperLoss(MODELS, 1.0)(Decoded(decoded.logits, None), truth)


@pytest.mark.parametrize("loss", [one for one, _ in LOSSES])
@pytest.mark.parametrize("start", [2e-4, 0.5, 1.0, 40.0, 2000.0])
def test_deltas_start_where_they_are_asked_to(loss, start):
    deltas = loss(MODELS, start).deltas()
    assert deltas.shape == (MODELS, 2)
    assert deltas.flatten().tolist() == pytest.approx([start] * 2 * MODELS, rel=1e-9)


@pytest.mark.parametrize("start", [FLOOR, 0.0, -1.0, math.inf, math.nan])
def test_deltas_cannot_start_at_or_below_the_floor(start):
    with pytest.raises(MerflowError, match=r"jdev\.delta_init"):
        PaperLoss(MODELS, start)


@pytest.mark.parametrize("loss", [one for one, _ in LOSSES])
def test_gradients_of_the_losses_are_right(loss):
    loss, (decoded, truth) = loss(MODELS, 0.7), batch((6, 1, 4))

    def value(rho, logits, predicted):
        return torch.func.functional_call(loss, {"rho": rho}, (Decoded(logits, predicted), truth))[
            0
        ]

    inputs = [torch.randn(MODELS, 2), *decoded]
    assert torch.autograd.gradcheck(value, [one.detach().requires_grad_() for one in inputs])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_delta_near_zero_is_pushed_up_by_a_finite_gradient(dtype):
    loss = PaperLoss(MODELS, 1.0).to(dtype)
    loss.rho.data = torch.tensor([[rho, rho] for rho in (-12.0, -30.0, -80.0)], dtype=dtype)
    decoded, truth = batch()
    decoded = Decoded(*(part.to(dtype) for part in decoded))
    value = loss(decoded, Truth(truth.emotion, truth.valence.to(dtype), truth.weight.to(dtype)))
    value.total.sum().backward()
    assert torch.isfinite(value.total).all()
    assert torch.isfinite(loss.rho.grad).all()
    assert (loss.rho.grad < 0).all()
    assert (loss.deltas() >= FLOOR * 0.999).all()


def test_deltas_settle_where_the_derivative_is_zero():
    """At L = .6, delta^3 = 2 L (1 + delta) for CE and L (1 + delta) for MSE."""
    loss, given = PaperLoss(MODELS, 1.0), torch.tensor([0.6, 0.2, 1.5])
    adam = torch.optim.Adam(loss.parameters(), lr=0.05)
    for _ in range(600):
        adam.zero_grad()
        loss.combine(given, given).sum().backward()
        adam.step()
    for lost, (first, second) in zip(given.tolist(), loss.deltas().tolist(), strict=True):
        assert first**3 == pytest.approx(2 * lost * (1 + first), rel=1e-3)
        assert second**3 == pytest.approx(lost * (1 + second), rel=1e-3)
    first, second = loss.deltas()[0].tolist()
    assert 1 / first**2 == pytest.approx(0.490, abs=1e-3)
    assert 1 / (2 * second**2) == pytest.approx(0.432, abs=1e-3)
