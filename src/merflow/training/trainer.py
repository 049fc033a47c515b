"""Training the models of one seed, all folds side by side, and recording their trajectories."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from merflow.errors import MerflowError
from merflow.training.adam import FlatAdam
from merflow.training.data import Dataset
from merflow.training.losses import Loss
from merflow.training.modules import key
from merflow.training.order import epoch_order, order_draws
from merflow.training.partition import Partition, partition_of
from merflow.training.readings import honest
from merflow.training.scores import Scores, score
from merflow.training.spec import Training

Build = Callable[[], tuple[nn.Module, Loss]]
State = dict[str, Tensor]
# Batches whose rows are gathered and standardised at once: fewer calls, bounded memory.
GATHERED_BATCHES = 64


class Pool:
    """All rows that may train, as tensors: clean clips first, corrupted copies after them."""

    def __init__(self, data: Dataset):
        """Lay out the rows of a dataset."""
        self.features = torch.from_numpy(np.concatenate([data.clean, data.copies]))
        clip_of = np.concatenate([np.arange(len(data.labels)), data.copy_of])
        self.clips = [data.labels.clips[row] for row in clip_of]
        self.copies = [0] * len(data.labels) + data.copy_number.tolist()
        self.emotion = torch.from_numpy(data.labels.emotion[clip_of])
        self.valence = torch.from_numpy(data.labels.valence[clip_of].astype(np.float32))


class FoldModel:
    """One model in training, with one fold held out."""

    def __init__(
        self,
        data: Dataset,
        pool: Pool,
        partition: Partition,
        build: Build,
        how: Training,
        seed: int,
    ):
        """Build the model, keyed by seed and fold, and standardise what it is evaluated on."""
        self.pool, self.dims, self.how = pool, list(data.dims), how
        self.network, self.loss = build()
        key(self.network, seed, partition.fold)
        groups = [(list(self.network.parameters()), how.weight_decay)]
        groups.append((list(self.loss.parameters()), 0.0))
        self.adam = FlatAdam(groups, how.learning_rate)
        self.rows = partition.training
        clips, copies = [pool.clips[row] for row in self.rows], [pool.copies[r] for r in self.rows]
        self.draws = order_draws(seed, partition.fold, clips, copies, how.epochs)
        self.mean = torch.from_numpy(partition.standardiser.mean)
        self.std = torch.from_numpy(partition.standardiser.std)
        self.evaluated = torch.from_numpy(partition.evaluation(data)).split(self.dims, dim=1)

    def train(self, epoch: int) -> float:
        """Train one epoch (counted from 0); return the mean loss over its rows."""
        self.network.train()
        order = torch.from_numpy(self.rows[epoch_order(self.draws, epoch)])
        losses = []
        for block in order.split(self.how.batch * GATHERED_BATCHES):
            features = (self.pool.features[block] - self.mean) / self.std
            emotion, valence = self.pool.emotion[block], self.pool.valence[block]
            for start in range(0, len(block), self.how.batch):
                some = slice(start, start + self.how.batch)
                loss = self._step(features[some], emotion[some], valence[some])
                losses.append(loss * len(emotion[some]))
        return math.fsum(losses) / len(order)

    def _step(self, features: Tensor, emotion: Tensor, valence: Tensor) -> float:
        """Take one step of Adam; return the loss before it."""
        decoded = self.network(features.split(self.dims, dim=1))
        loss = self.loss(decoded, emotion, valence)
        self.adam.clear()
        loss.backward()
        self.adam.step()
        return loss.item()

    @torch.no_grad()
    def predict(self) -> Float64[np.ndarray, "rows outputs"]:
        """Return class probabilities and, as a last column, valence if there is one.

        Rows are the held-out clips, then the tests.
        """
        self.network.eval()
        decoded = self.network(self.evaluated)
        columns = [torch.softmax(decoded.logits.double(), dim=1)]
        if decoded.valence is not None:
            columns.append(decoded.valence.double()[:, None])
        return torch.cat(columns, dim=1).numpy()

    def state(self) -> State:
        """Return copies of the network's and the loss's parameters, by name."""
        held = {**self.network.state_dict(), **self.loss.state_dict(prefix="loss.")}
        return {name: value.clone() for name, value in held.items()}


@dataclass
class Trajectories:
    """What one seed's models said after each epoch.

    Attributes:
        seed: Training seed.
        partitions: One a fold.
        criterion: What epochs are chosen by, on the held-out fold.
        outputs: For each fold, probabilities and valence of held-out and test rows.
        curves: Rows of ``curves.csv``; epochs count from 1.
        weights: For each fold the state at the epoch of the honest reading, if asked for.
    """

    seed: int
    partitions: Sequence[Partition]
    criterion: Float64[np.ndarray, "folds epochs"]
    outputs: list[Float64[np.ndarray, "epochs rows outputs"]]
    curves: list[dict[str, int | float]] = field(default_factory=list)
    weights: list[State] = field(default_factory=list)


def train_seed(
    data: Dataset,
    build: Build,
    how: Training,
    seed: int,
    classes: Sequence[str],
    with_weights: bool = True,
) -> Trajectories:
    """Train one model a fold, epoch by epoch side by side, and record every epoch.

    Side by side, because the honest reading of a fold is known from the others' curves: only the
    best state so far has to be kept.

    Args:
        data: Clips, labels and features.
        build: Makes an untrained network and its loss.
        how: Settings.
        seed: Training seed.
        classes: Names of the classes.
        with_weights: Whether states are kept.

    Raises:
        MerflowError: The loss of a model is not finite.
    """
    folds = range(data.labels.fold_count)
    partitions = [partition_of(data, fold) for fold in folds]
    pool = Pool(data)
    models = [FoldModel(data, pool, partition, build, how, seed) for partition in partitions]
    outputs: list[list[np.ndarray]] = [[] for _ in folds]
    result = Trajectories(seed, partitions, np.zeros((len(folds), how.epochs)), [])
    result.weights = [{} for _ in folds]
    for epoch in range(how.epochs):
        for fold, model in enumerate(models):
            loss = model.train(epoch)
            if not np.isfinite(loss):
                raise MerflowError(
                    f"the loss of seed {seed}, fold {fold} became {loss} in epoch {epoch + 1}: "
                    "lower training.learning_rate"
                )
            outputs[fold].append(model.predict())
            scores = _held_out_scores(data, partitions[fold], outputs[fold][-1], classes)
            result.criterion[fold, epoch] = scores.criterion
            result.curves.append(_curve_row(seed, fold, epoch, loss, scores, model.loss.deltas()))
        if with_weights:
            kept = honest(result.criterion[:, : epoch + 1])
            for fold in np.flatnonzero(kept == epoch).tolist():
                result.weights[fold] = models[fold].state()
    result.outputs = [np.stack(one) for one in outputs]
    return result


def _held_out_scores(
    data: Dataset,
    partition: Partition,
    outputs: Float[np.ndarray, "rows outputs"],
    classes: Sequence[str],
) -> Scores:
    held = outputs[: len(partition.held_out)]
    probabilities, valence = held[:, : len(classes)], held[:, len(classes) :]
    true = data.labels.valence[partition.held_out] if valence.size else None
    emotion = data.labels.emotion[partition.held_out]
    return score(emotion, probabilities, true, valence[:, 0] if valence.size else None, classes)


def _curve_row(
    seed: int,
    fold: int,
    epoch: int,
    loss: float,
    scores: Scores,
    deltas: tuple[float, float] | None,
) -> dict[str, int | float]:
    row: dict[str, int | float] = {"seed": seed, "fold": fold, "epoch": epoch + 1, "loss": loss}
    row["weighted_f1"] = scores.weighted_f1
    if scores.mse is not None and scores.com is not None:
        row |= {"mse": scores.mse, "com": scores.com}
    if deltas is not None:
        row |= {"delta1": deltas[0], "delta2": deltas[1]}
    return row
