"""Training a stack of cross-validations of one form, side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int
from torch import Tensor

from merflow.training.engine.checkpoint import Checkpoint, name_of
from merflow.training.engine.draws import Draws
from merflow.training.engine.epoch import DrawsKey, Epoch, Planner, Run
from merflow.training.engine.models import Models, State
from merflow.training.engine.tables import Tables
from merflow.training.engine.watch import CrossValidation, Watch, kept_rows, scored_rows
from merflow.training.network import Build
from merflow.training.partition import Partition
from merflow.training.readings import HONEST, READINGS
from merflow.training.spec import Training


@dataclass(frozen=True)
class Form:
    """What all models of a stack have in common.

    Attributes:
        build: Makes an untrained stack and its loss.
        how: Settings.
    """

    build: Build
    how: Training


@dataclass(frozen=True)
class Trajectories:
    """What is left of a cross-validation.

    Attributes:
        seed: Training seed.
        partitions: One a fold.
        criterion: After each epoch the score that epochs are chosen by, on the held-out fold.
        inner: The same on the inner fold, if there is one.
        kept: Kept epochs (counted from 0) of each reading.
        outputs: Of each reading and fold what the kept epoch's model says of held-out and test
            rows: probabilities and, if there is one, valence.
        curves: Rows of ``curves.csv``.
        weights: Parameters of each fold's model at the honest reading's epoch, by name.
    """

    seed: int
    partitions: Sequence[Partition]
    criterion: Float64[np.ndarray, "folds epochs"]
    inner: Float64[np.ndarray, "folds epochs"] | None
    kept: dict[str, Int[np.ndarray, " folds"]]
    outputs: dict[str, list[Float64[np.ndarray, "_ outputs"]]]
    curves: list[dict[str, int | float]]
    weights: list[State]


@dataclass(frozen=True)
class Diverged:
    """A cross-validation that was given up: a model's loss or prediction is not finite."""

    fold: int
    epoch: int
    loss: float


