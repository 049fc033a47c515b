"""Each equation of the encoder and the decoder against the second implementation.

Modules hold a stack of models; each model of it is compared alone, with parameters of its own.
"""

import pytest
import torch
from torch import nn

from merflow.errors import MerflowError
from merflow.fusion.afg import Afg
from merflow.fusion.jdev import JointDecoder
from merflow.fusion.strategies import STRATEGIES
from merflow.fusion.uncertainty import PaperLoss
from merflow.training.decoders import BaselineDecoder
from merflow.training.losses import Truth
from merflow.training.modules import DimensionAlign, StackedLinear

CLOSE = {"rel": 1e-12, "abs": 1e-12}
MODELS = 3


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


def own(module: StackedLinear | Afg, model: int):
    """Return (W, b) of one model with W in R^{inputs x outputs}, as the paper writes it."""
    return module.weight[model].tolist(), module.bias[model, 0].tolist()


def each(samples: int):
    """Give the index of every model and sample of a stack."""
    return [(model, sample) for model in range(MODELS) for sample in range(samples)]


@pytest.mark.parametrize("flattened", [False, True])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_afg_is_equations_1_to_3(paper, flattened, count):
    afg = randomise(Afg(MODELS, count, 4, "flattened" if flattened else "vector"))
    states = [torch.randn(MODELS, 3, 4) for _ in range(count)]
    fused = afg(states)
    alpha = afg.attention(torch.stack(states, dim=2))
    for model, sample in each(3):
        assert alpha[model, sample].sum().item() == pytest.approx(1.0, **CLOSE)
        rows = [state[model, sample].tolist() for state in states]
        expected = paper.afg(rows, *own(afg, model), flattened)
        assert fused[model, sample].tolist() == pytest.approx(expected, **CLOSE)


def test_afg_has_the_shapes_of_the_reading():
    assert Afg(2, 5, 7, "vector").weight.shape == (2, 7, 1)
    assert Afg(2, 5, 7, "flattened").weight.shape == (2, 35, 5)
    assert Afg(2, 5, 7).bias.shape == (2, 1, 5)


def test_da_mat_is_linear_and_relu(paper):
    align = randomise(DimensionAlign(MODELS, 5, 4))
    feature, kept = torch.randn(MODELS, 2, 5), torch.rand(MODELS, 2, 4)
    plain = align.activate(align.project(feature), None)
    dropped = align.activate(align.project(feature), kept)
    for model, sample in each(2):
        expected = paper.align(feature[model, sample].tolist(), *own(align.linear, model))
        assert plain[model, sample].tolist() == pytest.approx(expected, **CLOSE)
        scaled = [x * mask for x, mask in zip(expected, kept[model, sample].tolist(), strict=True)]
        assert dropped[model, sample].tolist() == pytest.approx(scaled, **CLOSE)


