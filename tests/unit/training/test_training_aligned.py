"""A step of the engine against PyTorch's own autograd and Adam on each model alone."""

import numpy as np
import pytest
import torch
import toy_members as toy

from merflow.training.engine.draws import Draws
from merflow.training.engine.epoch import Planner, Run
from merflow.training.engine.models import Models
from merflow.training.engine.tables import Tables
from merflow.training.losses import Truth
from merflow.training.modules import initialise

EPOCHS = 2
SYSTEMS = [
    (strategy, decoder, loss)
    for strategy in (1, 2, 3)
    for decoder in ("baseline", "jdev")
    for loss in ("sum", "paper", "kendall", "liebel")
]
# Absolute and relative, after 2 epochs at a learning rate of 1e-2.
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-11}


@pytest.fixture(params=[torch.float32, torch.float64], ids=["float32", "float64"])
def dtype(request):
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(torch.float32)


def trained(build, how, runs, source, dtype):
    """Return models after some epochs of the engine's steps, and each step's losses."""
    tables = Tables([source], torch.device("cpu"), "float32")
    tables.features = [table.to(dtype) for table in tables.features]
    keys = [(run.seed, run.partition.fold) for run in runs]
    models, losses = Models(build, how, keys, torch.device("cpu")), []
    planner = Planner(tables, runs, list(models.network.align), how)
    for epoch in range(EPOCHS):
        for step in planner.epoch(epoch).steps():
            kept = None if step.kept is None else [one.to(dtype) for one in step.kept]
            # One over a count is rounded to float32 in the engine.
            weight = (step.truth.weight > 0) / step.counts[:, None].clamp(1).to(dtype)
            truth = Truth(step.truth.emotion, step.truth.valence.to(dtype), weight)
            found = models.step(tables.gather(step.places), kept, truth, step.active)
            losses.append(
                [found.total[m].item() if m in step.active else None for m in range(len(runs))]
            )
    return models, losses


def reference(build, how, run, dtype):
    """Return one model after the same epochs by autograd and PyTorch's optimiser, and losses."""
    network, loss = build(1)
    initialise(network, [(run.seed, run.partition.fold)])
    adam = torch.optim.Adam(
        [
            {"params": list(network.parameters()), "weight_decay": how.weight_decay},
            {"params": list(loss.parameters()), "weight_decay": 0.0},
        ][: 1 + bool(list(loss.parameters()))],
        lr=how.learning_rate,
    )
    data, labels = run.source.data, run.source.data.labels
    clip_of = np.concatenate([np.arange(len(labels)), data.copy_of])
    tables = Tables([run.source], torch.device("cpu"), "float32")
    places = torch.from_numpy(
        tables.place(run.source, run.partition.fold, np.arange(len(run.source.rows)))
    )
    table = [feature[places].to(dtype) for feature in tables.features]
    rows_of = [run.source.rows[row] for row in run.partition.training]
    draws, losses = Draws(run.seed, run.partition.fold, rows_of, how.epochs), []
    for epoch in range(EPOCHS):
        order = run.partition.training[draws.order(epoch)]
        masks = [
            torch.from_numpy(draws.kept(name, epoch, len(order), how.width, how.dropout)).to(dtype)
            for name in network.align
        ]
        for start in range(0, len(order), how.batch):
            some = slice(start, start + how.batch)
            rows = order[some]
            features = [feature[None, rows] for feature in table]
            decoded = network(features, [mask[None, some] for mask in masks])
            truth = Truth(
                torch.from_numpy(labels.emotion[clip_of[rows]])[None],
                torch.from_numpy(labels.valence[clip_of[rows]].astype(np.float32)).to(dtype)[None],
                torch.full((1, len(rows)), 1.0 / len(rows), dtype=dtype),
            )
            adam.zero_grad()
            total = loss(decoded, truth).total
            total.sum().backward()
            adam.step()
            losses.append(total.item())
    return {**network.state_dict(), **loss.state_dict(prefix="loss.")}, losses