class Stack:
    """Cross-validations of one form in training.

    Attributes:
        form: What they have in common.
        tables: Of their sources.
        checkpoint: Where it is written down how far they are, if it is.
        watches: Of those that have not ended.
        models: Of the same, in their order.
        best: Their parameters at the kept epochs, by reading.
        lost: By name those that have diverged.
    """

    def __init__(
        self,
        form: Form,
        members: Sequence[CrossValidation],
        tables: Tables,
        checkpoint: Checkpoint | None = None,
    ):
        """Set all models to their start.

        Args:
            form: What they have in common.
            members: At least one.
            tables: Of the members' sources.
            checkpoint: Where to write down how far it is, and to go on from.
        """
        self.form, self.tables, self.checkpoint = form, tables, checkpoint
        self.watches = [Watch(member, form.how.patience) for member in members]
        self.lost: dict[str, Diverged] = {}
        self._ended_before: list[tuple[CrossValidation, Diverged]] = []
        keys = [(member.seed, fold) for member in members for fold in range(member.folds)]
        self.models = Models(form.build, form.how, keys, tables.device)
        self.best = self._copies(self.models)
        self._draws: dict[DrawsKey, Draws] = {}
        self._plan()
        if checkpoint is not None:
            self._resume(checkpoint)

    @staticmethod
    def _copies(models: Models) -> dict[str, State]:
        own = models.parameters()
        return {r: {name: value.clone() for name, value in own.items()} for r in READINGS}

    def _plan(self) -> None:
        """Lay out the rows of the models that are left."""
        self._runs = [
            Run(watch.member.source, partition, watch.member.seed)
            for watch in self.watches
            for partition in watch.member.source.partitions
        ]
        features = list(self.models.network.align)
        self._planner = Planner(self.tables, self._runs, features, self.form.how, self._draws)
        self._scored = [scored_rows(run.partition) for run in self._runs]
        # Freed first: on a large stack both together would be gigabytes.
        self._scored_features: list[Tensor] = []
        self._scored_features = self._features(self._runs, self._scored)

    def _features(self, runs: Sequence[Run], rows: Sequence[np.ndarray]) -> list[Tensor]:
        """Return features of each model's rows, filled up to one length."""
        length = max(len(one) for one in rows)
        laid = np.zeros((len(rows), length), dtype=np.int64)
        for index, (run, own) in enumerate(zip(runs, rows, strict=True)):
            laid[index, : len(own)] = self.tables.place(run.source, run.partition.fold, own)
        return self.tables.gather(torch.from_numpy(laid).to(self.tables.device))

    def run(self) -> Iterator[tuple[CrossValidation, Trajectories | Diverged]]:
        """Train until all have ended; give each cross-validation when it ends."""
        yield from self._ended_before
        while self.watches:
            epoch = len(self.watches[0].criterion)
            losses = self._train(self._planner.epoch(epoch))
            outputs = self.models.predict(self._scored_features).numpy()
            said = [out[: len(rows)] for out, rows in zip(outputs, self._scored, strict=True)]
            ended: dict[int, Trajectories | Diverged] = {}
            start = 0
            for number, watch in enumerate(self.watches):
                folds = range(start, start + watch.member.folds)
                start = folds.stop
                bad = _not_finite(folds, losses, said)
                if bad is not None:
                    lost = Diverged(bad - folds.start, epoch + 1, float(losses[bad, 0]))
                    ended[number] = self.lost[name_of(watch.member)] = lost
                    continue
                self._keep(watch.add([said[m] for m in folds], self._columns(losses, folds)), folds)
                if watch.ended(self.form.how.epochs):
                    ended[number] = self._finish(watch, list(folds))
            found = [(self.watches[number].member, result) for number, result in ended.items()]
            self._shrink(set(ended))
            yield from found
            if self.checkpoint is not None:
                self.checkpoint.write(self)
        if self.checkpoint is not None:
            self.checkpoint.remove()

    def _train(self, epoch: Epoch) -> Float64[np.ndarray, "M losses"]:
        """Train all models for an epoch; return their mean total, emotion and valence loss."""
        sums = torch.zeros(len(self.models), 3, device=self.tables.device)
        for step in epoch.steps():
            features = self.tables.gather(step.places)
            losses = self.models.step(features, step.kept, step.truth, step.active)
            for column, loss in enumerate(losses):
                if loss is not None:
                    sums[:, column] += loss * step.counts
        return (sums.double() / epoch.rows[:, None]).cpu().numpy()

    def _columns(self, losses: np.ndarray, folds: range) -> list[dict[str, float]]:
        """Return what ``curves.csv`` tells of the losses of some models."""
        deltas = self.models.loss.deltas()
        told = []
        for model in folds:
            row = {"loss": float(losses[model, 0]), "loss_emotion": float(losses[model, 1])}
            if self.models.network.decoder.valence is not None:
                row["loss_valence"] = float(losses[model, 2])
            if deltas is not None:
                row |= zip(("delta1", "delta2"), deltas[model].tolist(), strict=True)
            told.append(row)
        return told

    def _keep(self, improved: dict[str, list[int]], folds: range) -> None:
        """Copy the parameters of the models whose kept epoch has just been trained."""
        own = self.models.parameters()
        for reading, which in improved.items():
            for fold in which:
                for name, value in own.items():
                    self.best[reading][name][folds[fold]].copy_(value[folds[fold]])

    def _finish(self, watch: Watch, models: list[int]) -> Trajectories:
        """Predict with the kept parameters, and tell what is left."""
        taken, index = self.models.take(models), torch.tensor(models, device=self.tables.device)
        runs = [self._runs[model] for model in models]
        rows = [kept_rows(run.partition) for run in runs]
        features, outputs, weights = self._features(runs, rows), {}, []
        for reading in READINGS:
            taken.load({name: value[index] for name, value in self.best[reading].items()})
            said = taken.predict(features).numpy()
            outputs[reading] = [out[: len(own)] for out, own in zip(said, rows, strict=True)]
            if reading == HONEST:
                weights = [taken.named(model) for model in range(len(taken))]
        criterion, inner = watch.arrays()
        return Trajectories(
            seed=watch.member.seed,
            partitions=[run.partition for run in runs],
            criterion=criterion,
            inner=inner,
            kept=watch.kept(),
            outputs=outputs,
            curves=watch.curves,
            weights=weights,
        )

    def _shrink(self, ended: set[int]) -> None:
        """Go on with the cross-validations that have not ended."""
        if not ended:
            return
        left: list[int] = []
        start = 0
        for number, watch in enumerate(self.watches):
            if number not in ended:
                left += range(start, start + watch.member.folds)
            start += watch.member.folds
        self.watches = [w for number, w in enumerate(self.watches) if number not in ended]
        if left:
            self.models = self.models.take(left)
            index = torch.tensor(left, device=self.tables.device)
            for kept in self.best.values():
                kept.update({name: value[index] for name, value in kept.items()})
            self._plan()

    def _resume(self, checkpoint: Checkpoint) -> None:
        """Go on from the checkpoint, if there is one of these members or of some of them."""
        found = checkpoint.read([watch.member for watch in self.watches])
        if found is None:
            return
        self.lost = {name: Diverged(**told) for name, told in found.lost.items()}
        lost = {n for n, w in enumerate(self.watches) if name_of(w.member) in self.lost}
        members = [self.watches[number].member for number in sorted(lost)]
        self._ended_before = [(member, self.lost[name_of(member)]) for member in members]
        self._shrink(lost)
        if not self.watches:
            return
        self.models.load(found.models)
        for reading, state in found.best.items():
            for name, value in state.items():
                self.best[reading][name].copy_(value)
        for watch, seen in zip(self.watches, found.seen, strict=True):
            watch.criterion, watch.inner = seen["criterion"], seen["inner"]
            watch.curves = seen["curves"]
        told = f"{len(self.watches)} begun before go on"
        print(f"{told} from epoch {len(self.watches[0].criterion) + 1}", flush=True)


def _not_finite(folds: range, losses: np.ndarray, said: Sequence[np.ndarray]) -> int | None:
    """Return the first model whose losses or predictions are not finite, if any."""
    for model in folds:
        if not (np.isfinite(losses[model]).all() and np.isfinite(said[model]).all()):
            return model
    return None
