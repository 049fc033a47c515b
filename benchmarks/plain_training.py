"""The plain trainers that the benchmark of training compares with: one model at a time.

Written as the challenge's scripts are: a Dataset of dictionaries of arrays, DataLoaders of 32,
modules of ``nn.Linear``, ``torch.optim.Adam``, scores by scikit-learn. The organisers' schedule
runs 100 epochs and scores the selection fold and both tests after each; the fair one stops after
ten epochs without a better one and scores the tests once.
"""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.metrics import accuracy_score, f1_score, mean_squared_error
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from merflow.training.data import Dataset

BATCH, RATE, DECAY, DROPOUT = 32, 1e-3, 1e-5, 0.3
CLASSES = 6
Batch = tuple[dict[str, Tensor], Tensor, Tensor, list[str]]


class Clips(TorchDataset):
    """Clips, one dictionary of vectors each."""

    def __init__(self, features: dict[str, np.ndarray], data: Dataset, rows: np.ndarray):
        """Keep some rows of a dataset, their features standardised."""
        self.features = features
        self.names = [data.labels.clips[row] for row in rows]
        self.emotion = data.labels.emotion[rows]
        self.valence = data.labels.valence[rows].astype(np.float32)

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], int, float, str]:
        """Return the vectors of a clip, its labels and its name."""
        vectors = {name: values[index] for name, values in self.features.items()}
        return vectors, self.emotion[index], self.valence[index], self.names[index]


class Align(nn.Module):
    """DA-Mat: linear, ReLU, dropout."""

    def __init__(self, dim: int, width: int):
        """Make the layers."""
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, width), nn.ReLU(), nn.Dropout(DROPOUT))

    def forward(self, x: Tensor) -> Tensor:
        """Return the aligned state."""
        return self.layers(x)


class Attention(nn.Module):
    """Eqs. 1 to 3 over a given number of states."""

    def __init__(self, count: int, width: int):
        """Make W and b."""
        super().__init__()
        self.scores = nn.Linear(width, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(count))

    def forward(self, states: Sequence[Tensor]) -> Tensor:
        """Return the fused state."""
        stacked = torch.stack(list(states), dim=1)
        alpha = torch.softmax(self.scores(stacked).squeeze(-1) + self.bias, dim=1)
        return (alpha.unsqueeze(-1) * stacked).sum(dim=1)


class Fusion(nn.Module):
    """The three strategies; features are given as audio first, then pictures."""

    def __init__(self, strategy: int, audio: int, visual: int, width: int):
        """Make the attentions of a strategy."""
        super().__init__()
        self.strategy, self.audio = strategy, audio
        inputs = {1: audio + visual, 2: audio, 3: 1 + visual}[strategy]
        self.outer = Attention(inputs, width)
        inner = {1: [], 2: [1 + visual] * audio, 3: [audio]}[strategy]
        self.inner = nn.ModuleList([Attention(count, width) for count in inner])

    def forward(self, states: list[Tensor]) -> Tensor:
        """Return the fused state."""
        audio, visual = states[: self.audio], states[self.audio :]
        if self.strategy == 2:
            pairs = zip(self.inner, audio, strict=True)
            states = [attention([state, *visual]) for attention, state in pairs]
        elif self.strategy == 3:
            states = [self.inner[0](audio), *visual]
        return self.outer(states)


