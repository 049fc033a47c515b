"""Bad input: each a sentence that names the thing, or a behaviour that is defined."""

import numpy as np
import pandas as pd
import pytest
import toy_corpus
from safetensors import safe_open

from merflow.errors import MerflowError

READINGS = ("organiser", "honest")


@pytest.fixture
def train(run, tmp_path):
    """Return a function that writes a corpus as ``change`` leaves it, and trains on it.

    ``edit`` may alter its files afterwards. It returns the run folder, or the sentence of the
    error.
    """

    def call(noun, corpus=None, change=None, edit=None, noise=False, shards=2, **changes):
        corpus = corpus or toy_corpus.ToyCorpus()
        if change:
            change(corpus)
        files = corpus.write(tmp_path / "corpus", shards)
        if edit:
            edit(files)
        make = toy_corpus.system_spec if noun == "fusion" else toy_corpus.probe_spec
        spec = make(corpus, **changes)
        if noise:
            spec["augmentation"] = "noise"
        out = tmp_path / "out"
        result = call.result = run(noun, "train", *files.options(spec, out, noise))
        if result.exit_code == 0:
            return out
        assert isinstance(result.exception, MerflowError), result.output
        told = str(result.exception)
        assert "\n" not in told
        assert not list(tmp_path.glob("**/predictions-*"))
        return told

    return call


NOUNS = pytest.mark.parametrize("noun", ["fusion", "probes"])


def finite(folder):
    """Return the predictions of both readings, which are whole numbers, probabilities, valences."""
    frames = [pd.read_parquet(folder / f"predictions-{reading}.parquet") for reading in READINGS]
    for frame in frames:
        numbers = frame.select_dtypes("number").to_numpy()
        assert np.isfinite(numbers).all()
    return frames


# Features.


@NOUNS
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_names_clip_and_feature(train, noun, value):
    def change(corpus):
        corpus.values["HL", "19"][7, 3] = value

    told = train(noun, change=change)
    assert told == (
        "the feature HL(19) of the clip 'clip007' (copy 0) contains NaN or infinity, or numbers "
        "beyond 1e+18: check the clip and extract its features again"
    )


def test_a_copy_or_test_clip_that_is_not_finite_is_named_too(train):
    def change(corpus):
        corpus.noisy["RF", "pooling"][5, 0, 1] = np.nan

    assert "RF(pooling) of the clip 'clip005' (copy 1)" in train(
        "fusion", change=change, noise=True
    )

    def change_test(corpus):
        corpus.values["MR", "block2"][25, 0] = np.inf

    assert "MR(block2) of the clip 'clip025' (copy 0)" in train("fusion", change=change_test)


def test_a_feature_that_no_system_uses_may_hold_anything(train):
    def change(corpus):
        corpus.values["HL", "20"][:] = np.nan

    finite(train("fusion", change=change, features=["HL(18)", "HL(19)", "RF(pooling)"]))


@NOUNS
@pytest.mark.parametrize("value", [0.0, 1e-30, 3.1, -1e17])
def test_a_constant_feature_trains_with_a_standard_deviation_of_one(train, noun, value):
    def change(corpus):
        corpus.values["HL", "19"][:] = value
        corpus.values["HL", "18"][:, 2] = value

    out = train(noun, change=change)
    finite(out)
    if noun == "fusion":
        with safe_open(out / "weights-seed0.safetensors", framework="np") as file:
            for fold in range(3):
                assert (file.get_tensor(f"fold{fold}/standardise/HL(19)/std") == 1.0).all()
                mean = file.get_tensor(f"fold{fold}/standardise/HL(19)/mean")
                assert np.allclose(mean, value, rtol=1e-6)
                stds = file.get_tensor(f"fold{fold}/standardise/HL(18)/std")
                assert (stds == 1.0).tolist() == [False, False, True, False, False, False]


def test_a_probe_of_a_constant_layer_says_the_same_of_every_clip(train):
    def change(corpus):
        corpus.values["HL", "19"][:] = 4.0

    for frame in finite(train("probes", change=change)):
        of_layer = frame[frame["layer"] == "19"]
        names = [name for name in frame if name.startswith("p_")]
        for _, own in of_layer.groupby("fold"):
            assert np.ptp(own[names].to_numpy(), axis=0).max() < 1e-6


@NOUNS
def test_all_features_of_one_clip_may_be_far_off(train, noun):
    def change(corpus):
        corpus.values["HL", "19"][3] = 1e6

    finite(train(noun, change=change))


@pytest.mark.parametrize("clip", [3, 26])
def test_a_clip_with_numbers_too_large_for_squares_is_named(train, clip):
    def change(corpus):
        corpus.values["HL", "19"][clip] = 3e38

    assert f"'clip{clip:03d}' (copy 0) contains" in train("fusion", change=change)


# Labels.


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


def double(path, row):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    pd.concat([table, table.iloc[[row]]]).to_csv(path, index=False)


def without(path, row):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.drop(index=row).to_csv(path, index=False)


# Clips.


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


# Settings.


@NOUNS
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("patience", 0),
        ("patience", "ten"),
        ("patience", True),
        ("selection", "outer"),
        ("precision", "float16"),
        ("learning_rate", []),
        ("learning_rate", [1e-3, 1e-3]),
        ("learning_rate", [1e-3, 0.0]),
        ("width", [8, 0]),
        ("dropout", [0.1, 1.0]),
        ("epochs", [1, 2]),
        ("batch", 0),
        ("seeds", []),
    ],
)
def test_a_bad_setting_is_named(train, noun, key, value):
    told = train(noun, training={**toy_corpus.TRAINING, key: value})
    assert f"{key}" in told
    assert "set it to" in told


@NOUNS
@pytest.mark.parametrize("key", ["patience", "selection", "precision"])
def test_a_missing_setting_is_named(train, noun, key):
    training = {k: v for k, v in toy_corpus.TRAINING.items() if k != key}
    assert f"the setting '{key}' is missing" in train(noun, training=training)


def test_a_batch_larger_than_the_corpus_is_one_step(train):
    """At most 18 clips train a fold; the rows that fill a batch up weigh nothing."""
    large, exact = (
        finite(train("fusion", training={**toy_corpus.TRAINING, "batch": batch}))
        for batch in (100, 18)
    )
    for one, other in zip(large, exact, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=0, atol=1e-5)
