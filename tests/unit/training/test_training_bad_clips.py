"""Clips that stand twice, are missing, unknown or too few: each named, or a defined behaviour."""

import numpy as np
import pandas as pd
import toy_corpus
from toy_corpus import NOUNS, finite


def double(path, row):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    pd.concat([table, table.iloc[[row]]]).to_csv(path, index=False)


def without(path, row):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.drop(index=row).to_csv(path, index=False)


@NOUNS
def test_a_clip_that_stands_twice_is_named(train, noun):
    assert "manifest.csv lists the clip 'clip003' twice" in train(
        noun, edit=lambda files: double(files.manifest, 3)
    )
    assert "folds.csv lists the clip 'clip002' twice" in train(
        noun, edit=lambda files: double(files.folds, 2)
    )


@NOUNS
def test_a_shard_given_twice_names_its_first_clip(train, noun):
    told = train(noun, edit=lambda files: files.clean.append(files.clean[0]))
    assert "both hold copy 0 of clip clip000" in told


@NOUNS
def test_folds_and_manifest_that_disagree_name_the_clip(train, noun):
    told = train(noun, edit=lambda files: without(files.folds, 5))
    assert "the training clip 'clip005' is in" in told
    told = train(noun, edit=lambda files: without(files.manifest, 5))
    assert "the training clip 'clip005' is in" in told


@NOUNS
def test_a_training_clip_without_features_is_left_out_and_told(train, noun):
    class Lacking(toy_corpus.ToyCorpus):
        def has(self, encoder, clip):
            return super().has(encoder, clip) and (encoder, clip) != ("HL", "clip004")

    out = train(noun, corpus=Lacking())
    assert "left out, 1 training clips without a face or without a feature: clip004" in (
        train.result.output
    )
    for frame in finite(out):
        assert "clip004" not in set(frame["clip"])
        assert "clip005" in set(frame["clip"])


def test_a_test_clip_without_a_feature_is_imputed_and_told(train):
    out = train("fusion", corpus=toy_corpus.ToyCorpus(faceless=("clip027",)))
    assert "imputed with the training mean, RF(pooling) of 1 test clips: clip027" in (
        train.result.output
    )
    assert "clip027" in set(finite(out)[1]["clip"])


@NOUNS
def test_features_of_unknown_clips_are_ignored_whatever_they_hold(train, noun):
    """The manifest loses a test clip, whose features are not even finite."""
    plain = toy_corpus.ToyCorpus(test=5)
    corpus = toy_corpus.ToyCorpus(test=6)
    for key, values in corpus.values.items():
        values[:29] = plain.values[key]
        values[29] = np.nan
    corpus.emotion[:29], corpus.valence[:29] = plain.emotion, plain.valence
    corpus.noisy = plain.noisy
    out = train(noun, corpus=corpus, edit=lambda files: without(files.manifest, 29))
    for frame in finite(out):
        assert "clip029" not in set(frame["clip"])


@NOUNS
def test_a_fold_that_features_leave_empty_is_named(train, noun):
    class Lacking(toy_corpus.ToyCorpus):
        def has(self, encoder, clip):
            return self.fold.get(clip) != 2

    assert "no training clip of fold 2 has all of" in train(noun, corpus=Lacking())


@NOUNS
def test_one_training_clip_leaves_folds_empty(train, noun):
    told = train(noun, corpus=toy_corpus.ToyCorpus(train=1, test=2), shards=1)
    assert "leaves the fold 1 empty: lower corpus.folds.count" in told


@NOUNS
def test_one_fold_is_refused(train, noun):
    told = train(noun, corpus=toy_corpus.ToyCorpus(train=9, folds=1))
    assert "need two or more: raise corpus.folds.count" in told


@NOUNS
def test_two_clips_in_two_folds_train(train, noun):
    """One clip trains each model: every feature is constant, and the model still says something."""

    def change(corpus):
        corpus.fold = {"clip000": 0, "clip001": 1}

    frames = finite(train(noun, corpus=toy_corpus.ToyCorpus(train=2, folds=2), change=change))
    assert sorted(frames[0][frames[0]["split"] == "train"]["clip"].unique()) == [
        "clip000",
        "clip001",
    ]


def test_no_training_clip_is_told(train):
    def edit(files):
        table = pd.read_csv(files.manifest, dtype=str, keep_default_na=False)
        table.assign(split="test1").to_csv(files.manifest, index=False)

    assert "has no clip of split 'train': add training clips" in train("fusion", edit=edit)


def test_no_test_clip_is_fine(train):
    out = train("fusion", corpus=toy_corpus.ToyCorpus(test=0))
    assert len(finite(out)[0]) == 24
