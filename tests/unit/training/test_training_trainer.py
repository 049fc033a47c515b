"""The trainer on a plain network: learning, common random numbers, and what never leaks."""

import math

import numpy as np
import pytest
import torch

from merflow.errors import MerflowError
from merflow.probes.network import Probe
from merflow.training.data import Rows, join
from merflow.training.labels import Labels
from merflow.training.losses import SumLoss
from merflow.training.partition import partition_of
from merflow.training.readings import honest
from merflow.training.spec import Training
from merflow.training.trainer import FoldModel, Pool, train_seed

CLASSES = ["a", "b", "c"]
HOW = Training(12, 0.3, 5, 8, 1e-2, 1e-5, (0,))


def toy_data(change=None, copies=1, clips=24, tests=4, valence=True):
    """Return a dataset of one feature; ``change`` may alter the arrays before they are joined."""
    rng = np.random.default_rng(5)
    count = clips + tests
    emotion = np.arange(count) % 3
    arrays = {
        "emotion": emotion,
        "valence": np.array([0.0, -2.5, 2.0])[emotion] + 0.3 * rng.standard_normal(count),
        "clean": (np.eye(3)[emotion] @ rng.standard_normal((3, 6))).astype(np.float32),
        "fold": np.where(np.arange(count) < clips, np.arange(count) // 3 % 3, -1),
    }
    arrays["clean"] += 0.2 * rng.standard_normal((count, 6)).astype(np.float32)
    noisy = arrays["clean"][:clips, None] + rng.standard_normal((clips, max(copies, 1), 6))
    arrays["noisy"] = noisy.astype(np.float32)
    if change:
        change(arrays)
    names = tuple(f"c{i:02d}" for i in range(count))
    split = ("train",) * clips + ("test1",) * tests
    labels = Labels(
        names, split, arrays["fold"], emotion := arrays["emotion"], arrays["valence"], 3
    )
    clean = {"F(1)": Rows(names, np.zeros(len(emotion), int), arrays["clean"])}
    if not copies:
        return join(labels, clean)
    whose = [name for name in names[:clips] for _ in range(copies)]
    numbers = np.tile(np.arange(copies) + 1, clips)
    return join(labels, clean, {"F(1)": Rows(whose, numbers, arrays["noisy"].reshape(-1, 6))})


def build():
    return Probe(6, HOW.width, HOW.dropout, 3, True), SumLoss()


def how(**changes):
    return Training(**{**vars(HOW), **changes})


def test_training_learns_what_can_be_told():
    data = toy_data(clips=60)
    run = train_seed(data, build, how(epochs=40), 0, CLASSES)
    last = {row["fold"]: row for row in run.curves if row["epoch"] == 40}
    variance = float(np.var(data.labels.valence[:60]))
    for row in last.values():
        assert row["weighted_f1"] > 0.9
        assert row["mse"] < 0.5 * variance
    first = [row["loss"] for row in run.curves if row["epoch"] == 1]
    assert np.mean([row["loss"] for row in last.values()]) < 0.5 * np.mean(first)


def test_a_step_is_adam_on_the_minibatches_in_order():
    """Against a loop written with PyTorch's own parts, without dropout."""
    data, settings = toy_data(), how(dropout=0.0)
    partition = partition_of(data, 1)
    pool = Pool(data)

    def plain():
        return Probe(6, 12, 0.0, 3, True), SumLoss()

    model = FoldModel(data, pool, partition, plain, settings, 0)
    copy = Probe(6, 12, 0.0, 3, True)
    copy.load_state_dict(model.network.state_dict())
    adam = torch.optim.Adam(copy.parameters(), lr=1e-2, weight_decay=1e-5, fused=False)
    mean, std = torch.tensor(partition.standardiser.mean), torch.tensor(partition.standardiser.std)
    for epoch in range(3):
        order = partition.training[np.argsort(model.draws[:, epoch])]
        losses = []
        for start in range(0, len(order), 8):
            rows = torch.tensor(order[start : start + 8])
            logits, valence = copy([(pool.features[rows] - mean) / std])
            loss = torch.nn.functional.cross_entropy(logits, pool.emotion[rows])
            loss = loss + ((valence - pool.valence[rows]) ** 2).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses += [loss.item()] * len(rows)
        assert model.train(epoch) == pytest.approx(np.mean(losses), rel=1e-5)
    for mine, theirs in zip(model.network.parameters(), copy.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)


def test_uncertainties_are_not_decayed():
    class Own(SumLoss):
        def __init__(self):
            super().__init__()
            self.rho = torch.nn.Parameter(torch.ones(2))

        def forward(self, decoded, emotion, valence):
            return super().forward(decoded, emotion, valence) + 0 * self.rho.sum()

    data = toy_data()
    own = FoldModel(
        data,
        Pool(data),
        partition_of(data, 0),
        lambda: (build()[0], Own()),
        how(weight_decay=10.0),
        0,
    )
    before = [p.detach().clone() for p in own.network.parameters()]
    own.train(0)
    assert torch.equal(own.loss.rho.detach(), torch.ones(2))
    assert not torch.equal(before[0], next(own.network.parameters()))


def states(change=None, **changes):
    """Return each fold's weights and outputs after one epoch, where nothing is chosen."""
    run = train_seed(toy_data(change), build, how(epochs=1, **changes), 0, CLASSES)
    return run.weights, run.outputs


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("what", ["emotion", "valence", "clean", "noisy"])
def test_a_held_out_clip_and_its_copies_do_not_train(what):
    """Clip c00 is in fold 0: whatever it is, fold 0's model stays, the others change."""

    def change(arrays):
        arrays[what][0] = (arrays[what][0] + 1) % 3 if what == "emotion" else 9.0

    plain, altered = states()[0], states(change)[0]
    assert same(plain[0], altered[0])
    assert not same(plain[1], altered[1])
    assert not same(plain[2], altered[2])


def test_copies_do_not_enter_standardisation_or_scores():
    def change(arrays):
        arrays["noisy"][:] = 1e3

    data, altered = toy_data(), toy_data(change)
    for fold in range(3):
        one, other = partition_of(data, fold), partition_of(altered, fold)
        assert np.array_equal(one.standardiser.mean, other.standardiser.mean)
        assert np.array_equal(one.standardiser.std, other.standardiser.std)
        assert np.array_equal(one.evaluation(data), other.evaluation(altered))
        assert max(one.held_out) < len(data.labels)


def test_test_clips_change_nothing_but_their_own_rows():
    def change(arrays):
        arrays["clean"][-1], arrays["valence"][-1] = 7.0, np.nan

    (plain, out), (altered, changed) = states(), states(change)
    for fold in range(3):
        assert same(plain[fold], altered[fold])
        assert np.array_equal(out[fold][:, :-1], changed[fold][:, :-1])
        assert not np.array_equal(out[fold][:, -1], changed[fold][:, -1])


def test_kept_weights_are_those_of_the_honest_epoch():
    data, settings = toy_data(), how(epochs=7)
    run = train_seed(data, build, settings, 0, CLASSES)
    kept = honest(run.criterion)
    for fold in range(3):
        model = FoldModel(data, Pool(data), partition_of(data, fold), build, settings, 0)
        model.network.load_state_dict(run.weights[fold])
        assert np.array_equal(model.predict(), run.outputs[fold][kept[fold]])


def test_curves_say_each_epoch_of_each_fold():
    run = train_seed(toy_data(), build, HOW, 3, CLASSES)
    assert sorted((row["fold"], row["epoch"]) for row in run.curves) == [
        (fold, epoch) for fold in range(3) for epoch in range(1, 6)
    ]
    for row in run.curves:
        assert row["seed"] == 3
        assert row["com"] == row["weighted_f1"] - 0.25 * row["mse"]
        assert run.criterion[row["fold"], row["epoch"] - 1] == row["com"]


def test_probabilities_are_float64_and_sum_to_one():
    run = train_seed(toy_data(), build, HOW, 0, CLASSES)
    for outputs in run.outputs:
        assert outputs.dtype == np.float64
        assert np.abs(outputs[:, :, :3].sum(axis=2) - 1).max() < 1e-12


def test_more_epochs_repeat_the_first_ones():
    short = train_seed(toy_data(), build, how(epochs=2), 0, CLASSES)
    long = train_seed(toy_data(), build, how(epochs=4), 0, CLASSES)
    for one, other in zip(short.outputs, long.outputs, strict=True):
        assert np.array_equal(one, other[:2])


def test_a_loss_that_blows_up_is_told():
    with pytest.raises(MerflowError, match=r"lower training\.learning_rate"):
        train_seed(toy_data(), build, how(learning_rate=1e30), 0, CLASSES)


def test_a_large_dataset_is_gathered_in_blocks(monkeypatch):
    whole = train_seed(toy_data(), build, HOW, 0, CLASSES)
    monkeypatch.setattr("merflow.training.trainer.GATHERED_BATCHES", 1)
    blocks = train_seed(toy_data(), build, HOW, 0, CLASSES)
    for one, other in zip(whole.outputs, blocks.outputs, strict=True):
        assert np.array_equal(one, other)
    assert all(math.isfinite(row["loss"]) for row in whole.curves)
