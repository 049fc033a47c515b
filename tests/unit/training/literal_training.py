"""Toy datasets for the engine, the stacks that train them, and a model written a second time."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from toy_members import joined, of_probe, train

from merflow.probes.network import FEATURE
from merflow.training.data import Dataset
from merflow.training.engine.draws import Draws
from merflow.training.engine.epoch import Planner, Run
from merflow.training.engine.models import Models
from merflow.training.engine.stack import Trajectories
from merflow.training.engine.tables import Source, Tables
from merflow.training.engine.watch import CrossValidation, kept_rows

CLASSES = ("a", "b", "c")
CPU = torch.device("cpu")


def toy_data(change=None, copies=1, clips=24, tests=4) -> Dataset:
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
    return joined(arrays, {"F(1)": arrays["clean"]}, {"F(1)": arrays["noisy"][:, :copies]})


def build(models: int):
    return of_probe()(models)


def train_stack(datasets, build, how, seeds=(0,), classes=CLASSES):
    """Train a cross-validation of each dataset and seed in one stack; return what becomes of each.

    Datasets of one object share their source.
    """
    sources = {id(data): Source(data, how.selection) for data in datasets}
    members = [
        CrossValidation(f"toy {number}", sources[id(data)], seed, tuple(classes))
        for number, data in enumerate(datasets)
        for seed in seeds
    ]
    ended = train(members, how, build)
    return [ended[member.name, member.seed] for member in members]


def train_one(data, build, how, seed=0, classes=CLASSES) -> Trajectories:
    """Train one cross-validation, which must not diverge."""
    (run,) = train_stack([data], build, how, (seed,), classes)
    assert isinstance(run, Trajectories)
    return run


class ByHand:
    """The folds of one seed, trained epoch by epoch with the engine's parts but not its loop."""

    def __init__(self, data, build, how, seed=0):
        self.source = Source(data, how.selection)
        self.tables = Tables([self.source], CPU, how.precision)
        runs = [Run(self.source, partition, seed) for partition in self.source.partitions]
        self.models = Models(build, how, [(seed, run.partition.fold) for run in runs], CPU)
        self.planner = Planner(self.tables, runs, list(self.models.network.align), how)

    def train(self, epoch):
        for step in self.planner.epoch(epoch).steps():
            features = self.tables.gather(step.places)
            self.models.step(features, step.kept, step.truth, step.active)

    def weights(self):
        return [self.models.named(model) for model in range(len(self.models))]

    def outputs(self):
        """Return what each fold's model says of its held-out and test rows."""
        return outputs_of(self.models, self.tables, self.source)


def outputs_of(models, tables, source):
    rows = [kept_rows(partition) for partition in source.partitions]
    length = max(map(len, rows))
    laid = np.array([np.resize(own, length) for own in rows])
    places = [tables.place(source, fold, own) for fold, own in enumerate(laid)]
    said = models.predict(tables.gather(torch.from_numpy(np.array(places)))).numpy()
    return [out[: len(own)] for out, own in zip(said, rows, strict=True)]


class Literal:
    """One probe alone, written with PyTorch's own layers and optimiser, and a loop over batches.

    ``weights`` are those that the engine starts from, in its own form: [inputs, outputs]. With
    the parts of the joint decoder and ``loss.rho`` among them it decodes by eqs. 5 to 8 and
    minimises eq. 9.
    """

    def __init__(self, data, partition, how, seed, weights):
        self.data, self.partition, self.how = data, partition, how
        self.layers = nn.ModuleDict()
        for name in sorted({key.rpartition(".")[0] for key in weights} - {"loss"}):
            weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
            layer = nn.Linear(*weight.shape)
            layer.weight.data, layer.bias.data = weight.T.clone(), bias[0].clone()
            self.layers[name.replace(".", "-")] = layer
        groups = [{"params": list(self.layers.parameters()), "weight_decay": how.weight_decay}]
        self.rho = None
        if "loss.rho" in weights:
            self.rho = nn.Parameter(weights["loss.rho"].clone())
            groups.append({"params": [self.rho], "weight_decay": 0.0})
        self.adam = torch.optim.Adam(groups, lr=how.learning_rate, foreach=False, fused=False)
        clips = data.labels.clips
        copied = zip(data.copy_of, data.copy_number, strict=True)
        names = [(clip, 0) for clip in clips] + [(clips[row], int(n)) for row, n in copied]
        self.draws = Draws(seed, partition.fold, [names[r] for r in partition.training], how.epochs)
        raw = torch.from_numpy(np.concatenate([data.clean, data.copies]))
        mean, std = (torch.from_numpy(getattr(partition.standardiser, n)) for n in ("mean", "std"))
        self.features = (raw - mean) / std
        clip_of = np.concatenate([np.arange(len(clips)), data.copy_of])
        self.emotion = torch.from_numpy(data.labels.emotion[clip_of])
        self.valence = torch.from_numpy(data.labels.valence[clip_of]).float()

    def say(self, rows, kept=None):
        hidden = torch.relu(self.layers[f"align-{FEATURE}-linear"](self.features[rows]))
        hidden = hidden if kept is None else hidden * kept
        logits = self.layers["decoder-emotion"](hidden)
        valence = self.layers["decoder-valence"](hidden)
        if "decoder-final" in self.layers:
            other = torch.tanh(self.layers["decoder-branch"](torch.softmax(logits, dim=1)))
            valence = self.layers["decoder-final"](torch.cat([valence, other], dim=1))
        return logits, valence[:, 0]

    def deltas(self):
        return functional.softplus(self.rho) + 1e-4

    def train(self, epoch):
        """Train for an epoch; return the means over its rows of total, emotion, valence loss."""
        order = self.partition.training[self.draws.order(epoch)]
        share, width = self.how.dropout, self.how.width
        kept = torch.from_numpy(self.draws.kept(FEATURE, epoch, len(order), width, share))
        told = []
        for start in range(0, len(order), self.how.batch):
            rows = torch.from_numpy(order[start : start + self.how.batch])
            logits, valence = self.say(rows, kept[start : start + self.how.batch])
            of_emotion = functional.cross_entropy(logits, self.emotion[rows])
            of_valence = functional.mse_loss(valence, self.valence[rows])
            total = of_emotion + of_valence
            if self.rho is not None:
                d1, d2 = self.deltas()
                total = of_emotion / d1**2 + of_valence / (2 * d2**2)
                total = total + torch.log(1 + d1) + torch.log(1 + d2)
            self.adam.zero_grad()
            total.backward()
            self.adam.step()
            told += [[total.item(), of_emotion.item(), of_valence.item()]] * len(rows)
        return np.mean(told, axis=0)

    def weights(self):
        """Return the parameters as the engine names and lays them out."""
        found = {}
        for name, layer in self.layers.items():
            found[f"{name.replace('-', '.')}.weight"] = layer.weight.detach().T
            found[f"{name.replace('-', '.')}.bias"] = layer.bias.detach()[None]
        return found if self.rho is None else {**found, "loss.rho": self.rho.detach()}
