"""Each equation of the encoder, the decoder and the loss against the second implementation."""

import math

import pytest
import torch
from torch import nn

from merflow.errors import MerflowError
from merflow.fusion.afg import Afg
from merflow.fusion.jdev import JointDecoder
from merflow.fusion.strategies import STRATEGIES
from merflow.fusion.uncertainty import FLOOR, KendallLoss, LiebelLoss, PaperLoss
from merflow.training.decoders import BaselineDecoder, Decoded
from merflow.training.losses import SumLoss
from merflow.training.modules import DimensionAlign

CLOSE = {"rel": 1e-12, "abs": 1e-12}


@pytest.fixture(autouse=True)
def _float64():
    """Random parameters of double precision, so that agreement is tight."""
    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def randomise(module: nn.Module) -> nn.Module:
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    return module


def head(linear: nn.Linear):
    """Return (W, b) with W in R^{inputs x outputs}, as the paper writes it."""
    return linear.weight.T.tolist(), linear.bias.tolist()


def pair(afg: Afg):
    return afg.weight.tolist(), afg.bias.tolist()


@pytest.mark.parametrize("flattened", [False, True])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_afg_is_equations_1_to_3(paper, flattened, count):
    afg = randomise(Afg(count, 4, "flattened" if flattened else "vector"))
    states = [torch.randn(3, 4) for _ in range(count)]
    fused = afg(states)
    alpha = afg.attention(torch.stack(states, dim=1))
    assert alpha.sum(dim=1).tolist() == pytest.approx([1.0] * 3, **CLOSE)
    for sample in range(3):
        expected = paper.afg([state[sample].tolist() for state in states], *pair(afg), flattened)
        assert fused[sample].tolist() == pytest.approx(expected, **CLOSE)


def test_afg_has_the_shapes_of_the_reading():
    assert Afg(5, 7, "vector").weight.shape == (7, 1)
    assert Afg(5, 7, "flattened").weight.shape == (35, 5)
    assert Afg(5, 7).bias.shape == (5,)


def test_da_mat_is_linear_and_relu(paper):
    align = randomise(DimensionAlign(5, 4, 0.3)).eval()
    feature = torch.randn(2, 5)
    for sample in range(2):
        expected = paper.align(feature[sample].tolist(), *head(align.linear))
        assert align(feature)[sample].tolist() == pytest.approx(expected, **CLOSE)


