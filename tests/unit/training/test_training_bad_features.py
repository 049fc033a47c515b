"""Bad features: each a sentence that names clip and feature, or a behaviour that is defined."""

import numpy as np
import pytest
from safetensors import safe_open
from toy_corpus import NOUNS, finite


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
