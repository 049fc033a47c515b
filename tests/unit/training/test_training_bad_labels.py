"""Bad labels: each a sentence that names the clip, or a behaviour that is defined."""

import numpy as np
import pandas as pd
import pytest
import toy_corpus
from toy_corpus import NOUNS, finite


@NOUNS
def test_a_class_that_a_fold_lacks_is_trained_and_scored_as_it_is(train, noun):
    """Fold 0 holds no clip of 'happy', and all of them train its model."""

    def change(corpus):
        for clip, emotion in zip(corpus.clips, corpus.emotion, strict=True):
            if clip in corpus.fold and emotion == 2 and corpus.fold[clip] == 0:
                corpus.fold[clip] = 1

    out = train(noun, change=change)
    finite(out)
    curves = pd.read_csv(out / "curves.csv")
    assert curves["weighted_f1"].between(0, 1).all()
    assert curves[curves["fold"] == 0]["weighted_f1"].max() > 0.5


@NOUNS
def test_a_class_that_no_other_fold_has_is_never_right(train, noun):
    """All clips of 'happy' are in fold 0, whose model has seen none."""

    def change(corpus):
        for clip, emotion in zip(corpus.clips, corpus.emotion, strict=True):
            if clip in corpus.fold:
                corpus.fold[clip] = 0 if emotion == 2 else 1 + corpus.clips.index(clip) % 2

    training = {**toy_corpus.TRAINING, "epochs": 25, "learning_rate": 3e-2}
    out = train(noun, change=change, training=training)
    finite(out)
    curves = pd.read_csv(out / "curves.csv")
    last = curves[curves["epoch"] == 25].groupby("fold")["weighted_f1"]
    assert last.max()[0] == 0.0
    assert last.min()[1] > 0.5


@NOUNS
def test_equal_labels_train_and_are_all_told_right(train, noun):
    def change(corpus):
        corpus.emotion[:], corpus.valence[:] = 1, -2.5

    out = train(noun, change=change)
    finite(out)
    curves = pd.read_csv(out / "curves.csv")
    last = curves[curves["epoch"] == curves["epoch"].max()]
    assert (last["weighted_f1"] == 1.0).all()


@NOUNS
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_training_clip_without_valence_is_named(train, noun, value):
    def change(corpus):
        corpus.valence[4] = value

    told = train(noun, change=change)
    assert "training clip 'clip004' the valence" in told
    assert told.endswith("correct it or set corpus.valence to false")


@NOUNS
def test_without_valence_none_is_needed(train, noun):
    def change(corpus):
        corpus.valence[:] = np.nan

    out = train(noun, change=change, valence=False)
    assert "valence" not in finite(out)[0]
    columns = list(pd.read_csv(out / "curves.csv").columns)
    assert not {"mse", "com", "loss_valence"} & set(columns)


def test_a_test_clip_needs_no_valence(train):
    def change(corpus):
        corpus.valence[24:] = np.nan

    finite(train("fusion", change=change))


def test_a_joint_decoder_without_valence_is_refused(train):
    told = train("fusion", valence=False, decoder="jdev", loss="paper")
    assert "the corpus has no valence: use decoder baseline, loss sum" in told


@NOUNS
def test_an_unknown_emotion_is_named(train, noun):
    told = train(noun, edit=lambda files: rewrite(files.manifest, 6, "emotion", "bored"))
    assert "the training clip 'clip006' the emotion 'bored'" in told


def rewrite(path, row, column, value):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[row, column] = value
    table.to_csv(path, index=False)