MIXED = ["audio", "visual", "audio", "visual", "audio"]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("flattened", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("modalities", [MIXED, ["audio", "visual"], ["visual", "audio", "visual"]])
def test_strategies_are_the_three_structures(paper, number, modalities, flattened, shared):
    def make(count):
        return Afg(MODELS, count, 4, "flattened" if flattened else "vector")

    fuse = randomise(STRATEGIES[number](modalities, make, shared))
    states = [torch.randn(MODELS, 2, 4) for _ in modalities]
    order = sorted(range(len(modalities)), key=lambda i: modalities[i]) if number > 1 else None
    fused = fuse(states)
    audios = modalities.count("audio")
    if number == 2:
        assert len(fuse.inner) == (1 if shared else audios)
    for model, sample in each(2):
        parameters = {"outer": own(fuse.outer, model)}
        if number == 2:
            inner = [own(afg, model) for afg in fuse.inner]
            parameters["inner"] = inner * audios if shared else inner
        if number == 3:
            parameters["inner"] = own(fuse.inner, model)
        rows = [state[model, sample].tolist() for state in states]
        # Strategy 1 takes all in the order of the features, the others by modality.
        rows = rows if order is None else [rows[i] for i in order]
        expected = paper.strategy(number, rows[:audios], rows[audios:], parameters, flattened)
        assert fused[model, sample].tolist() == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("modalities", [["audio", "audio"], ["visual"]])
def test_strategies_2_and_3_demand_both_modalities(number, modalities):
    with pytest.raises(MerflowError, match=f"strategy {number} fuses acoustic with visual"):
        STRATEGIES[number](modalities, lambda count: Afg(MODELS, count, 4), False)


@pytest.mark.parametrize("branch_input", ["probabilities", "logits"])
def test_joint_decoder_is_equations_5_to_8(paper, branch_input):
    decoder = randomise(JointDecoder(MODELS, 5, 3, branch_input))
    hidden = torch.randn(MODELS, 4, 5)
    decoded = decoder(hidden)
    parts = [decoder.emotion, decoder.valence, decoder.branch, decoder.final]
    for model, sample in each(4):
        parameters = [value for part in parts for value in own(part, model)]
        logits, probabilities, valence = paper.jdev(
            hidden[model, sample].tolist(), *parameters, branch_input=branch_input
        )
        assert decoded.logits[model, sample].tolist() == pytest.approx(logits, **CLOSE)
        said = torch.softmax(decoded.logits, dim=-1)[model, sample]
        assert said.tolist() == pytest.approx(probabilities, **CLOSE)
        assert float(said.sum().detach()) == pytest.approx(1.0, **CLOSE)
        assert decoded.valence[model, sample].item() == pytest.approx(valence, **CLOSE)


def test_baseline_decoder_is_two_linear_heads(paper):
    decoder = randomise(BaselineDecoder(MODELS, 5, 3, True))
    hidden = torch.randn(MODELS, 2, 5)
    decoded = decoder(hidden)
    for model, sample in each(2):
        row = hidden[model, sample].tolist()
        expected = paper.linear(row, *own(decoder.emotion, model))
        assert decoded.logits[model, sample].tolist() == pytest.approx(expected, **CLOSE)
        expected = paper.linear(row, *own(decoder.valence, model))
        assert [decoded.valence[model, sample].item()] == pytest.approx(expected, **CLOSE)
    assert BaselineDecoder(MODELS, 5, 3, False)(hidden).valence is None


@pytest.mark.parametrize("branch_input", ["probabilities", "logits"])
def test_gradients_of_the_joint_decoder_are_right(branch_input):
    decoder = randomise(JointDecoder(2, 4, 3, branch_input))
    hidden = torch.randn(2, 2, 4, requires_grad=True)
    names = [name for name, _ in decoder.named_parameters()]

    def valence(hidden, *values):
        return torch.func.functional_call(decoder, dict(zip(names, values, strict=True)), hidden)[1]

    values = [parameter.detach().requires_grad_() for parameter in decoder.parameters()]
    assert torch.autograd.gradcheck(valence, (hidden, *values))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_no_gradient_flows_from_one_model_into_another(number):
    modalities, width = MIXED, 4
    fuse = STRATEGIES[number](modalities, lambda count: Afg(MODELS, count, width), False)
    parts = nn.ModuleList([randomise(fuse), randomise(JointDecoder(MODELS, width, 3))])
    states = [torch.randn(MODELS, 2, width, requires_grad=True) for _ in modalities]
    decoded = parts[1](parts[0](states))
    loss = PaperLoss(MODELS, 1.0)
    truth = Truth(
        torch.zeros(MODELS, 2).long(), torch.ones(MODELS, 2), torch.full((MODELS, 2), 0.5)
    )
    loss(decoded, truth).total[1].backward()
    for tensor in (*parts.parameters(), *loss.parameters(), *states):
        assert not tensor.grad[[0, 2]].any()
    for tensor in (parts[0].outer.weight, *parts[1].parameters(), *loss.parameters(), *states):
        assert tensor.grad[1].any()


def test_gradient_of_the_valence_flows_into_the_classifier():
    decoder = randomise(JointDecoder(MODELS, 4, 3))
    decoder(torch.randn(MODELS, 2, 4)).valence.sum().backward()
    assert (decoder.emotion.weight.grad.abs().sum(dim=(1, 2)) > 0).all()
    assert (decoder.emotion.bias.grad.abs().sum(dim=(1, 2)) > 0).all()
