"""Stacks: alone as in any stack, what patience leaves, and a model that blows up."""

import numpy as np
import pandas as pd
import pytest
import torch
import toy_corpus
import toy_members as toy

from merflow.fusion.system import LOSSES
from merflow.training.engine.plan import Engine
from merflow.training.engine.stack import Diverged, Stack
from merflow.training.losses import SumLoss
from merflow.training.predictions import predictions_of
from merflow.training.readings import HONEST, ORGANISER, READINGS, keep
from merflow.training.scores import score

JOINT = {"strategy": 2, "decoder": "jdev", "loss": "paper"}


def systems(settings=toy.HOW):
    return toy.of_system(settings, **JOINT)


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
    stacked = toy.train(members, build=systems())
    for one in members:
        assert toy.same(toy.alone(one, build=systems()), stacked["probe", one.seed])


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


# Patience.


def stopped(curve, patience):
    """Return the epoch that early stopping keeps of a curve, and how many it has trained."""
    best = 0
    for epoch in range(len(curve)):
        best = epoch if curve[epoch] > curve[best] else best
        if epoch - best >= patience:
            return best, epoch + 1
    return best, len(curve)


def by_hand(run, patience):
    """Return the honest epochs of a whole trajectory, and how many epochs patience leaves."""
    curves = run.inner
    if curves is None:
        folds = range(len(run.criterion))
        curves = [np.delete(run.criterion, fold, axis=0).mean(axis=0) for fold in folds]
    kept, ends = zip(*(stopped(curve, patience) for curve in curves), strict=True)
    return list(kept), max(ends)


@pytest.mark.parametrize("selection", ["folds", "inner"])
@pytest.mark.parametrize("patience", [1, 2, 4])
def test_patience_cuts_the_whole_trajectory_and_changes_nothing_in_it(selection, patience):
    settings = {"epochs": 16, "learning_rate": 3e-2, "selection": selection}
    source = toy.source(selection, sizes=(5, 8, 6, 7))
    one = toy.member(source, 4)
    whole = toy.alone(one, toy.how(**settings))
    assert whole.criterion.shape == (4, 16)
    early = toy.alone(one, toy.how(**settings, patience=patience))
    kept, epochs = by_hand(whole, patience)
    assert early.criterion.shape[1] == epochs
    assert np.array_equal(early.criterion, whole.criterion[:, :epochs])
    assert early.curves == [row for row in whole.curves if row["epoch"] <= epochs]
    assert early.kept[HONEST].tolist() == kept
    assert np.array_equal(early.kept[ORGANISER], whole.criterion[:, :epochs].argmax(axis=1))
    again = toy.alone(one, toy.how(**{**settings, "epochs": epochs}, patience=patience))
    assert toy.same(early, again)


def test_patience_counts_from_the_last_fold_of_the_honest_reading():
    settings = toy.how(epochs=40, patience=3, learning_rate=3e-2)
    for seed in range(4):
        run = toy.alone(toy.member(toy.source(), seed), settings)
        latest = int(run.kept[HONEST].max())
        assert run.criterion.shape[1] == min(latest + 1 + 3, 40)


@pytest.mark.parametrize("selection", ["folds", "inner"])
def test_what_is_kept_scores_as_its_curve_says(selection):
    source = toy.source(selection, sizes=(5, 8, 6, 7), copies=1)
    run = toy.alone(toy.member(source), toy.how(epochs=9))
    data, labels = source.data, source.data.labels
    for reading in READINGS:
        assert np.array_equal(run.kept[reading], keep(reading, run.criterion, run.inner))
        frame = predictions_of(data, run, reading, toy.CLASSES, True)
        out_of_fold = frame[frame["split"] == "train"]
        assert (
            sorted(out_of_fold["clip"])
            == [c for c in labels.clips if c in set(frame["clip"])][: len(out_of_fold)]
        )
        for fold, part in out_of_fold.groupby("fold"):
            rows = [labels.clips.index(clip) for clip in part["clip"]]
            said = part[[f"p_{name}" for name in toy.CLASSES]].to_numpy()
            scores = score(
                labels.emotion[rows],
                said,
                labels.valence[rows],
                part["valence"].to_numpy(),
                toy.CLASSES,
            )
            assert scores.com == run.criterion[fold, run.kept[reading][fold]]


