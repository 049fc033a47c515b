"""Stacks: a cross-validation is the same alone as in any of them."""

import numpy as np
import pytest
import torch
import toy_corpus
import toy_members as toy

from merflow.fusion.system import LOSSES
from merflow.training.engine.plan import Engine
from merflow.training.engine.stack import Stack
from merflow.training.losses import SumLoss
from merflow.training.readings import READINGS

# On a CPU models are taken one by one where the order of a sum could depend on how many there are:
# what is left of a cross-validation is the same to the bit.


@pytest.mark.parametrize("copies", [0, 1])
def test_a_probe_is_the_same_beside_other_seeds_and_layers_and_in_any_order(copies):
    layers = {name: toy.source(data=name, copies=copies) for name in (1, 2, 3)}
    members = [
        toy.member(source, seed, f"layer{name}")
        for name, source in layers.items()
        for seed in (0, 9)
    ]
    wanted = {(one.name, one.seed): toy.alone(one) for one in members}
    for order in (members, members[::-1], members[1:4], [members[4], members[0]]):
        for own, result in toy.train(order).items():
            assert toy.same(result, wanted[own]), own
    assert len({tuple(run.curves[0].items()) for run in wanted.values()}) == len(wanted)


def test_a_probe_is_the_same_beside_one_of_other_clips():
    """Other numbers of rows, so that rows are filled up further; equal to 1e-6 at least."""
    mine = toy.member(toy.source(), 0, "mine")
    other = toy.member(toy.source(sizes=(20, 9, 31), tests=0), 0, "other")
    alone, stacked = toy.alone(mine), toy.train([other, mine])["mine", 0]
    assert all(np.array_equal(alone.kept[reading], stacked.kept[reading]) for reading in READINGS)
    for reading in READINGS:
        for one, another in zip(alone.outputs[reading], stacked.outputs[reading], strict=True):
            assert np.allclose(one, another, rtol=0, atol=1e-6)
    assert np.allclose(alone.criterion, stacked.criterion, rtol=0, atol=1e-6)


def test_a_system_is_the_same_beside_other_seeds():
    source = toy.source(dims=toy.FEATURES, copies=1)
    members = [toy.member(source, seed) for seed in (0, 1, 2)]
    stacked = toy.train(members, build=toy.of_joint())
    for one in members:
        assert toy.same(toy.alone(one, build=toy.of_joint()), stacked["probe", one.seed])


@pytest.mark.parametrize(
    ("decoder", "loss"), [("baseline", "sum"), ("jdev", "liebel"), ("baseline", "kendall")]
)
def test_a_system_of_odd_sizes_is_the_same_beside_five_seeds(decoder, loss):
    dims = {"HL(18)": 288, "HL(19)": 23, "MR(block2)": 126, "RF(pooling)": 3}
    settings = toy.how(width=115, batch=22, epochs=2)
    build = toy.of_system(settings, dims, strategy=1, decoder=decoder, loss=loss)
    source = toy.source(dims=dims, sizes=(24, 20, 35))
    members = [toy.member(source, seed) for seed in range(6)]
    stacked = toy.train(members, settings, build)
    for one in (members[0], members[3], members[5]):
        assert toy.same(toy.alone(one, settings, build), stacked["probe", one.seed])


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_does_not_depend_on_the_place_in_a_stack(name):
    draws, models = torch.Generator().manual_seed(0), 41
    of_emotion, of_valence = torch.rand(2, models, generator=draws) * 3
    rho = torch.randn(models, 2, generator=draws)

    def told(which):
        loss = SumLoss() if name == "sum" else LOSSES[name](len(of_emotion[which]), 1.0)
        losses = [one[which].clone().requires_grad_() for one in (of_emotion, of_valence)]
        for parameter in loss.parameters():
            parameter.data = rho[which].clone()
        total = loss.combine(*losses)
        found = torch.autograd.grad(total.sum(), [*losses, *loss.parameters()])
        return [total.detach(), *found]

    whole = told(slice(None))
    for size in (1, 2, 3, 5, 8, 13):
        for start in range(0, models - size, 3):
            some = slice(start, start + size)
            for one, part in zip(whole, told(some), strict=True):
                assert torch.equal(one[some], part)


@pytest.mark.parametrize(
    ("dim", "settings"),
    [(1024, toy.how(width=128, epochs=2, batch=32)), (257, toy.how(width=33, epochs=2, batch=7))],
)
def test_models_of_real_and_of_odd_width_are_the_same_in_a_stack(dim, settings):
    sizes = (31, 44, 52)
    members = [
        toy.member(toy.source(dims={"F(1)": dim}, sizes=sizes, data=data), seed, f"layer{data}")
        for data in (1, 2)
        for seed in (0, 1)
    ]
    stacked = toy.train(members, settings)
    for one in members:
        assert toy.same(toy.alone(one, settings), stacked[one.name, one.seed])


def test_a_stack_that_shrinks_changes_nothing_for_the_others(monkeypatch):
    settings = toy.how(epochs=30, patience=2, learning_rate=3e-2)
    members = [
        toy.member(toy.source(data=data), seed, f"layer{data}")
        for data in (1, 2, 3)
        for seed in (0, 1)
    ]
    sizes, shrink = [], Stack._shrink

    def counted(self, ended):
        shrink(self, ended)
        sizes.append(len(self.models) if self.watches else 0)

    monkeypatch.setattr(Stack, "_shrink", counted)
    stacked = toy.train(members, settings)
    assert len(set(sizes)) > 3
    for one in members:
        assert toy.same(toy.alone(one, settings), stacked[one.name, one.seed])


def commands(run, toy_files, spec, folder, *sizes):
    """Return the files of ``fusion train`` or ``probes train`` for several sizes of stacks."""
    noun = "fusion" if "strategy" in spec else "probes"
    found = []
    for size in sizes:
        out = folder / f"stack{size}"
        options = toy_files.options(spec, out)
        result = run(noun, "train", *options, *([] if size is None else ["--stack", size]))
        assert result.exit_code == 0, result.output
        files = sorted(path for path in out.iterdir() if path.is_file())
        found.append({path.name: path.read_bytes() for path in files})
    return found


@pytest.mark.parametrize("make", [toy_corpus.probe_spec, toy_corpus.system_spec])
def test_the_size_of_a_stack_changes_no_byte(run, tmp_path, make):
    corpus = toy_corpus.ToyCorpus()
    training = {**toy_corpus.TRAINING, "seeds": [0, 5], "patience": 2, "epochs": 8}
    spec = make(corpus, training=training)
    files = corpus.write(tmp_path / "corpus")
    plain, *others = commands(run, files, spec, tmp_path / "out", None, 1, 7, 1000)
    assert len(plain) > 2
    for other in others:
        assert other == plain


def test_stacks_hold_whole_cross_validations():
    assert Engine(stack=1).members([10], 4, 5) == 1
    assert Engine(stack=14).members([10], 4, 5) == 2
    small, large = (Engine().members([dim], 128, 5) for dim in (1, 10**6))
    assert small > large == 1
