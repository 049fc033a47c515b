"""Cross-validations in the engine: learning, its steps, and what never leaks.

Every test trains the models of three folds side by side, as all training does.
"""

import numpy as np
import pytest
import torch
from literal_training import (
    CLASSES,
    ByHand,
    Literal,
    build,
    toy_data,
    train_one,
    train_stack,
)
from toy_members import HOW, how

from merflow.fusion.jdev import JointDecoder
from merflow.fusion.uncertainty import PaperLoss
from merflow.probes.network import FEATURE, Alone
from merflow.training.engine.stack import Diverged
from merflow.training.engine.tables import Source, Tables
from merflow.training.engine.watch import kept_rows, scored_rows
from merflow.training.losses import SumLoss
from merflow.training.modules import DimensionAlign, initialise
from merflow.training.network import AlignedNetwork
from merflow.training.partition import partition_of
from merflow.training.readings import HONEST, READINGS, honest, organiser


def joint(models):
    align = {FEATURE: DimensionAlign(models, 6, HOW.width)}
    decoder = JointDecoder(models, HOW.width, len(CLASSES))
    return AlignedNetwork(align, Alone(), decoder), PaperLoss(models, 0.8)


def start_of(build, keys):
    """Return the initial parameters of each model by name."""
    network, loss = build(len(keys))
    initialise(network, keys)
    held = {**network.state_dict(), **loss.state_dict(prefix="loss.")}
    return [{name: value[model] for name, value in held.items()} for model in range(len(keys))]


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_training_learns_what_can_be_told():
    data = toy_data(clips=60)
    run = train_one(data, build, how(epochs=40))
    last = [row for row in run.curves if row["epoch"] == 40]
    variance = float(np.var(data.labels.valence[:60]))
    assert len(last) == 3
    for row in last:
        assert row["weighted_f1"] > 0.9
        assert row["mse"] < 0.5 * variance
    first = [row["loss"] for row in run.curves if row["epoch"] == 1]
    assert np.mean([row["loss"] for row in last]) < 0.5 * np.mean(first)