MIXED = ["audio", "visual", "audio", "visual", "audio"]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("flattened", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("modalities", [MIXED, ["audio", "visual"], ["visual", "audio", "visual"]])
def test_strategies_are_the_three_structures(paper, number, modalities, flattened, shared):
    def make(count):
        return Afg(count, 4, "flattened" if flattened else "vector")

    fuse = randomise(STRATEGIES[number](modalities, make, shared))
    states = [torch.randn(2, 4) for _ in modalities]
    order = sorted(range(len(modalities)), key=lambda i: modalities[i]) if number > 1 else None
    fused = fuse(states)
    parameters = {"outer": pair(fuse.outer)}
    audios = modalities.count("audio")
    if number == 2:
        inner = [pair(afg) for afg in fuse.inner]
        parameters["inner"] = inner * audios if shared else inner
        assert len(fuse.inner) == (1 if shared else audios)
    if number == 3:
        parameters["inner"] = pair(fuse.inner)
    for sample in range(2):
        rows = [state[sample].tolist() for state in states]
        # Strategy 1 takes all in the order of the features, the others by modality.
        rows = rows if order is None else [rows[i] for i in order]
        expected = paper.strategy(number, rows[:audios], rows[audios:], parameters, flattened)
        assert fused[sample].tolist() == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("modalities", [["audio", "audio"], ["visual"]])
def test_strategies_2_and_3_demand_both_modalities(number, modalities):
    with pytest.raises(MerflowError, match=f"strategy {number} fuses acoustic with visual"):
        STRATEGIES[number](modalities, lambda count: Afg(count, 4), False)


@pytest.mark.parametrize("branch_input", ["probabilities", "logits"])
def test_joint_decoder_is_equations_5_to_8(paper, branch_input):
    decoder = randomise(JointDecoder(5, 3, branch_input))
    hidden = torch.randn(4, 5)
    decoded = decoder(hidden)
    parts = [decoder.emotion, decoder.valence, decoder.branch, decoder.final]
    parameters = [value for part in parts for value in head(part)]
    for sample in range(4):
        logits, probabilities, valence = paper.jdev(
            hidden[sample].tolist(), *parameters, branch_input=branch_input
        )
        assert decoded.logits[sample].tolist() == pytest.approx(logits, **CLOSE)
        said = torch.softmax(decoded.logits, dim=1)[sample]
        assert said.tolist() == pytest.approx(probabilities, **CLOSE)
        assert float(said.sum().detach()) == pytest.approx(1.0, **CLOSE)
        assert decoded.valence[sample].item() == pytest.approx(valence, **CLOSE)


def test_baseline_decoder_is_two_linear_heads(paper):
    decoder = randomise(BaselineDecoder(5, 3, True))
    hidden = torch.randn(2, 5)
    decoded = decoder(hidden)
    for sample in range(2):
        row = hidden[sample].tolist()
        expected = paper.linear(row, *head(decoder.emotion))
        assert decoded.logits[sample].tolist() == pytest.approx(expected, **CLOSE)
        expected = paper.linear(row, *head(decoder.valence))
        assert [decoded.valence[sample].item()] == pytest.approx(expected, **CLOSE)
    assert BaselineDecoder(5, 3, False)(hidden).valence is None


@pytest.mark.parametrize("branch_input", ["probabilities", "logits"])
def test_gradients_of_the_joint_decoder_are_right(branch_input):
    decoder = randomise(JointDecoder(4, 3, branch_input))
    hidden = torch.randn(2, 4, requires_grad=True)
    names = [name for name, _ in decoder.named_parameters()]

    def valence(hidden, *values):
        return torch.func.functional_call(decoder, dict(zip(names, values, strict=True)), hidden)[1]

    values = [parameter.detach().requires_grad_() for parameter in decoder.parameters()]
    assert torch.autograd.gradcheck(valence, (hidden, *values))


def test_gradient_of_the_valence_flows_into_the_classifier():
    decoder = randomise(JointDecoder(4, 3))
    decoder(torch.randn(2, 4)).valence.sum().backward()
    assert decoder.emotion.weight.grad.abs().sum() > 0
    assert decoder.emotion.bias.grad.abs().sum() > 0


def batch():
    return Decoded(torch.randn(6, 3), torch.randn(6)), torch.arange(6) % 3, torch.randn(6)


def parts_of(paper, decoded, emotion, valence):
    l_e = paper.cross_entropy(decoded.logits.tolist(), emotion.tolist())
    return l_e, paper.mean_squared_error(decoded.valence.tolist(), valence.tolist())


LOSSES = [
    (PaperLoss, "uncertainty_loss"),
    (KendallLoss, "kendall_loss"),
    (LiebelLoss, "liebel_loss"),
]


@pytest.mark.parametrize(("loss", "literal"), LOSSES)
@pytest.mark.parametrize("rho", [(0.3, -1.2), (2.0, 5.0), (-4.0, 0.0)])
def test_uncertainty_losses_are_equation_9_and_its_relatives(paper, loss, literal, rho):
    loss = loss(1.0)
    loss.rho.data = torch.tensor(rho)
    given = batch()
    deltas = [math.log1p(math.exp(one)) + 1e-4 for one in rho]
    assert loss.deltas() == pytest.approx(deltas, **CLOSE)
    expected = getattr(paper, literal)(*parts_of(paper, *given), *deltas)
    assert loss(*given).item() == pytest.approx(expected, **CLOSE)


def test_sum_loss_adds_cross_entropy_and_squared_error(paper):
    given = batch()
    assert SumLoss()(*given).item() == pytest.approx(sum(parts_of(paper, *given)), **CLOSE)
    alone = SumLoss()(Decoded(given[0].logits, None), *given[1:])
    assert alone.item() == pytest.approx(parts_of(paper, *given)[0], **CLOSE)


def test_a_loss_that_weighs_two_tasks_takes_no_decoder_of_one():
    decoded = Decoded(torch.randn(6, 3), None)
    with pytest.raises(ValueError, match="needs a decoder of valence"):
        PaperLoss(1.0)(decoded, torch.arange(6) % 3, torch.randn(6))


@pytest.mark.parametrize("loss", [one for one, _ in LOSSES])
@pytest.mark.parametrize("start", [2e-4, 0.5, 1.0, 40.0, 2000.0])
def test_deltas_start_where_they_are_asked_to(loss, start):
    assert loss(start).deltas() == pytest.approx((start, start), rel=1e-9)


@pytest.mark.parametrize("start", [FLOOR, 0.0, -1.0, math.inf, math.nan])
def test_deltas_cannot_start_at_or_below_the_floor(start):
    with pytest.raises(MerflowError, match=r"jdev\.delta_init"):
        PaperLoss(start)


@pytest.mark.parametrize("loss", [one for one, _ in LOSSES])
def test_gradients_of_the_losses_are_right(loss):
    loss, (decoded, emotion, valence) = loss(0.7), batch()

    def value(rho, logits, predicted):
        own = {"rho": rho}
        return torch.func.functional_call(loss, own, (Decoded(logits, predicted), emotion, valence))

    inputs = [loss.rho.detach().clone(), *decoded]
    assert torch.autograd.gradcheck(value, [one.detach().requires_grad_() for one in inputs])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rho", [-12.0, -30.0, -80.0])
def test_a_delta_near_zero_is_pushed_up_by_a_finite_gradient(rho, dtype):
    loss = PaperLoss(1.0).to(dtype)
    loss.rho.data = torch.full((2,), rho, dtype=dtype)
    decoded, emotion, valence = batch()
    given = Decoded(decoded.logits.to(dtype), decoded.valence.to(dtype)), emotion, valence.to(dtype)
    value = loss(*given)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(loss.rho.grad).all()
    assert (loss.rho.grad < 0).all()
    assert all(delta >= FLOOR * 0.999 for delta in loss.deltas())


def test_deltas_settle_where_the_derivative_is_zero():
    """At L = .6, delta^3 = 2 L (1 + delta) for CE and L (1 + delta) for MSE."""
    loss, given = PaperLoss(1.0), torch.tensor(0.6)
    adam = torch.optim.Adam(loss.parameters(), lr=0.05)
    for _ in range(600):
        adam.zero_grad()
        loss.combine(given, given).backward()
        adam.step()
    first, second = loss.deltas()
    assert 1 / first**2 == pytest.approx(0.490, abs=1e-3)
    assert 1 / (2 * second**2) == pytest.approx(0.432, abs=1e-3)
