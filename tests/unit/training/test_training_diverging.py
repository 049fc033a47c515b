"""A model that blows up: it is named, and the others are as they are without it."""

import numpy as np
import pandas as pd
import toy_corpus
import toy_members as toy

from merflow.training.engine.stack import Diverged


def test_a_layer_that_overflows_is_named_and_leaves_the_others_as_they_are(overflowing):
    good = [
        toy.member(toy.source(data=data), seed, f"layer{data}")
        for data in (1, 2)
        for seed in (0, 1)
    ]
    bad = toy.member(toy.source(change=toy.blowing), 0, "bad")
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
        assert f"HL(19), seed {seed}, fold 0 (the first) diverged in epoch 1" in told
    assert told.endswith("what else there is to train is trained and kept")
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
    assert "seed 0, fold 0 (the first) diverged in epoch" in result.output
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
