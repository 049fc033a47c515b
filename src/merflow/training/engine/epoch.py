"""The steps of one epoch: which rows each model of a stack sees, and what it drops."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from merflow.training.engine.draws import Draws
from merflow.training.engine.tables import Source, Tables
from merflow.training.losses import Truth
from merflow.training.partition import Partition
from merflow.training.spec import Training


@dataclass(frozen=True)
class Step:
    """One minibatch of each model.

    Attributes:
        places: Rows in the tables.
        kept: Dropout of each feature.
        truth: Labels and weights of the rows.
        counts: How many rows each model has.
        active: Models that have any.
    """

    places: Int[Tensor, "M batch"]
    kept: list[Float[Tensor, "M batch D"]] | None
    truth: Truth
    counts: Float[Tensor, " M"]
    active: Sequence[int]


@dataclass(frozen=True)
class Epoch:
    """One epoch of each model, filled up to whole batches.

    Attributes:
        batch: Rows of a step.
        places: Rows in the tables.
        kept: Dropout of each feature; models of one seed and fold share theirs, by ``which``.
        which: Row of ``kept`` of each model.
        truth: Labels and weights.
        counts: Rows of each model in each step.
        rows: Rows of each model in all.
    """

    batch: int
    places: Int[Tensor, "M rows"]
    kept: list[Float[Tensor, "draws rows D"]] | None
    which: Int[Tensor, " M"]
    truth: Truth
    counts: Float[Tensor, "steps M"]
    rows: Float[Tensor, " M"]

    def steps(self) -> Iterator[Step]:
        """Give the steps in order."""
        several = None if self.kept is None or len(self.kept[0]) == len(self.which) else self.which
        active = [np.flatnonzero(row).tolist() for row in self.counts.cpu().numpy()]
        for number in range(len(self.counts)):
            some = slice(number * self.batch, (number + 1) * self.batch)
            kept = None
            if self.kept is not None:
                kept = [one[:, some] for one in self.kept]
                kept = kept if several is None else [one[several] for one in kept]
            truth = Truth(
                self.truth.emotion[:, some], self.truth.valence[:, some], self.truth.weight[:, some]
            )
            yield Step(self.places[:, some], kept, truth, self.counts[number], active[number])


@dataclass(frozen=True)
class Run:
    """What one model of a stack reads: a source with one fold held out, and its seed."""

    source: Source
    partition: Partition
    seed: int


DrawsKey = tuple[int, int, str]
"""Seed, fold, and which rows train: what decides the draws of a model."""


class Planner:
    """Lays out the epochs of the models of a stack."""

    def __init__(
        self,
        tables: Tables,
        runs: Sequence[Run],
        features: Sequence[str],
        how: Training,
        draws: dict[DrawsKey, Draws] | None = None,
    ):
        """Take in what each model reads.

        Args:
            tables: The features.
            runs: Of each model.
            features: Names that dropout is keyed by.
            how: Settings.
            draws: Those made before, which serve again; new ones are added.
        """
        self.tables, self.runs, self.features, self.how = tables, runs, list(features), how
        known = {} if draws is None else draws
        self._draws: dict[DrawsKey, Draws] = {}
        self._names = []
        for run in runs:
            name = (run.seed, run.partition.fold, run.source.trained)
            if name not in known:
                rows = [run.source.rows[row] for row in run.partition.training.tolist()]
                known[name] = Draws(run.seed, run.partition.fold, rows, how.epochs)
            self._draws[name] = known[name]
            self._names.append(name)
        counts = np.array([len(run.partition.training) for run in runs])
        self._steps = -(-int(counts.max()) // how.batch)
        starts = np.arange(self._steps)[:, None] * how.batch
        per_step = np.clip(counts - starts, 0, how.batch).astype(np.float32)
        self._counts = torch.from_numpy(per_step).to(tables.device)
        self._rows = torch.from_numpy(counts.astype(np.float64)).to(tables.device)
        weight = np.repeat(1.0 / np.maximum(per_step, 1.0), how.batch, axis=0).T
        filled = np.arange(self._steps * how.batch) >= counts[:, None]
        weight = np.where(filled, 0.0, weight).astype(np.float32)
        self._weight = torch.from_numpy(weight).to(tables.device)

    def epoch(self, epoch: int) -> Epoch:
        """Return an epoch (counted from 0)."""
        length, device = self._steps * self.how.batch, self.tables.device
        laid = np.zeros((len(self.runs), length), dtype=np.int64)
        for index, run in enumerate(self.runs):
            order = run.partition.training[self._draws[self._names[index]].order(epoch)]
            own = self.tables.place(run.source, run.partition.fold, order)
            laid[index, : len(order)] = own
            # Rows of weight 0: any of the model's own will do.
            laid[index, len(order) :] = own[0]
        places = torch.from_numpy(laid).to(device)
        emotion, valence = self.tables.emotion[places], self.tables.valence[places]
        return Epoch(
            batch=self.how.batch,
            places=places,
            kept=self._kept(epoch, length) if self.how.dropout else None,
            which=self._which(),
            truth=Truth(emotion, valence, self._weight),
            counts=self._counts,
            rows=self._rows,
        )

    def _which(self) -> Int[Tensor, " M"]:
        number = {name: index for index, name in enumerate(self._draws)}
        return torch.tensor([number[name] for name in self._names], device=self.tables.device)

    def _kept(self, epoch: int, length: int) -> list[Float[Tensor, "draws rows D"]]:
        """Return the dropout of every feature, for each seed and fold once."""
        found = []
        for feature in self.features:
            own = [
                one.kept(feature, epoch, length, self.how.width, self.how.dropout)
                for one in self._draws.values()
            ]
            found.append(torch.from_numpy(np.stack(own)).to(self.tables.device))
        return found