# 25 clips make folds of 9, 9 and 7: models with other numbers of rows, batches and steps. With
# batches of 7 the last steps are short, and one model has a step more than the others.
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("form", [build, joint])
def test_a_step_is_adam_on_the_minibatches_in_order(form, dropout):
    """Six models side by side, each against one alone of PyTorch's own parts."""
    data, settings = toy_data(clips=25), how(epochs=4, batch=7, dropout=dropout)
    counts = {len(partition_of(data, fold).training) for fold in range(3)}
    assert len({-(-count // 7) for count in counts}) > 1
    seeds = (0, 3)
    starts = start_of(form, [(seed, fold) for seed in seeds for fold in range(3)])
    for seed, run in zip(seeds, train_stack([data], form, settings, seeds), strict=True):
        for fold, partition in enumerate(run.partitions):
            literal = Literal(data, partition, settings, seed, starts[3 * seeds.index(seed) + fold])
            for epoch in range(4):
                losses = literal.train(epoch)
                (row,) = (r for r in run.curves if r["fold"] == fold and r["epoch"] == epoch + 1)
                said = [row["loss"], row["loss_emotion"], row["loss_valence"]]
                assert said == pytest.approx(losses, rel=1e-4)
                if form is joint:
                    deltas = literal.deltas().tolist()
                    assert [row["delta1"], row["delta2"]] == pytest.approx(deltas, rel=1e-4)
                _, valence = literal.say(torch.from_numpy(partition.held_out))
                error = valence.detach().numpy() - data.labels.valence[partition.held_out]
                assert row["mse"] == pytest.approx(np.mean(error**2), rel=1e-3)
                if epoch == run.kept[HONEST][fold]:
                    expected = literal.weights()
                    assert run.weights[fold].keys() == expected.keys()
                    for name, value in run.weights[fold].items():
                        assert torch.allclose(value, expected[name], atol=5e-5), name


def test_models_start_from_the_values_of_their_seed_and_fold():
    """Taking over the storage of parameters changes none; a stack's model is as it is alone."""
    together = ByHand(toy_data(), joint, HOW, seed=3).weights()
    for fold, taken in enumerate(together):
        (alone,) = start_of(joint, [(3, fold)])
        assert taken.keys() == alone.keys()
        assert same(taken, alone)


def test_models_of_a_stack_are_different_ones():
    (first, second) = train_stack([toy_data()], build, how(epochs=1), (0, 3))
    weights = [one["decoder.emotion.weight"] for one in first.weights + second.weights]
    for index, one in enumerate(weights):
        assert not any(torch.equal(one, other) for other in weights[index + 1 :])


def test_weights_are_decayed_and_uncertainties_are_not():
    """Where the loss has no gradient, only the decay is left."""

    class Own(SumLoss):
        def __init__(self, models):
            super().__init__()
            self.rho = torch.nn.Parameter(torch.ones(models, 2))

        def combine(self, of_emotion, of_valence):
            return 0 * super().combine(of_emotion, of_valence) + 0 * self.rho.sum(-1)

    def own(models):
        return build(models)[0], Own(models)

    starts = start_of(build, [(0, fold) for fold in range(3)])
    run = train_one(toy_data(), own, how(weight_decay=10.0, epochs=1))
    for start, weights in zip(starts, run.weights, strict=True):
        assert torch.equal(weights.pop("loss.rho"), torch.ones(2))
        for name, value in weights.items():
            # Adam's steps of one sign are of the size of the learning rate.
            assert (value.abs() < start[name].abs()).float().mean() > 0.8, name


def states(change=None, **changes):
    """Return each fold's weights and outputs after one epoch, where nothing is chosen."""
    run = train_one(toy_data(change), build, how(epochs=1, **changes))
    return run.weights, run.outputs[HONEST]


@pytest.mark.parametrize("what", ["emotion", "valence", "clean", "noisy"])
def test_a_held_out_clip_and_its_copies_do_not_train(what):
    """Clip c00 is in fold 0: whatever it is, fold 0's model stays, the others change."""

    def change(arrays):
        arrays[what][0] = (arrays[what][0] + 1) % 3 if what == "emotion" else 9.0

    plain, altered = states()[0], states(change)[0]
    assert same(plain[0], altered[0])
    assert not same(plain[1], altered[1])
    assert not same(plain[2], altered[2])


@pytest.mark.parametrize("what", ["emotion", "valence", "clean", "noisy"])
def test_a_clip_of_the_inner_fold_does_not_train_either(what):
    """Clip c00 is held out for fold 0 and chooses the epoch of fold 2; it trains in fold 1."""

    def change(arrays):
        arrays[what][0] = (arrays[what][0] + 1) % 3 if what == "emotion" else 9.0

    plain, altered = states(selection="inner")[0], states(change, selection="inner")[0]
    assert same(plain[0], altered[0])
    assert not same(plain[1], altered[1])
    assert same(plain[2], altered[2])


@pytest.mark.parametrize("selection", ["folds", "inner"])
def test_copies_do_not_enter_standardisation_or_scores(selection):
    def change(arrays):
        arrays["noisy"][:] = 1e3

    data, altered = toy_data(), toy_data(change)
    sources = [Source(one, selection) for one in (data, altered)]
    for fold in range(3):
        one, other = (source.partitions[fold] for source in sources)
        assert np.array_equal(one.standardiser.mean, other.standardiser.mean)
        assert np.array_equal(one.standardiser.std, other.standardiser.std)
        for rows_of in (kept_rows, scored_rows):
            assert max(rows_of(one)) < len(data.labels)
            (first,), (second,) = (standardised(s, fold, rows_of(one)) for s in sources)
            assert torch.equal(first, second)


def standardised(source, fold, rows):
    """Return what a model of the source reads of rows, of each feature."""
    tables = Tables([source], torch.device("cpu"), "float32")
    return tables.gather(torch.from_numpy(tables.place(source, fold, rows))[None])


def test_test_clips_change_nothing_but_their_own_rows():
    def change(arrays):
        arrays["clean"][-1], arrays["valence"][-1] = 7.0, np.nan

    (plain, out), (altered, changed) = states(), states(change)
    for fold in range(3):
        assert same(plain[fold], altered[fold])
        assert np.array_equal(out[fold][:-1], changed[fold][:-1])
        assert not np.array_equal(out[fold][-1], changed[fold][-1])


def test_kept_epochs_are_those_of_the_readings():
    run = train_one(toy_data(), build, how(epochs=7))
    assert run.kept.keys() == run.outputs.keys() == set(READINGS)
    assert np.array_equal(run.kept["organiser"], organiser(run.criterion))
    assert np.array_equal(run.kept["honest"], honest(run.criterion))


def test_kept_weights_are_those_of_the_honest_epoch():
    """Against the same models trained without the loop that keeps and scores."""
    data, settings = toy_data(), how(epochs=7)
    run, hand = train_one(data, build, settings), ByHand(data, build, settings)
    seen = set()
    for epoch in range(7):
        hand.train(epoch)
        weights, outputs = hand.weights(), hand.outputs()
        for fold in range(3):
            if run.kept[HONEST][fold] == epoch:
                assert same(run.weights[fold], weights[fold])
            for reading in READINGS:
                if run.kept[reading][fold] == epoch:
                    seen.add((reading, fold))
                    assert np.array_equal(run.outputs[reading][fold], outputs[fold])
    assert len(seen) == 6


def test_kept_weights_give_the_honest_outputs():
    run = train_one(toy_data(), build, how(epochs=7))
    hand = ByHand(toy_data(), build, how(epochs=7))
    named = {name: torch.stack([one[name] for one in run.weights]) for name in run.weights[0]}
    with torch.no_grad():
        for name, parameter in hand.models.network.named_parameters():
            parameter.copy_(named[name])
    for mine, theirs in zip(hand.outputs(), run.outputs[HONEST], strict=True):
        assert np.array_equal(mine, theirs)


def test_curves_say_each_epoch_of_each_fold():
    first, second = train_stack([toy_data()], build, HOW, (3, 4))
    for seed, run in ((3, first), (4, second)):
        assert sorted((row["fold"], row["epoch"]) for row in run.curves) == [
            (fold, epoch) for fold in range(3) for epoch in range(1, 6)
        ]
        for row in run.curves:
            assert row["seed"] == seed == run.seed
            assert row["com"] == row["weighted_f1"] - 0.25 * row["mse"]
            assert row["loss"] == pytest.approx(row["loss_emotion"] + row["loss_valence"], rel=1e-6)
            assert run.criterion[row["fold"], row["epoch"] - 1] == row["com"]


def test_curves_tell_the_columns_of_the_contract_in_their_order():
    common = ["seed", "fold", "epoch", "loss", "loss_emotion", "loss_valence"]
    scores = ["weighted_f1", "mse", "com"]
    cases = [(build, "folds", [*common, *scores]), (build, "inner", [*common, *scores, "inner"])]
    cases += [(joint, "folds", [*common, "delta1", "delta2", *scores])]
    for form, selection, columns in cases:
        run = train_one(toy_data(), form, how(epochs=1, selection=selection))
        assert all(list(row) == columns for row in run.curves)


@pytest.mark.parametrize("selection", ["folds", "inner"])
def test_probabilities_are_float64_and_sum_to_one(selection):
    run = train_one(toy_data(), build, how(selection=selection))
    for reading in READINGS:
        for partition, outputs in zip(run.partitions, run.outputs[reading], strict=True):
            assert outputs.dtype == np.float64
            assert outputs.shape == (len(partition.held_out) + len(partition.tests), 4)
            assert np.abs(outputs[:, :3].sum(axis=1) - 1).max() < 1e-12


def test_more_epochs_repeat_the_first_ones():
    short = train_one(toy_data(), build, how(epochs=2))
    long = train_one(toy_data(), build, how(epochs=4))
    assert np.array_equal(short.criterion, long.criterion[:, :2])
    assert short.curves == [row for row in long.curves if row["epoch"] <= 2]
    few, many = (ByHand(toy_data(), build, how(epochs=epochs)) for epochs in (2, 4))
    for epoch in range(2):
        few.train(epoch)
        many.train(epoch)
        for one, other in zip(few.weights(), many.weights(), strict=True):
            assert same(one, other)


def test_a_loss_that_blows_up_ends_its_cross_validation():
    (lost,) = train_stack([toy_data()], build, how(learning_rate=1e30))
    assert isinstance(lost, Diverged)
    assert lost.fold in range(3)
    assert lost.epoch == 1