def compare(build, how, source, dtype, seeds=(0, 7)):
    runs = [toy_run for seed in seeds for toy_run in runs_of(source, seed)]
    models, losses = trained(build, how, runs, source, dtype)
    close = TOLERANCE[dtype]
    for model, run in enumerate(runs):
        state, wanted = reference(build, how, run, dtype)
        told = [step[model] for step in losses if step[model] is not None]
        assert told == pytest.approx(wanted, rel=close, abs=close)
        own = models.named(model)
        assert own.keys() == state.keys()
        for name, value in own.items():
            torch.testing.assert_close(value, state[name][0], rtol=close, atol=close)
    return losses


def runs_of(source, seed):
    return [Run(source, partition, seed) for partition in source.partitions]


def test_probes_of_ragged_folds_step_as_the_reference(dtype):
    losses = compare(toy.of_probe(), toy.HOW, toy.source(), dtype)
    rows = [len(partition.training) for partition in toy.source().partitions]
    assert rows == [20, 17, 13]
    # The third fold's models have no rows in the third step of an epoch.
    assert [step.index(None) if None in step else None for step in losses] == [None, None, 2] * 2


@pytest.mark.parametrize(("strategy", "decoder", "loss"), SYSTEMS)
def test_systems_step_as_the_reference(dtype, strategy, decoder, loss):
    build = toy.of_system(strategy=strategy, decoder=decoder, loss=loss)
    compare(build, toy.HOW, toy.source(dims=toy.FEATURES), dtype, seeds=(3,))


@pytest.mark.parametrize(
    "changes",
    [
        {"dropout": 0.0},
        {"batch": 1},
        {"batch": 64},
        {"weight_decay": 0.5},
        {"weight_decay": 0.0, "dropout": 0.9},
        {"batch": 19},
    ],
    ids=str,
)
def test_schedules_step_as_the_reference(dtype, changes):
    how = toy.how(**changes)
    build = toy.of_system(how, strategy=2, decoder="jdev", loss="paper")
    compare(build, how, toy.source(dims=toy.FEATURES, copies=1), dtype, seeds=(1,))


@pytest.mark.parametrize(
    "afg", [{"scores": "flattened", "shared": False}, {"scores": "vector", "shared": True}], ids=str
)
def test_other_readings_of_afg_step_as_the_reference(dtype, afg):
    build = toy.of_system(strategy=2, decoder="jdev", loss="kendall", afg=afg)
    compare(build, toy.HOW, toy.source(dims=toy.FEATURES), dtype, seeds=(1,))


def test_without_valence_the_emotion_alone_is_learned(dtype):
    compare(toy.of_probe(valence=False), toy.HOW, toy.source(), dtype)


def test_dropout_of_an_epoch_does_not_depend_on_how_far_it_is_filled_up():
    draws = Draws(0, 1, [("a", 0), ("b", 0)], 4)
    long, short = (draws.kept("F(1)", 2, rows, 7, 0.3) for rows in (50, 11))
    assert np.array_equal(long[:11], short)
    assert set(np.unique(long)) == {np.float32(0), np.float32(1) / np.float32(0.7)}


def test_a_model_without_rows_in_a_step_stays_as_it_is():
    source = toy.source()
    tables = Tables([source], torch.device("cpu"), "float32")
    runs = runs_of(source, 0)
    models = Models(toy.of_probe(), toy.HOW, [(0, f) for f in range(3)], torch.device("cpu"))
    *steps, last = Planner(tables, runs, list(models.network.align), toy.HOW).epoch(0).steps()
    for step in steps:
        models.step(tables.gather(step.places), step.kept, step.truth, step.active)
    before = {name: value.clone() for name, value in models.state().items()}
    models.step(tables.gather(last.places), last.kept, last.truth, last.active)
    assert last.active == [0, 1]
    for name, value in models.state().items():
        assert torch.equal(value[2], before[name][2])
        assert not torch.equal(value[0], before[name][0]) or not value.numel()
    assert models.steps.tolist() == [3, 3, 2]
