"""Labels shuffled, features as they are: every kind of system must land at chance.

Whatever lets a held-out clip's label into its own prediction would lift the score above it. The
same systems with true labels train beside them, in one stack: nothing may pass between the two.
"""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from literal_training import train_stack

from merflow.fusion.system import SystemSpec
from merflow.seeds import generator
from merflow.training.data import Rows, join
from merflow.training.engine import tables
from merflow.training.labels import Labels
from merflow.training.partition import partition_of
from merflow.training.predictions import predictions_of
from merflow.training.readings import HONEST
from merflow.training.scores import confusion_counts, score, weighted_f1_from_counts

CLASSES = ["neutral", "angry", "happy", "sad"]
SHARE = (0.4, 0.3, 0.2, 0.1)
CLASS_VALENCE = np.array([0.0, -2.5, 2.0, -2.0])
CLIPS, FOLDS, DRAWS = 240, 3, 200
DIMS = {"HL(18)": 12, "HL(19)": 12, "MR(block2)": 8, "RF(pooling)": 8}
TRAINING = {
    **{"width": 16, "dropout": 0.1, "epochs": 5, "batch": 40, "learning_rate": 3.0e-2},
    **{"weight_decay": 0.0, "seeds": [0], "patience": None},
    **{"selection": "folds", "precision": "float32"},
}
KINDS = list(product((1, 2, 3), ("baseline", "jdev"), ("sum", "kendall", "paper", "liebel")))


def corpus():
    """Return labels, stratified over folds, and features that tell them apart."""
    rng = generator(7, "a corpus for shuffled labels")
    counts = (np.array(SHARE) * CLIPS).astype(int)
    emotion = np.repeat(np.arange(len(CLASSES)), counts)
    valence = CLASS_VALENCE[emotion] + 0.5 * rng.standard_normal(CLIPS)
    names = tuple(f"clip{i:03d}" for i in range(CLIPS))
    labels = Labels(names, ("train",) * CLIPS, np.arange(CLIPS) % FOLDS, emotion, valence, FOLDS)
    features = {}
    for feature, dim in DIMS.items():
        centres = 2 * rng.standard_normal((len(CLASSES), dim))
        values = centres[emotion] + rng.standard_normal((CLIPS, dim))
        features[feature] = Rows(names, np.zeros(CLIPS, int), values.astype(np.float32))
    return labels, features


def placements(purpose, count):
    """Return ways to give the labels of each fold to other clips of it."""
    found = np.tile(np.arange(CLIPS), (count, 1))
    for fold in range(FOLDS):
        members = np.flatnonzero(np.arange(CLIPS) % FOLDS == fold)
        rng = generator(7, purpose, fold)
        found[:, members] = [rng.permutation(members) for _ in range(count)]
    return found


def moved(labels, place):
    """Return the labels with emotion and valence, together, of other clips."""
    return replace(labels, emotion=labels.emotion[place], valence=labels.valence[place])


def predict(labelled, features, strategy, decoder, loss, **changed):
    """Train one kind of system side by side on labels of several kinds.

    Return the honest reading's probabilities and valence of each.
    """
    spec = {"name": "x", "features": list(features), "strategy": strategy, "decoder": decoder}
    spec |= {"modalities": {"HL": "audio", "MR": "visual", "RF": "visual"}, "loss": loss}
    spec |= {"classes": CLASSES, "valence": True, "com": True, "training": TRAINING | changed}
    spec |= {"afg": {"scores": "vector", "shared": False}}
    spec |= {"jdev": {"delta_init": 1.0, "branch_input": "probabilities"}}
    system, sets = SystemSpec.from_spec(spec), [join(labels, features) for labels in labelled]
    (how,) = system.candidates
    runs = train_stack(
        sets, lambda models: system.build(sets[0].dims, how, models), how, classes=CLASSES
    )
    found = []
    for data, run in zip(sets, runs, strict=True):
        frame = predictions_of(data, run, HONEST, CLASSES, True)
        frame = frame.set_index("clip").loc[list(data.labels.clips)]
        found.append(
            (frame[[f"p_{name}" for name in CLASSES]].to_numpy(), frame["valence"].to_numpy())
        )
    return found


