"""Watching one cross-validation: its curves, the epochs that are kept, and when it has ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from merflow.training.engine.tables import Source
from merflow.training.partition import Partition
from merflow.training.readings import HONEST, READINGS, keep
from merflow.training.scores import Scores, score

Outputs = Float64[np.ndarray, "_ outputs"]


@dataclass(frozen=True)
class CrossValidation:
    """The models of one system, one choice of settings and one seed: one for each held-out fold.

    They train and end together, since the honest reading of a fold needs the others' curves.

    Attributes:
        name: What to call it in the log and in errors.
        source: What its models read.
        seed: Training seed.
        classes: Names of the classes.
        com: Whether the corpus has Com; without it weighted F1 is what is watched.
    """

    name: str
    source: Source
    seed: int
    classes: tuple[str, ...]
    com: bool = True

    @property
    def folds(self) -> int:
        """How many models it has."""
        return self.source.data.labels.fold_count


@dataclass
class Watch:
    """What has been seen of a cross-validation so far.

    Attributes:
        member: The cross-validation.
        patience: See :class:`merflow.training.spec.Training`.
        criterion: After each epoch the score of each fold's model on its held-out fold.
        inner: The same on its inner fold; empty where there is none.
        curves: Rows of ``curves.csv``; epochs count from 1.
    """

    member: CrossValidation
    patience: int | None = None
    criterion: list[list[float]] = field(default_factory=list)
    inner: list[list[float]] = field(default_factory=list)
    curves: list[dict[str, int | float]] = field(default_factory=list)

    def add(
        self, outputs: Sequence[Outputs], losses: Sequence[Mapping[str, float]]
    ) -> dict[str, list[int]]:
        """Take in an epoch; return, for each reading, the folds whose kept epoch it now is.

        Args:
            outputs: Of each fold's model, on its held-out rows and then its inner ones.
            losses: Of each fold's model: more columns of its row of ``curves.csv``.
        """
        epoch = len(self.criterion)
        held: list[float] = []
        within: list[float] = []
        for partition, said, loss in zip(
            self.member.source.partitions, outputs, losses, strict=True
        ):
            count = len(partition.held_out)
            scores = self._score(partition.held_out, said[:count])
            held.append(scores.criterion)
            row: dict[str, int | float] = {"seed": self.member.seed, "fold": partition.fold}
            row |= {"epoch": epoch + 1, **loss, **_told(scores)}
            if len(partition.inner):
                scores = self._score(partition.inner, said[count:])
                within.append(scores.criterion)
                row["inner"] = scores.criterion
            self.curves.append(row)
        self.criterion.append(held)
        if within:
            self.inner.append(within)
        return {
            reading: np.flatnonzero(kept == epoch).tolist() for reading, kept in self.kept().items()
        }

    def kept(self) -> dict[str, Int[np.ndarray, " folds"]]:
        """Return the epochs that each reading keeps of those seen (counted from 0)."""
        held, within = self.arrays()
        return {reading: keep(reading, held, within, self.patience) for reading in READINGS}

    def arrays(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Return ``criterion`` and ``inner`` as arrays of shape [folds, epochs]."""
        return np.array(self.criterion).T, np.array(self.inner).T if self.inner else None

    def ended(self, epochs: int) -> bool:
        """Say whether all epochs are over, or patience with every fold.

        Patience goes by the honest reading: the organiser's keeps late epochs that are best on
        the reported fold by chance, and would drag the training on.
        """
        seen = len(self.criterion)
        if seen >= epochs or self.patience is None:
            return seen >= epochs
        return seen - 1 - int(self.kept()[HONEST].max()) >= self.patience

    def _score(self, rows: Int[np.ndarray, " rows"], said: Outputs) -> Scores:
        labels, classes = self.member.source.data.labels, self.member.classes
        valence = said[:, len(classes)] if said.shape[1] > len(classes) else None
        true = None if valence is None else labels.valence[rows]
        said = said[:, : len(classes)]
        return score(labels.emotion[rows], said, true, valence, classes, self.member.com)

    def progress(self) -> dict[str, Any]:
        """Return what has been seen, for a checkpoint."""
        return {"criterion": self.criterion, "inner": self.inner, "curves": self.curves}


def _told(scores: Scores) -> dict[str, float]:
    told = {"weighted_f1": scores.weighted_f1}
    told |= {"mse": scores.mse} if scores.mse is not None else {}
    return told | ({"com": scores.com} if scores.com is not None else {})


def scored_rows(partition: Partition) -> Int[np.ndarray, " rows"]:
    """Return the rows that a fold's model is scored on after each epoch."""
    return np.concatenate([partition.held_out, partition.inner])


def kept_rows(partition: Partition) -> Int[np.ndarray, " rows"]:
    """Return the rows that the kept epoch's model predicts: held-out clips, then the tests."""
    return np.concatenate([partition.held_out, partition.tests])
