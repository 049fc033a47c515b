"""Sharded extraction that can be killed at any moment and never does an item twice.

A job computes items (one a clip, or one a clip and copy) in batches. Each finished batch is
written at once as a *part*; at the end all items of the shard are written as the rule's output
and a hard link of it is kept in the store folder. Snakemake deletes the outputs of a job before
it runs, but not the store: what was finished is found there again by its key.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from merflow.progress import Progress
from merflow.seeds import seed_of
from merflow.storage.atomic import hard_link, replacing
from merflow.storage.digest import digest8
from merflow.storage.tensors import DamageError, VersionError

Item = Any


def shard_of(clip: str, shards: int) -> int:
    """Return the shard of a clip: its hash modulo the number of shards (source: ours)."""
    return seed_of(0, "shard", clip) % shards


def kept_as(output: Path, kind: str = "shard") -> str:
    """Return how the names of an output's files in its store begin; no other output has it.

    Args:
        output: The rule's output, as it is given to :meth:`ShardStore.complete`.
        kind: ``shard``, the link of the finished output, or ``part``, a finished batch.
    """
    return f"{kind}-{digest8(output.as_posix())}"


class Codec(Protocol):
    """How the items of one kind are laid out in a file; parts and shards share the layout."""

    suffix: str

    def write(self, path: Path, items: Mapping[str, Item], recipe: str) -> None:
        """Write items, in the order of their keys, with the recipe in the metadata."""

    def keys(self, path: Path) -> tuple[str, list[str]]:
        """Return (recipe, keys) of a file without its values; raises DamageError, VersionError."""

    def read(self, path: Path, keys: Sequence[str]) -> dict[str, Item]:
        """Return the named items; raises :class:`DamageError`."""


@dataclass(frozen=True)
class ShardStore:
    """Finished items of one kind in one folder.

    Attributes:
        folder: Where parts and links of finished shards are kept.
        recipe: Digest of everything but the item that decides its value (settings and code);
            a file with another recipe is never read.
        codec: The layout of the files.
    """

    folder: Path
    recipe: str
    codec: Codec

    def find(self, keys: Iterable[str]) -> dict[str, Path]:
        """Return, for each key that is finished, a file that holds it.

        A file whose header is damaged is named and removed; one of another version is left alone.
        """
        wanted = set(keys)
        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob(f"[!.]*{self.codec.suffix}")):
            try:
                recipe, held = self.codec.keys(path)
            except (FileNotFoundError, VersionError):  # or a neighbour has merged its parts
                continue
            except DamageError as damage:
                _remove(damage)
                continue
            if recipe == self.recipe:
                found |= {key: path for key in held if key in wanted}
        return found

    def complete(
        self,
        keys: Sequence[str],
        compute: Callable[[Sequence[str]], Mapping[str, Item]],
        output: Path,
        batch: int,
        plan: Callable[[Sequence[Sequence[str]]], None] = lambda batches: None,
    ) -> int:
        """Compute what is missing, write all items to ``output``, return how many were computed.

        A damaged file of the store is named and removed, and what it held is computed again.

        Args:
            keys: The items of this shard, computed in this order; the file is written in sorted
                order of the keys.
            compute: Maps a batch of keys to their items.
            output: The rule's output file.
            batch: How many items are lost at most by a kill.
            plan: Told the batches that are to be computed, before the first of them.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for kind in ("part", "shard"):  # left by a kill in the middle of a write or a link
            for torn in self.folder.glob(f".{kept_as(output, kind)}[-.]*"):
                torn.unlink()
        done = 0
        while True:
            found = self.find(keys)
            missing = [key for key in keys if key not in found]
            batches = [missing[start : start + batch] for start in range(0, len(missing), batch)]
            print(
                f"{output.stem}: {len(keys)} items, {len(found)} kept from before, "
                f"{len(missing)} to do"
            )
            plan(batches)
            computed = self._compute(batches, compute, output)
            done += len(missing)
            try:
                items = self._read(found | computed)
            except FileNotFoundError:  # a neighbour has merged its parts, or removed a damaged file
                continue
            except DamageError as damage:
                if damage.path in computed.values():  # the disk does not keep what is written
                    raise
                _remove(damage)
                continue
            self._keep(items, output)
            return done

    def _compute(
        self,
        batches: Sequence[Sequence[str]],
        compute: Callable[[Sequence[str]], Mapping[str, Item]],
        output: Path,
    ) -> dict[str, Path]:
        """Compute the batches, write a part for each, and return the part of each item."""
        progress = Progress(output.stem, sum(map(len, batches)), "items")
        found: dict[str, Path] = {}
        for chosen in batches:
            progress.begin(len(chosen))
            part = self.folder / f"{kept_as(output, 'part')}-{digest8(chosen)}{self.codec.suffix}"
            with replacing(part) as temporary:
                self.codec.write(temporary, compute(chosen), self.recipe)
            found |= dict.fromkeys(chosen, part)
            progress.add(len(chosen))
        return found

    def _read(self, found: Mapping[str, Path]) -> dict[str, Item]:
        """Return all items; raises FileNotFoundError or DamageError."""
        by_file: dict[Path, list[str]] = {}
        for key in sorted(found):
            by_file.setdefault(found[key], []).append(key)
        items: dict[str, Item] = {}
        for path, held in by_file.items():
            items |= self.codec.read(path, held)
        return items

    def _keep(self, items: Mapping[str, Item], output: Path) -> None:
        """Write the shard, link it into the store, drop this shard's parts."""
        with replacing(output) as temporary:
            self.codec.write(temporary, {key: items[key] for key in sorted(items)}, self.recipe)
        hard_link(output, self.folder / f"{kept_as(output)}{self.codec.suffix}")
        # The link comes first: a neighbour that has listed a part finds its items again there.
        for part in self.folder.glob(f"{kept_as(output, 'part')}-*{self.codec.suffix}"):
            part.unlink()


def _remove(damage: DamageError) -> None:
    print(f"{damage.path} is damaged: removed; what it held is computed again", flush=True)
    damage.path.unlink(missing_ok=True)