# A model that blows up.


@pytest.fixture
def overflowing(monkeypatch):
    """Let features through that are finite but overflow, so that a model blows up by them."""
    monkeypatch.setattr("merflow.training.data.LARGEST", np.finfo(np.float32).max)


def blowing(arrays):
    """Make the features finite, but too large for float32 once the mean is taken off."""
    arrays["F(1)"][:], arrays["F(1)"][::4] = 3e38, -3e38


def test_a_layer_that_overflows_is_named_and_leaves_the_others_as_they_are(overflowing):
    good = [
        toy.member(toy.source(data=data), seed, f"layer{data}")
        for data in (1, 2)
        for seed in (0, 1)
    ]
    bad = toy.member(toy.source(change=blowing), 0, "bad")
    found = toy.train([*good[:2], bad, *good[2:]])
    lost = found.pop(("bad", 0))
    assert isinstance(lost, Diverged)
    assert (lost.fold, lost.epoch) == (0, 1)
    assert not np.isfinite(lost.loss)
    assert len(found) == len(good)
    for one in good:
        assert toy.same(found[one.name, one.seed], toy.alone(one))


def test_a_learning_rate_too_high_is_told_with_the_epoch():
    member = toy.member(toy.source())
    lost = toy.alone(member, toy.how(learning_rate=1e30))
    assert isinstance(lost, Diverged)
    # The loss of the first steps was finite: it takes a step to blow up.
    assert lost.epoch == 1
    assert not np.isfinite(lost.loss)
    lost = toy.alone(member, toy.how(learning_rate=1e15, epochs=200, batch=64))
    assert isinstance(lost, Diverged)
    assert lost.epoch > 1


def test_a_diverging_system_is_told_and_the_others_are_kept(run, tmp_path, overflowing):
    corpus = toy_corpus.ToyCorpus()
    files = corpus.write(tmp_path / "corpus")
    plain = toy_corpus.probe_spec(corpus, training={**toy_corpus.TRAINING, "seeds": [0, 3]})
    assert run("probes", "train", *files.options(plain, tmp_path / "whole")).exit_code == 0
    corpus.values["HL", "19"][:], corpus.values["HL", "19"][::4] = 3e38, -3e38
    files = corpus.write(tmp_path / "bad")
    out = tmp_path / "out"
    result = run("probes", "train", *files.options(plain, out))
    assert result.exit_code == 1
    told = str(result.exception)
    assert "\n" not in told
    for seed in (0, 3):
        assert f"HL(19), seed {seed}, fold 0 diverged in epoch 1" in told
    assert told.endswith("(all others are trained and kept)")
    assert "HL(18)" not in told
    assert not (out / "curves.csv").exists()
    # The others: found again, equal to those that were trained without it.
    again = {**plain, "layers": ["18", "20"]}
    result = run("probes", "train", *files.options(again, out))
    assert result.output.count("kept from before") == 4
    for name in ("predictions-honest.parquet", "predictions-organiser.parquet"):
        wanted = pd.read_parquet(tmp_path / "whole" / name)
        wanted = wanted[wanted["layer"] != "19"].reset_index(drop=True)
        pd.testing.assert_frame_equal(pd.read_parquet(out / name), wanted, check_exact=True)


