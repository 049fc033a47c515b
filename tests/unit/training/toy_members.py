"""Cross-validations in memory, and the engine around them, for the tests of the engine."""

from dataclasses import replace

import numpy as np
import toy_corpus

from merflow.fusion.system import SystemSpec
from merflow.probes.network import probe
from merflow.training.data import Rows, join
from merflow.training.engine.plan import Engine
from merflow.training.engine.stack import Form, Stack
from merflow.training.engine.tables import Source, Tables
from merflow.training.engine.watch import CrossValidation
from merflow.training.labels import Labels
from merflow.training.losses import SumLoss
from merflow.training.spec import Training

CLASSES = ("neutral", "angry", "happy")
HOW = Training(12, 0.3, 5, None, 8, 1e-2, 1e-5, "folds", "float32", (0,))
# Held-out clips of each fold: 20, 17 and 13 of 25 train, in 3, 3 and 2 batches of 8 of which the
# last is short.
RAGGED = (5, 8, 12)
DIMS = {"F(1)": 6}
FEATURES = {"HL(18)": 6, "HL(19)": 6, "MR(block2)": 5, "RF(pooling)": 4}


def how(**changes):
    return replace(HOW, **changes)


def dataset(dims=None, sizes=RAGGED, tests=4, copies=0, data=5, change=None):
    """Return a dataset whose labels features tell; ``data`` seeds the features alone.

    ``change`` may alter emotion, valence and the clean features before they are joined.
    """
    dims = dims or DIMS
    rng, count, clips = np.random.default_rng(5), sum(sizes) + tests, sum(sizes)
    emotion = np.arange(count) % 3
    arrays = {
        "emotion": emotion,
        "valence": np.array([0.0, -2.5, 2.0])[emotion] + 0.3 * rng.standard_normal(count),
    }
    rng = np.random.default_rng(data)
    for name, dim in dims.items():
        centres = rng.standard_normal((3, dim))
        noise = 0.6 * rng.standard_normal((count, dim))
        arrays[name] = (5 + 3 * (centres[emotion] + noise)).astype(np.float32)
    if change:
        change(arrays)
    noisy = {
        name: arrays[name][:clips, None]
        + rng.standard_normal((clips, copies, dim)).astype(np.float32)
        for name, dim in dims.items()
    }
    fold = rng_order(np.repeat(np.arange(len(sizes)), sizes))
    arrays["fold"] = np.concatenate([fold, np.full(tests, -1)])
    return joined(arrays, {name: arrays[name] for name in dims}, noisy)


def joined(arrays, clean, noisy):
    """Join labels, [clips, dim] of each feature and [training clips, copies, dim] of its copies.

    ``arrays`` holds emotion, valence and fold; a clip of fold -1 is a test clip.
    """
    fold = arrays["fold"]
    names = tuple(f"c{i:02d}" for i in range(len(fold)))
    split = tuple("test1" if one < 0 else "train" for one in fold)
    labels = Labels(names, split, fold, arrays["emotion"], arrays["valence"], int(fold.max()) + 1)
    rows = {name: Rows(names, np.zeros(len(names), int), clean[name]) for name in clean}
    clips, copies, _ = next(iter(noisy.values())).shape
    if not copies:
        return join(labels, rows)
    whose = [name for name in names[:clips] for _ in range(copies)]
    numbers = np.tile(np.arange(copies) + 1, clips)
    flat = {name: noisy[name].reshape(clips * copies, -1) for name in noisy}
    return join(labels, rows, {name: Rows(whose, numbers, flat[name]) for name in flat})


def blowing(arrays):
    """Make the features finite, but too large for float32 once the mean is taken off."""
    arrays["F(1)"][:], arrays["F(1)"][::4] = 3e38, -3e38


def rng_order(fold):
    return np.random.default_rng(1).permutation(fold)


def of_probe(settings=HOW, dim=6, valence=True):
    """Return what builds stacks of probes."""
    return lambda models: (probe(models, dim, settings.width, 3, valence), SumLoss())


def of_system(settings=HOW, features=FEATURES, **changes):
    """Return what builds stacks of a fusion system."""
    spec = toy_corpus.system_spec(toy_corpus.ToyCorpus(), features=list(features), **changes)
    system = SystemSpec.from_spec(spec)
    return lambda models: system.build(list(features.values()), settings, models)


def of_joint(settings=HOW):
    """Return what builds stacks of a fusion system of all that trains: gates, branch, deltas."""
    return of_system(settings, strategy=2, decoder="jdev", loss="paper")


def member(source, seed=0, name="probe"):
    return CrossValidation(name, source, seed, CLASSES)


def stack(members, settings=HOW, build=None, checkpoint=None, device="cpu"):
    """Return a stack of members, ready to run."""
    sources = list({id(one.source): one.source for one in members}.values())
    tables = Tables(sources, Engine(device).place(), settings.precision)
    form = Form(build or of_probe(settings, sources[0].data.dims[0]), settings)
    return Stack(form, members, tables, checkpoint)


def train(members, settings=HOW, build=None, checkpoint=None, device="cpu"):
    """Return what is left of each member, by name and seed."""
    found = stack(members, settings, build, checkpoint, device).run()
    return {(one.name, one.seed): result for one, result in found}


def alone(one, settings=HOW, build=None):
    (result,) = train([one], settings, build).values()
    return result


def source(selection="folds", **changes):
    return Source(dataset(**changes), selection)


def same(one, other):
    """Say whether two trajectories are equal to the bit, in everything that is left of them."""
    pairs = [(one.criterion, other.criterion)]
    pairs += [(one.kept[reading], other.kept[reading]) for reading in one.kept]
    for reading in one.outputs:
        pairs += zip(one.outputs[reading], other.outputs[reading], strict=True)
    for mine, theirs in zip(one.weights, other.weights, strict=True):
        pairs += [(mine[name].numpy(), theirs[name].numpy()) for name in mine | theirs]
    return one.curves == other.curves and all(np.array_equal(a, b) for a, b in pairs)
