"""The standardised features that a stack of models reads, and the labels beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor

from merflow.storage.digest import settings_digest
from merflow.training.data import Dataset
from merflow.training.partition import Partition, partition_of

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Source:
    """A dataset with its folds: what the models of one cross-validation read.

    Attributes:
        data: Clips, labels and features.
        selection: See :class:`merflow.training.spec.Training`.
    """

    data: Dataset
    selection: str

    @cached_property
    def partitions(self) -> list[Partition]:
        """Every fold held out once."""
        folds = range(self.data.labels.fold_count)
        return [partition_of(self.data, fold, self.selection) for fold in folds]

    @property
    def folds(self) -> int:
        """How many there are."""
        return self.data.labels.fold_count

    @cached_property
    def rows(self) -> list[tuple[str, int]]:
        """Clip and copy of every row: clean clips first, corrupted copies after them."""
        clips = self.data.labels.clips
        numbers = zip(self.data.copy_of.tolist(), self.data.copy_number.tolist(), strict=True)
        return [(clip, 0) for clip in clips] + [(clips[row], copy) for row, copy in numbers]

    @cached_property
    def trained(self) -> str:
        """Digest of which rows train in which fold; sources that agree in it share their draws."""
        rows = [[self.rows[row] for row in one.training.tolist()] for one in self.partitions]
        return settings_digest(rows)


class Tables:
    """The features of several sources, standardised for each fold, one below the other.

    Attributes:
        features: Of each feature a table of all sources, folds and rows.
        sources: The sources.
        device: Where they lie.
        precision: Of the features.
        emotion: Of each row of a table; -1 where a test clip has none.
        valence: Of each row of a table; NaN where there is none.
    """

    def __init__(self, sources: Sequence[Source], device: torch.device, precision: str):
        """Lay the tables out; all sources have the same dimensions."""
        self.sources, self.device, self.precision = list(sources), device, precision
        self._starts: dict[tuple[int, int], int] = {}
        emotion, valence, start = [], [], 0
        for source in sources:
            labels = source.data.labels
            clip_of = np.concatenate([np.arange(len(labels)), source.data.copy_of])
            for partition in source.partitions:
                self._starts[id(source), partition.fold] = start
                emotion.append(torch.from_numpy(labels.emotion[clip_of]))
                valence.append(torch.from_numpy(labels.valence[clip_of].astype(np.float32)))
                start += len(clip_of)
        self.emotion, self.valence = torch.cat(emotion).to(device), torch.cat(valence).to(device)
        ends = np.cumsum(sources[0].data.dims).tolist()
        columns = [slice(first, end) for first, end in zip([0, *ends], ends, strict=False)]
        self.features = [self._table(some, start).to(device, DTYPES[precision]) for some in columns]

    def _table(self, columns: slice, rows: int) -> Float32[Tensor, "rows _"]:
        """Return the table of one feature."""
        table = np.empty((rows, columns.stop - columns.start), dtype=np.float32)
        for source in self.sources:
            for partition in source.partitions:
                start = self._starts[id(source), partition.fold]
                end = start + len(source.rows)
                partition.standardise(source.data, columns, table[start:end])
        return torch.from_numpy(table)

    def serves(self, sources: Sequence[Source], precision: str) -> bool:
        """Say whether these tables are of these sources in this precision."""
        same = [id(one) for one in sources] == [id(one) for one in self.sources]
        return same and precision == self.precision

    def place(
        self, source: Source, fold: int, rows: Int[np.ndarray, " rows"]
    ) -> Int[np.ndarray, " rows"]:
        """Return where rows of a source, standardised for a fold, stand in the tables."""
        return self._starts[id(source), fold] + rows

    def gather(self, places: Int[Tensor, "M rows"]) -> list[Float[Tensor, "M rows _"]]:
        """Return those rows of each feature."""
        flat = places.flatten()
        return [
            table.index_select(0, flat).unflatten(0, tuple(places.shape)) for table in self.features
        ]
