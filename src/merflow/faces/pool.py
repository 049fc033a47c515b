"""The faces of many clips by several processes; how many changes no result."""

import functools
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from merflow.errors import MerflowError, machine_error
from merflow.faces.crops import FaceClip

Task = tuple[Path, str, str, str]
"""Root, name, path and sha256 of a clip."""
Maker = Callable[[Task], FaceClip]
AHEAD = 2
"""Clips a process that are at work or wait to be taken: faces of all clips would fill the memory
behind one long clip."""


class Pool:
    """Processes that each make the faces of a clip at a time.

    They end with the ``with`` block, and also with this process, however it ends.

    Args:
        spec: The section ``faces`` of the parameters.
        maker: Makes a function of a task from ``spec``; importable by name.
        workers: How many processes; 1: none but this.
    """

    def __init__(
        self, spec: Mapping[str, Any], maker: Callable[[Mapping[str, Any]], Maker], workers: int
    ) -> None:
        """Start nothing yet."""
        self._spec, self._maker, self._workers = dict(spec), maker, workers
        self._make: Maker | None = None
        self._executor: ProcessPoolExecutor | None = None
        self._todo: deque[Task] = deque()
        self._ahead: dict[Task, Future[FaceClip | str]] = {}

    def __enter__(self) -> "Pool":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes; what they have not begun is dropped."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def plan(self, tasks: Iterable[Task]) -> None:
        """Begin what :meth:`make` will be asked for, in this order."""
        todo = list(tasks)
        if self._workers == 1 or len(todo) < 2:
            return
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                min(self._workers, len(todo)),
                multiprocessing.get_context("spawn"),
                _begin,
                (self._spec, self._maker),
            )
        self._todo.extend(todo)
        self._submit()

    def _submit(self) -> None:
        """Give the processes as much as may be ahead."""
        while self._executor and self._todo and len(self._ahead) < AHEAD * self._workers:
            task = self._todo.popleft()
            self._ahead[task] = self._executor.submit(_one, task)

    def make(self, tasks: Sequence[Task]) -> list[FaceClip]:
        """Return the faces of clips.

        Raises:
            MerflowError: As the maker does, or it met another error, or a process died; names the
                clip.
        """
        return [self._one(task) for task in tasks]

    def _one(self, task: Task) -> FaceClip:
        ahead = self._ahead.pop(task, None)
        if ahead is None:
            self._make = self._make or self._maker(self._spec)
            try:
                return self._make(task)
            except MerflowError:
                raise
            except Exception as error:
                raise _told(task, error) from error
        try:
            found = ahead.result()
            self._submit()
        except BrokenProcessPool:
            raise MerflowError(
                f"a process that looked for faces died at clip {task[1]} or near it, for want of "
                "memory perhaps: start again with fewer --cores; what was finished is kept"
            ) from None
        if isinstance(found, str):
            raise MerflowError(found)
        return found


def _told(task: Task, error: Exception) -> MerflowError:
    """Return what to tell the user of an error at a clip, in one sentence."""
    if isinstance(error, MerflowError):
        return error
    known = machine_error(error) if isinstance(error, OSError) else None
    if known is not None:
        return known
    said = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return MerflowError(
        f"the faces of clip {task[1]} ({task[0] / task[2]}) could not be looked for ({said}): look "
        "at the clip, and take it out of the corpus if nothing else helps; what was finished is "
        "kept"
    )


_state: list[Callable[[], Maker]] = []


def _begin(spec: Mapping[str, Any], maker: Callable[[Mapping[str, Any]], Maker]) -> None:
    """Prepare a worker: it leaves with its parent, and leaves interrupts to it."""
    import cv2

    from merflow.threads import numeric_threads

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    cv2.setNumThreads(numeric_threads())
    # Made with the first clip, as an error that is raised here would not reach the parent.
    _state[:] = [functools.cache(lambda: maker(spec))]


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _one(task: Task) -> FaceClip | str:
    """Return the faces of a clip, or what to tell the user: not every error can be sent."""
    try:
        return _state[0]()(task)
    except Exception as error:
        if os.environ.get("MERFLOW_DEBUG"):
            traceback.print_exc()
        return str(_told(task, error))
