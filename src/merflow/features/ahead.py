"""Reading inputs ahead of the network, in other threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class Ahead:
    """Gives the inputs of one batch after the other, and reads the next batch meanwhile.

    Decoders, resizing and tensor arithmetic leave Python's lock to others, so that reading costs
    no time while the network works. At most two batches are held.

    Args:
        load: Maps a key to its input; called from several threads.
        workers: Threads that read; 0: the caller's own, when an input is asked for.
    """

    def __init__(self, load: Callable[[str], Any], workers: int) -> None:
        """Start the threads."""
        self._load = load
        self._pool = ThreadPoolExecutor(workers, "ahead") if workers else None
        self._planned: list[Sequence[str]] = []
        self._begun: dict[str, Future[Any]] = {}

    def plan(self, batches: Sequence[Sequence[str]]) -> None:
        """Say which batches will be taken, in order; the first is read at once."""
        self._planned = list(batches)
        self._read_next()

    def take(self, keys: Sequence[str]) -> list[Any]:
        """Return the inputs of a batch, in order; the planned batch after it is begun.

        Raises:
            MerflowError: What ``load`` raised for one of them.
        """
        waiting = [self._begun.pop(key, None) for key in keys]
        self._read_next()
        return [
            self._load(key) if future is None else future.result()
            for key, future in zip(keys, waiting, strict=True)
        ]

    def close(self) -> None:
        """Drop what was begun and end the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _read_next(self) -> None:
        if self._pool is not None and self._planned:
            for key in self._planned.pop(0):
                self._begun[key] = self._pool.submit(self._load, key)