class Decoder(nn.Module):
    """Two heads, or eqs. 5 to 8."""

    def __init__(self, width: int, joint: bool):
        """Make the heads."""
        super().__init__()
        self.emotion, self.valence = nn.Linear(width, CLASSES), nn.Linear(width, 1)
        self.branch = nn.Linear(CLASSES, 1) if joint else None
        self.final = nn.Linear(2, 1) if joint else None

    def forward(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits and valence."""
        logits, valence = self.emotion(hidden), self.valence(hidden)
        if self.branch is not None and self.final is not None:
            decided = torch.tanh(self.branch(torch.softmax(logits, dim=1)))
            valence = self.final(torch.cat([valence, decided], dim=1))
        return logits, valence.squeeze(-1)


class Model(nn.Module):
    """A probe (one feature) or a system, with its loss."""

    def __init__(self, dims: dict[str, int], width: int, strategy: int = 1, joint: bool = False):
        """Make the model; ``joint`` has the joint decoder and the loss of eq. 9."""
        super().__init__()
        self.align = nn.ModuleList([Align(dim, width) for dim in dims.values()])
        self.names = list(dims)
        audio = sum(name.startswith("HL") for name in dims)
        alone = len(dims) == 1
        self.fuse = None if alone else Fusion(strategy, audio, len(dims) - audio, width)
        self.decoder = Decoder(width, joint)
        # Softplus of it is 1 at the start.
        self.rho = nn.Parameter(torch.full((2,), 0.5413)) if joint else None

    def forward(self, features: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return logits and valence."""
        pairs = zip(self.align, self.names, strict=True)
        states = [align(features[name]) for align, name in pairs]
        return self.decoder(states[0] if self.fuse is None else self.fuse(states))

    def loss(self, features: dict[str, Tensor], emotion: Tensor, valence: Tensor) -> Tensor:
        """Return CE + MSE, or eq. 9."""
        logits, said = self(features)
        of_emotion = functional.cross_entropy(logits, emotion)
        of_valence = functional.mse_loss(said, valence)
        if self.rho is None:
            return of_emotion + of_valence
        first, second = functional.softplus(self.rho)
        weighted = of_emotion / first**2 + of_valence / (2 * second**2)
        return weighted + torch.log(1 + first) + torch.log(1 + second)


@dataclass
class Plain:
    """What one plain training cost and reached.

    Attributes:
        com: Com on the held-out fold after each epoch.
        weighted_f1: The same of weighted F1.
        spent: CPU-seconds of each epoch by loading (of training batches), training, evaluation.
        once: CPU-seconds that do not grow with the epochs.
    """

    com: list[float] = field(default_factory=list)
    weighted_f1: list[float] = field(default_factory=list)
    spent: list[dict[str, float]] = field(default_factory=list)
    once: float = 0.0

    @property
    def each(self) -> dict[str, float]:
        """CPU-seconds of an epoch by part, medians."""
        parts = ("loading", "training", "evaluation")
        return {part: float(np.median([epoch[part] for epoch in self.spent])) for part in parts}

    def scaled(self, epochs: float) -> float:
        """Return the CPU-seconds of a training of so many epochs."""
        return self.once + sum(self.each.values()) * epochs

    @property
    def best(self) -> int:
        """The epoch that is best on the held-out fold, from 0."""
        return int(np.argmax(self.com))


class Loaders:
    """The DataLoaders of one fold, standardised as scikit-learn does it."""

    def __init__(self, data: Dataset, fold: int):
        """Standardise by the training part and make the loaders."""
        labels = data.labels
        split = np.array(labels.split)
        train = np.flatnonzero((split == "train") & (labels.fold != fold))
        rows = {"train": train, "held_out": np.flatnonzero(labels.fold == fold)}
        rows |= {name: np.flatnonzero(split == name) for name in sorted(set(split) - {"train"})}
        ends = np.cumsum(data.dims)[:-1]
        scaler = StandardScaler().fit(data.clean[train])
        self.by_name = {}
        for name, chosen in rows.items():
            parts = np.split(scaler.transform(data.clean[chosen]), ends, axis=1)
            features = dict(zip(data.features, parts, strict=True))
            clips = Clips(features, data, chosen)
            self.by_name[name] = DataLoader(clips, batch_size=BATCH, shuffle=name == "train")

    @property
    def tests(self) -> list[DataLoader]:
        """Those of the tests."""
        return [self.by_name[name] for name in self.by_name if name not in ("train", "held_out")]


def train(model: Model, loaders: Loaders, epochs: int, patience: int | None = None) -> Plain:
    """Train one model; with a patience the tests are scored once, without after every epoch."""
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, weight_decay=DECAY)
    found = Plain()
    kept = copy.deepcopy(model.state_dict())
    for epoch in range(epochs):
        spent = {"loading": 0.0, "training": 0.0}
        _epoch(model, optimiser, loaders.by_name["train"], spent)
        start = time.process_time()
        weighted_f1, com = evaluate(model, loaders.by_name["held_out"])
        found.weighted_f1.append(weighted_f1)
        found.com.append(com)
        if patience is None:
            [evaluate(model, loader) for loader in loaders.tests]
        elif found.best == epoch:
            kept = copy.deepcopy(model.state_dict())
        found.spent.append(spent | {"evaluation": time.process_time() - start})
        if patience is not None and epoch - found.best >= patience:
            break
    if patience is not None:
        start = time.process_time()
        model.load_state_dict(kept)
        [evaluate(model, loader) for loader in loaders.tests]
        found.once += time.process_time() - start
    return found


def _epoch(
    model: Model, optimiser: torch.optim.Adam, loader: DataLoader, spent: dict[str, float]
) -> None:
    """Train one epoch; note what loading and training cost."""
    model.train()
    for features, emotion, valence, _ in _timed(loader, spent):
        start = time.process_time()
        loss = model.loss(features, emotion, valence)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        spent["training"] += time.process_time() - start


def _timed(loader: DataLoader, spent: dict[str, float]) -> Iterator[Batch]:
    """Return the batches of a loader; note what getting them cost."""
    batches = iter(loader)
    while True:
        start = time.process_time()
        batch = next(batches, None)
        spent["loading"] += time.process_time() - start
        if batch is None:
            return
        yield batch


@torch.no_grad()
def evaluate(model: Model, loader: DataLoader) -> tuple[float, float]:
    """Return weighted F1 and Com, by scikit-learn."""
    model.eval()
    said: list[list[np.ndarray]] = [[], [], [], []]
    for features, emotion, valence, _ in loader:
        logits, guessed = model(features)
        for part, value in zip(said, (logits, guessed, emotion, valence), strict=True):
            part.append(value.numpy())
    logits, guessed, emotion, valence = (np.concatenate(part) for part in said)
    predicted = logits.argmax(axis=1)
    accuracy_score(emotion, predicted)  # the scripts print it
    weighted_f1 = f1_score(emotion, predicted, average="weighted")
    return float(weighted_f1), float(weighted_f1 - 0.25 * mean_squared_error(valence, guessed))


def run(
    data: Dataset, fold: int, build: Callable[[], Model], epochs: int, patience: int | None = None
) -> Plain:
    """Train one model with a fold held out; weights start from PyTorch's seed 0."""
    torch.manual_seed(0)
    start = time.process_time()
    loaders = Loaders(data, fold)
    preparing = time.process_time() - start
    found = train(build(), loaders, epochs, patience)
    found.once += preparing
    return found
