"""The plain trainers of the benchmark train the very models that the engine trains."""

from importlib import import_module
from pathlib import Path

import pytest
import torch

from merflow.training.losses import Truth

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def sides(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return [import_module(name) for name in ("training_table", "training_ours")]


def put_linear(ours, plain):
    ours.weight.data = plain.weight.detach().t()[None].clone()
    if plain.bias is not None:
        ours.bias.data = plain.bias.detach()[None, None].clone()


def put_attention(ours, plain):
    ours.weight.data = plain.scores.weight.detach().t()[None].clone()
    ours.bias.data = plain.bias.detach()[None, None].clone()


def put_all(ours, plain):
    for own, other in zip(ours.align.values(), plain.align, strict=True):
        put_linear(own.linear, other.layers[0])
    if plain.fuse is not None:
        put_attention(ours.fuse.outer, plain.fuse.outer)
        inner = getattr(ours.fuse, "inner", [])
        own_inner = list(inner) if isinstance(inner, torch.nn.ModuleList) else [inner]
        for other, own in zip(plain.fuse.inner, own_inner, strict=False):
            put_attention(own, other)
    for name in ("emotion", "valence", "branch", "final"):
        other = getattr(plain.decoder, name)
        if other is not None:
            put_linear(getattr(ours.decoder, name), other)


def test_both_sides_say_and_lose_the_same(sides):
    table, ours = sides
    torch.manual_seed(1)
    for name, system in ours.SYSTEMS.items():
        data = table.small(12).dataset(system.features)
        how = ours.settings()
        network, loss = ours.system_task(name, data, how).build(how)(1)
        model = system.plain(data)
        for parameter in model.parameters():
            parameter.data.normal_(0, 0.1)
        if system.joint:
            model.rho.data = loss.rho.data[0].clone()
        put_all(network, model)
        standardised = (data.clean - data.clean.mean(axis=0)) / data.clean.std(axis=0)
        vectors = torch.from_numpy(standardised).split(list(data.dims), dim=1)
        features = dict(zip(data.features, vectors, strict=True))
        emotion = torch.from_numpy(data.labels.emotion)
        valence = torch.from_numpy(data.labels.valence).float()
        model.eval()
        logits, said = model(features)
        decoded = network([one[None] for one in vectors])
        assert torch.allclose(decoded.logits[0], logits, rtol=1e-4, atol=1e-4), name
        assert torch.allclose(decoded.valence[0], said, rtol=1e-4, atol=1e-4), name
        weight = torch.full((1, len(emotion)), 1 / len(emotion))
        total = loss(decoded, Truth(emotion[None], valence[None], weight)).total[0]
        # Our deltas lie 1e-4 higher.
        assert torch.allclose(total, model.loss(features, emotion, valence), rtol=1e-3), name
