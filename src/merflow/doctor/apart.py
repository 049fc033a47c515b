"""Work in a process of its own, where a file that crashes or hangs a decoder ends that alone."""

import io
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from merflow.errors import MerflowError

R = TypeVar("R")

# A new interpreter would import pandas and the rest anew for each work. What forks has no other
# thread of Python, which could hold a lock for ever in the copy. Of native threads jemalloc's (in
# pyarrow, which pandas imports) was seen: jemalloc takes its own locks before a fork and frees them
# in the copy (pthread_atfork).
CONTEXT = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """What came of a work.

    Attributes:
        items: Those that it yielded, up to its end.
        trouble: Why it ended early, in words; empty if it did not.
    """

    items: list[R]
    trouble: str = ""


def apart(work: Callable[..., Iterable[R]], *given: Any, limit_s: float) -> Outcome[R]:
    """Run ``work(*given)`` in a process of its own and return what it yields.

    What it prints is dropped. However it ends, the process is gone afterwards.

    Args:
        work: Yields what can be pickled.
        given: What it is given.
        limit_s: Seconds after which it is ended.
    """
    until = time.monotonic() + limit_s
    items: list[R] = []
    here, there = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_send, args=(there, work, given), daemon=True)
    process.start()
    there.close()
    try:
        while here.poll(max(0.0, until - time.monotonic())):
            kind, item = here.recv()
            if kind != "item":
                return Outcome(items, item)
            items.append(item)
        return Outcome(items, f"it took more than {limit_s:g} s")
    except EOFError:
        process.join(1)
        return Outcome(items, f"it ended without a word (code {process.exitcode})")
    finally:
        process.kill()
        process.join()
        here.close()


def _send(there: Connection, work: Callable[..., Iterable[R]], given: tuple[Any, ...]) -> None:
    """Send each item, and at the end why there are no more."""
    # Neither what Python prints, nor what libraries write past it, nor what waited to be written.
    sys.stdout = sys.stderr = io.StringIO()
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    try:
        for item in work(*given):
            there.send(("item", item))
        there.send(("end", ""))
    except MerflowError as error:
        there.send(("end", str(error)))
    except Exception as error:  # whatever a library stumbles over is told, not raised
        there.send(("end", f"{type(error).__name__}: {error}"))
