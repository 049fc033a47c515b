"""Precision and device: what they may change, and what they may not."""

import numpy as np
import pandas as pd
import pytest
import torch
import toy_corpus
import toy_members as toy

from merflow.training.readings import READINGS


def test_bfloat16_trains_on_a_cpu_close_to_float32():
    source = toy.source(dims=toy.FEATURES, sizes=(20, 20, 20), change=easy)
    runs = {}
    for precision in ("float32", "bfloat16"):
        settings = toy.how(precision=precision, epochs=12)
        runs[precision] = toy.alone(toy.member(source), settings, toy.of_joint(settings))
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
    here = toy.train(members, settings, toy.of_joint(settings))
    there = toy.train(members, settings, toy.of_joint(settings), device="cuda")
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