def test_a_diverging_choice_is_not_chosen(run, tmp_path):
    corpus = toy_corpus.ToyCorpus()
    files = corpus.write(tmp_path / "corpus")
    settings = {**toy_corpus.TRAINING, "learning_rate": [1e30, 1e-2], "seeds": [0, 1]}
    spec = toy_corpus.system_spec(corpus, training=settings)
    result = run("fusion", "train", *files.options(spec, tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert "seed 0, fold 0 diverged in epoch" in result.output
    curves = pd.read_csv(tmp_path / "out" / "curves.csv")
    assert set(curves["learning_rate"]) == {1e-2}
    assert curves["taken"].all()
    alone = {**spec, "training": {**settings, "learning_rate": 1e-2}}
    result = run("fusion", "train", *files.options(alone, tmp_path / "alone"))
    for name in ("predictions-honest.parquet", "predictions-organiser.parquet"):
        mine, wanted = (pd.read_parquet(tmp_path / f / name) for f in ("out", "alone"))
        pd.testing.assert_frame_equal(mine, wanted, check_exact=True)


def test_all_choices_diverging_is_told(run, tmp_path):
    corpus = toy_corpus.ToyCorpus()
    files = corpus.write(tmp_path / "corpus")
    settings = {**toy_corpus.TRAINING, "learning_rate": [1e30, 2e30]}
    spec = toy_corpus.system_spec(corpus, training=settings)
    result = run("fusion", "train", *files.options(spec, tmp_path / "out"))
    assert result.exit_code == 1
    assert "learning rate 1e+30" in str(result.exception)
    assert "learning rate 2e+30" in str(result.exception)


# Precision and device.


def test_bfloat16_trains_on_a_cpu_close_to_float32():
    source = toy.source(dims=toy.FEATURES, sizes=(20, 20, 20), change=easy)
    runs = {}
    for precision in ("float32", "bfloat16"):
        settings = toy.how(precision=precision, epochs=12)
        runs[precision] = toy.alone(toy.member(source), settings, systems(settings))
    one, other = (
        pd.DataFrame(runs[precision].curves).groupby("epoch").mean() for precision in runs
    )
    assert abs(one["weighted_f1"].iloc[-1] - other["weighted_f1"].iloc[-1]) < 0.05
    assert abs(one["loss"] / other["loss"] - 1).max() < 0.1
    assert not toy.same(*runs.values())
    assert all(value.dtype == torch.float32 for value in runs["bfloat16"].weights[0].values())


def easy(arrays):
    for name in toy.FEATURES:
        arrays[name][:] += 6 * arrays["emotion"][:, None]


def test_bfloat16_is_the_same_alone_and_in_a_stack():
    settings = toy.how(precision="bfloat16")
    members = [toy.member(toy.source(data=data), 0, f"layer{data}") for data in (1, 2)]
    stacked = toy.train(members, settings)
    for one in members:
        assert toy.same(toy.alone(one, settings), stacked[one.name, 0])


def test_precision_is_part_of_the_recipe(run, tmp_path):
    corpus = toy_corpus.ToyCorpus()
    files, out = corpus.write(tmp_path / "corpus"), tmp_path / "out"
    for precision in ("float32", "bfloat16"):
        training = {**toy_corpus.TRAINING, "precision": precision, "epochs": 1}
        spec = toy_corpus.system_spec(corpus, training=training)
        result = run("fusion", "train", *files.options(spec, out))
        assert result.exit_code == 0
        assert "kept from before" not in result.output


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("patience", [None, 3])
def test_a_gpu_gives_the_same_results(patience):
    settings = toy.how(epochs=8, learning_rate=1e-3, patience=patience)
    source = toy.source(dims=toy.FEATURES, copies=1)
    members = [toy.member(source, seed) for seed in (0, 1)]
    here = toy.train(members, settings, systems(settings))
    there = toy.train(members, settings, systems(settings), device="cuda")
    for name, run in here.items():
        assert np.allclose(run.criterion, there[name].criterion, atol=1e-4)
        for reading in READINGS:
            assert np.array_equal(run.kept[reading], there[name].kept[reading])
            for one, other in zip(run.outputs[reading], there[name].outputs[reading], strict=True):
                assert np.allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_gpu_that_is_not_there_is_told(run, tmp_path):
    corpus = toy_corpus.ToyCorpus()
    files = corpus.write(tmp_path / "corpus")
    options = files.options(toy_corpus.system_spec(corpus), tmp_path / "out")
    result = run("fusion", "train", *options, "--device", "cuda")
    assert result.exit_code == 1
    assert "PyTorch finds no GPU here" in str(result.exception)
