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

from merflow.errors import MerflowError
from merflow.progress import Progress
from merflow.seeds import seed_of
from merflow.storage.atomic import hard_link, replacing
from merflow.storage.digest import digest8

Item = Any


def shard_of(clip: str, shards: int) -> int:
    """Return the shard of a clip: its hash modulo the number of shards (source: ours)."""
    return seed_of(0, "shard", clip) % shards


class Codec(Protocol):
    """How the items of one kind are laid out in a file; parts and shards share the layout."""

    suffix: str

    def write(self, path: Path, items: Mapping[str, Item], recipe: str) -> None:
        """Write items, in the order of their keys, with the recipe in the metadata."""

    def keys(self, path: Path) -> tuple[str, list[str]]:
        """Return (recipe, keys) of a file without reading its values."""

    def read(self, path: Path, keys: Sequence[str]) -> dict[str, Item]:
        """Return the named items; raises :class:`MerflowError` if the file is damaged."""


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
        """Return, for each key that is finished, a file that holds it."""
        wanted = set(keys)
        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob(f"[!.]*{self.codec.suffix}")):
            try:
                recipe, held = self.codec.keys(path)
            except FileNotFoundError:  # a neighbouring job has merged its parts meanwhile
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

        Args:
            keys: The items of this shard, computed in this order; the file is written in sorted
                order of the keys.
            compute: Maps a batch of keys to their items.
            output: The rule's output file.
            batch: How many items are lost at most by a kill.
            plan: Told the batches that are to be computed, before the first of them.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        name = output.stem
        own = self._own(output)
        for torn in self.folder.glob(f".part-{own}-*"):  # left by a kill in the middle of a write
            torn.unlink()
        found = self.find(keys)
        missing = [key for key in keys if key not in found]
        print(f"{name}: {len(keys)} items, {len(found)} kept from before, {len(missing)} to do")
        progress = Progress(name, len(missing), "items")
        batches = [missing[start : start + batch] for start in range(0, len(missing), batch)]
        plan(batches)
        for chosen in batches:
            progress.begin(len(chosen))
            part = self.folder / f"part-{own}-{digest8(chosen)}{self.codec.suffix}"
            with replacing(part) as temporary:
                self.codec.write(temporary, compute(chosen), self.recipe)
            found |= dict.fromkeys(chosen, part)
            progress.add(len(chosen))
        self._merge(found, output)
        return len(missing)

    def _merge(self, found: Mapping[str, Path], output: Path) -> None:
        """Write the shard from its parts, link it into the store, drop this shard's parts."""
        items = self._read(found)
        with replacing(output) as temporary:
            self.codec.write(temporary, {key: items[key] for key in sorted(items)}, self.recipe)
        own = self._own(output)
        hard_link(output, self.folder / f"shard-{own}{self.codec.suffix}")
        # The link comes first: a neighbour that has listed a part finds its items again there.
        for part in self.folder.glob(f"part-{own}-*{self.codec.suffix}"):
            part.unlink()

    def _own(self, output: Path) -> str:
        """Return the name of an output's files in the store; no other output has it."""
        return digest8(output.as_posix())

    def _read(self, found: Mapping[str, Path]) -> dict[str, Item]:
        """Read all items, looking once more for those whose file a neighbour has merged."""
        by_file: dict[Path, list[str]] = {}
        for key in sorted(found):
            by_file.setdefault(found[key], []).append(key)
        items: dict[str, Item] = {}
        for path, held in by_file.items():
            try:
                items |= self.codec.read(path, held)
            except FileNotFoundError:
                again = self.find(held)
                if again.keys() != set(held):
                    raise MerflowError(
                        f"{path} was removed while its items were read; run the same command again"
                    ) from None
                items |= self._read(again)
        return items