@cache
def said_of(strategy, decoder, loss, selection="folds"):
    """Return what systems trained side by side on true and on shuffled labels predict."""
    labels, features = corpus()
    labelled = [labels, moved(labels, placements("labels", 1)[0])]
    # With an inner fold half as many clips train: as many steps need twice the epochs.
    changed = {"selection": "inner", "epochs": 10} if selection == "inner" else {}
    return predict(labelled, features, strategy, decoder, loss, **changed)


def scores(labels, said):
    """Return weighted F1 and MSE, means over the folds."""
    found = []
    for fold in range(FOLDS):
        own = labels.fold == fold
        one = score(labels.emotion[own], said[0][own], labels.valence[own], said[1][own], CLASSES)
        found.append([one.weighted_f1, one.mse])
    return np.mean(found, axis=0)


def chance(labels, said):
    """Return the range of the scores of the same predictions beside labels shuffled anew.

    That is mean - 5 standard deviations and mean + 5 of the permutation distribution: rows low
    and high, columns weighted F1 and MSE.
    """
    place, chosen, found = placements("draws", DRAWS), said[0].argmax(axis=1), []
    for fold in range(FOLDS):
        own = labels.fold == fold
        counts = confusion_counts(chosen[own], labels.emotion[place[:, own]], len(CLASSES))
        squares = (said[1][own] - labels.valence[place[:, own]]) ** 2
        found.append([weighted_f1_from_counts(counts.swapaxes(1, 2)), squares.mean(axis=1)])
    mean, spread = np.mean(found, axis=0).mean(axis=1), np.mean(found, axis=0).std(axis=1)
    return np.array([mean - 5 * spread, mean + 5 * spread])


@pytest.fixture(scope="module")
def made():
    labels, features = corpus()
    return labels, moved(labels, placements("labels", 1)[0]), features


@pytest.fixture(scope="module")
def guessed(made):
    """Weighted F1 of guesses as frequent as the classes (stratified guessing)."""
    labels, _, _ = made
    sure = [np.eye(len(CLASSES))[labels.emotion[place]] for place in placements("guess", DRAWS)]
    return np.array([scores(labels, (one, labels.valence))[0] for one in sure])


def test_guesses_as_frequent_as_the_classes_score_the_sum_of_squared_shares(guessed):
    assert guessed.mean() == pytest.approx(np.square(SHARE).sum(), abs=0.01)


@pytest.mark.parametrize("kind", [*KINDS, *((*kind, "inner") for kind in KINDS[::5])])
def test_with_shuffled_labels_every_kind_of_system_lands_at_chance(made, guessed, kind):
    _, labels, _ = made
    _, said = said_of(*kind)
    low, high = chance(labels, said)
    found = scores(labels, said)
    assert (low <= found).all()
    assert (found <= high).all()
    assert found[0] <= guessed.mean() + 5 * guessed.std()


@pytest.mark.parametrize("kind", [*KINDS, *((*kind, "inner") for kind in KINDS[::5])])
def test_with_true_labels_systems_are_far_above_chance(made, kind):
    labels, _, _ = made
    said, _ = said_of(*kind)
    low, high = chance(labels, said)
    found = scores(labels, said)
    assert found[0] > max(0.85, high[0] + 0.2)
    assert found[1] < 0.5 * low[1]


@pytest.mark.parametrize("decoder", ["baseline", "jdev"])
def test_held_out_clips_that_train_would_be_noticed(made, monkeypatch, decoder):
    _, labels, features = made

    def leaking(data, fold, selection):
        one = partition_of(data, fold, selection)
        return replace(one, training=np.concatenate([one.training, one.held_out]))

    monkeypatch.setattr(tables, "partition_of", leaking)
    (said,) = predict([labels], features, 1, decoder, "sum", epochs=30, dropout=0.0)
    _, high = chance(labels, said)
    assert scores(labels, said)[0] > high[0] + 0.1
