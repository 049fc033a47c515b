"""Systems: what they share under common random numbers, and what they refuse."""

import numpy as np
import pytest
import torch

from merflow.errors import MerflowError
from merflow.fusion.system import SystemSpec
from merflow.training.modules import KeyedDropout, key

DIMS = [6, 6, 6, 5, 4]


def build(toy, seed=0, fold=1, **changes):
    spec = SystemSpec.from_spec(toy.system_spec(toy.ToyCorpus(), **changes))
    network, loss = spec.build(DIMS[: len(spec.features)])
    key(network, seed, fold)
    return network, loss


def features(rows=7):
    random = torch.Generator().manual_seed(3)
    return [torch.randn(rows, dim, generator=random) for dim in DIMS]


def aligned_in_training(network, steps=3):
    network.train()
    return [
        [align(f) for align, f in zip(network.align.values(), features(), strict=True)]
        for _ in range(steps)
    ]


JDEV = {"decoder": "jdev", "loss": "paper"}


@pytest.mark.parametrize("changes", [JDEV, {"strategy": 2}, {"strategy": 3, **JDEV}])
def test_systems_share_initial_weights_and_dropout_masks(toy, changes):
    plain, other = build(toy)[0], build(toy, **changes)[0]
    shared = dict(plain.named_parameters())
    theirs = dict(other.named_parameters())
    common = [n for n in shared if n in theirs and shared[n].shape == theirs[n].shape]
    assert {n.split(".")[0] for n in common} >= {"align", "decoder"}
    assert all(torch.equal(shared[name], theirs[name]) for name in common)
    pairs = zip(aligned_in_training(plain), aligned_in_training(other), strict=True)
    for mine, yours in pairs:
        assert all(torch.equal(a, b) for a, b in zip(mine, yours, strict=True))


@pytest.mark.parametrize("other", [{"seed": 1}, {"fold": 0}])
def test_seed_and_fold_change_weights_and_masks(toy, other):
    plain, changed = build(toy)[0], build(toy, **other)[0]
    name = "decoder.emotion.weight"
    assert not torch.equal(plain.state_dict()[name], changed.state_dict()[name])
    masks = [d.train()(torch.ones(4, 50)) for d in dropouts(plain)[:1] + dropouts(changed)[:1]]
    assert not torch.equal(*masks)


def dropouts(network):
    return [module for module in network.modules() if isinstance(module, KeyedDropout)]


def test_features_have_different_weights_and_masks(toy):
    network = build(toy)[0]
    weights = [align.linear.weight for align in network.align.values()]
    assert not torch.equal(weights[0], weights[1])
    first, second = (dropout.train()(torch.ones(9, 9)) for dropout in dropouts(network)[:2])
    assert not torch.equal(first, second)


def test_initial_values_have_the_range_and_spread_of_a_linear_layer(toy):
    network = build(toy, training={**toy.TRAINING, "width": 4000})[0]
    weight = network.align["HL(18)"].linear.weight.detach().numpy()
    bound = 1 / np.sqrt(6)
    assert np.abs(weight).max() <= bound
    assert weight.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)
    afg = network.fuse.outer.weight.detach().numpy()
    assert 0.9 / np.sqrt(4000) < np.abs(afg).max() <= 1 / np.sqrt(4000)


def test_a_batch_is_its_clips_one_by_one(toy):
    network = build(toy, strategy=2, **JDEV)[0].eval()
    whole = network(features())
    for row in range(7):
        one = network([feature[row : row + 1] for feature in features()])
        assert torch.allclose(one.logits[0], whole.logits[row], atol=1e-6)
        assert torch.allclose(one.valence[0], whole.valence[row], atol=1e-6)


def test_dropout_is_off_in_evaluation_and_keeps_the_mean_in_training():
    dropout = KeyedDropout(0.3)
    key(torch.nn.Sequential(dropout), 0, 0)
    ones = torch.ones(200, 200)
    assert torch.equal(dropout.eval()(ones), ones)
    dropped = dropout.train()(ones)
    assert float((dropped == 0).float().mean()) == pytest.approx(0.3, abs=0.01)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.02)


def test_shared_inner_afgs_have_one_set_of_parameters(toy):
    def count(shared):
        network = build(toy, strategy=2, afg={"scores": "vector", "shared": shared})[0]
        return sum(p.numel() for p in network.fuse.parameters())

    assert count(False) - count(True) == 2 * (16 + 3)


def refusals(toy):
    afg = {"scores": "vector", "shared": False}
    return [
        ({"features": []}, "'features'"),
        ({"features": ["HL(18)", "HL(18)"]}, "distinct features"),
        ({"features": ["HL18"]}, "malformed"),
        ({"modalities": {"HL": "audio"}}, "'MR' is missing"),
        ({"strategy": 4}, "'strategy' is 4"),
        ({"strategy": 2, "features": ["HL(18)", "HL(19)"]}, "strategy 2"),
        ({"strategy": 3, "features": ["MR(block2)", "RF(pooling)"]}, "strategy 3"),
        ({"decoder": "joint"}, "'decoder' is 'joint'"),
        ({"loss": "product"}, "'loss' is 'product'"),
        ({"afg": {**afg, "scores": "matrix"}}, "'scores' is 'matrix'"),
        ({"decoder": "jdev", "valence": False}, "has no valence"),
        ({"loss": "kendall", "valence": False}, "has no valence"),
        ({"decoder": "jdev", "jdev": {"branch_input": "x", "delta_init": 1.0}}, "'branch_input'"),
        ({"loss": "paper", "jdev": {"delta_init": 0}}, "delta_init is 0"),
        ({"loss": "paper", "jdev": {"delta_init": "1"}}, "delta_init is '1'"),
    ]


@pytest.mark.parametrize("case", range(15))
def test_a_system_that_cannot_be_is_refused_in_one_sentence(toy, case):
    changes, words = refusals(toy)[case]
    with pytest.raises(MerflowError) as told:
        SystemSpec.from_spec(toy.system_spec(toy.ToyCorpus(), **changes))
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_jdev_settings_are_not_needed_without_jdev(toy):
    spec = toy.system_spec(toy.ToyCorpus())
    del spec["jdev"]
    SystemSpec.from_spec(spec)
    with pytest.raises(MerflowError, match="'jdev' is missing"):
        SystemSpec.from_spec(spec | JDEV)
