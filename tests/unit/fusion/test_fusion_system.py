"""Systems: what they share under common random numbers, and what they refuse."""

import numpy as np
import pytest
import torch

from merflow.errors import MerflowError
from merflow.fusion.system import SystemSpec
from merflow.training.engine.draws import Draws
from merflow.training.modules import DimensionAlign, initialise

DIMS = [6, 6, 6, 5, 4]


STACK = [(0, 1), (0, 0), (4, 1)]
ROWS = [(f"clip{index}", 0) for index in range(7)]


def build(toy, models=STACK, **changes):
    """Return a started stack of models of these seeds and folds, and their loss."""
    spec = SystemSpec.from_spec(toy.system_spec(toy.ToyCorpus(), **changes))
    network, loss = spec.build(DIMS[: len(spec.features)], spec.candidates[0], len(models))
    initialise(network, models)
    return network, loss


def features():
    random = torch.Generator().manual_seed(3)
    return [torch.randn(len(STACK), len(ROWS), dim, generator=random) for dim in DIMS]


def masks(network, epoch=0, models=STACK, width=16):
    """Return the dropout of each of the network's features, of all models of a stack."""
    draws = [Draws(seed, fold, ROWS, 9) for seed, fold in models]
    return [
        torch.stack([torch.from_numpy(one.kept(name, epoch, 7, width, 0.3)) for one in draws])
        for name in network.align
    ]


def aligned_in_training(network, epochs=3):
    found = []
    for epoch in range(epochs):
        parts = zip(network.alignments(), features(), masks(network, epoch), strict=True)
        found.append([align.activate(align.project(f), kept) for align, f, kept in parts])
    return found


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


def test_seed_and_fold_change_weights_and_masks(toy):
    network = build(toy)[0]
    for name, parameter in network.named_parameters():
        for one, other in ((0, 1), (0, 2), (1, 2)):
            assert not torch.equal(parameter[one], parameter[other]), name
    for kept in masks(network):
        assert not any(torch.equal(kept[a], kept[b]) for a, b in ((0, 1), (0, 2), (1, 2)))


def test_a_model_starts_alike_alone_and_in_any_stack(toy):
    together = build(toy, strategy=2, **JDEV)[0].state_dict()
    for models in ([STACK[2]], [STACK[1], STACK[0]], [(9, 2), STACK[0]]):
        other = build(toy, models, strategy=2, **JDEV)[0].state_dict()
        assert other.keys() == together.keys()
        for index, model in enumerate(models):
            if model in STACK:
                own = STACK.index(model)
                assert all(torch.equal(other[n][index], together[n][own]) for n in together)


def test_features_and_epochs_have_different_weights_and_masks(toy):
    network = build(toy)[0]
    weights = [align.linear.weight for align in network.alignments()]
    assert not torch.equal(weights[0], weights[1])
    first, second = masks(network)[:2]
    assert not torch.equal(first, second)
    assert not torch.equal(first, masks(network, epoch=1)[0])


def test_initial_values_have_the_range_and_spread_of_a_linear_layer(toy):
    network = build(toy, training={**toy.TRAINING, "width": 4000})[0]
    for model in range(len(STACK)):
        weight = network.align["HL(18)"].linear.weight[model].detach().numpy()
        assert weight.shape == (6, 4000)
        bound = 1 / np.sqrt(6)
        assert np.abs(weight).max() <= bound
        assert weight.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)
        bias = network.align["HL(18)"].linear.bias[model].detach().numpy()
        assert 0.9 * bound < np.abs(bias).max() <= bound
        afg = network.fuse.outer.weight[model].detach().numpy()
        assert 0.9 / np.sqrt(4000) < np.abs(afg).max() <= 1 / np.sqrt(4000)


def test_a_batch_is_its_clips_one_by_one(toy):
    network = build(toy, strategy=2, **JDEV)[0].eval()
    whole = network(features())
    for row in range(7):
        one = network([feature[:, row : row + 1] for feature in features()])
        assert torch.allclose(one.logits[:, 0], whole.logits[:, row], atol=1e-6)
        assert torch.allclose(one.valence[:, 0], whole.valence[:, row], atol=1e-6)


@pytest.mark.parametrize("strategy", [1, 2, 3])
@pytest.mark.parametrize("changes", [{}, JDEV])
def test_a_stack_is_its_models_one_by_one(toy, strategy, changes):
    whole = build(toy, strategy=strategy, **changes)[0]
    said = whole(features(), masks(whole))
    for index, model in enumerate(STACK):
        alone = build(toy, [model], strategy=strategy, **changes)[0]
        own = [feature[index : index + 1] for feature in features()]
        one = alone(own, masks(alone, models=[model]))
        assert torch.allclose(one.logits[0], said.logits[index], atol=1e-6)
        assert torch.allclose(one.valence[0], said.valence[index], atol=1e-6)


def test_dropout_is_off_in_evaluation_and_keeps_the_mean_in_training():
    kept = torch.from_numpy(Draws(0, 0, ROWS, 1).kept("x", 0, 200, 200, 0.3))
    assert set(kept.unique().tolist()) == {0.0, float(np.float32(1 / 0.7))}
    assert float((kept == 0).float().mean()) == pytest.approx(0.3, abs=0.01)
    assert float(kept.mean()) == pytest.approx(1.0, abs=0.02)
    align, ones = DimensionAlign(1, 200, 200), torch.ones(1, 200, 200)
    assert torch.equal(align.activate(ones, None), ones)
    assert torch.equal(align.activate(ones, kept[None]), kept[None])


def test_dropout_of_the_first_rows_does_not_depend_on_how_many_follow():
    """A stack is filled up to its longest model: no model's draws may move by it."""
    draws = Draws(2, 1, ROWS, 3)
    for width in (16, 15):
        short, long = (draws.kept("x", 2, rows, width, 0.3) for rows in (7, 50))
        assert np.array_equal(short, long[:7])


def test_shared_inner_afgs_have_one_set_of_parameters(toy):
    def count(shared):
        network = build(toy, strategy=2, afg={"scores": "vector", "shared": shared})[0]
        return sum(p.numel() for p in network.fuse.parameters())

    assert count(False) - count(True) == len(STACK) * 2 * (16 + 3)


def test_a_choice_of_widths_is_one_candidate_each(toy):
    spec = toy.system_spec(toy.ToyCorpus(), training={**toy.TRAINING, "width": [8, 4]})
    system = SystemSpec.from_spec(spec)
    networks = [system.build(DIMS, how, 2)[0] for how in system.candidates]
    shapes = [network.align["HL(18)"].linear.weight.shape for network in networks]
    assert shapes == [(2, 6, 8), (2, 6, 4)]


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
