"""Checking clips in a process of their own, which may crash, hang or swell without harm."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import merflow
from merflow.errors import MerflowError
from merflow.media.container import ClipDefect
from merflow.media.limits import LIMITS, Limits
from merflow.media.probe import ClipFacts
from merflow.media.worker import READY, TOO_MUCH_MEMORY

START_S = 300.0
"""Seconds that the process may take to start, on a machine or a disk however busy."""


class IsolatedCheck:
    """:func:`merflow.media.probe.check_clip` in a process that is reused from clip to clip.

    The process is started with the first clip, again after a death, and ends with the ``with``
    block or with this process, also where that is killed. What is found follows from the clip
    alone: one that fails in a process which has seen others is tried again in a fresh one.

    Args:
        limits: What a clip may take.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        """Start nothing yet."""
        self._limits = limits
        self._worker: _Worker | None = None

    def __enter__(self) -> "IsolatedCheck":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self._end()

    def __call__(self, path: Path) -> ClipFacts:
        """Decode a whole clip.

        Raises:
            ClipDefect: As :func:`merflow.media.probe.check_clip` does, and ``too_slow``,
                ``too_large`` for memory, or ``undecodable`` for a decoder that crashed.
            MerflowError: The process cannot be started.
        """
        used = self._worker is not None
        try:
            return self._ask(path)
        except _Failure as failure:
            if not used or failure.defect.reason == "too_slow":
                raise failure.defect from None
        try:
            return self._ask(path)
        except _Failure as failure:
            raise failure.defect from None

    def _ask(self, path: Path) -> ClipFacts:
        """Ask the process, a new one if need be; raises _Failure after which there is none."""
        if self._worker is None:
            self._worker = _Worker(self._limits)
        try:
            answer = self._worker.ask(path)
        except _Failure:
            self._end()
            raise
        if "reason" in answer:
            raise ClipDefect(answer["reason"], answer["detail"], path)
        return ClipFacts(**answer)

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()


class _Failure(Exception):  # noqa: N818 - of the process, not of this one
    """The process died or has to: what that says of the clip."""

    def __init__(self, reason: str, detail: str, path: Path) -> None:
        self.defect = ClipDefect(reason, detail, path)


class _Worker:
    """One process and the two pipes to it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        command = [sys.executable, "-P", "-m", "merflow.media.worker"]
        self._process = subprocess.Popen(
            [*command, str(os.getpid()), json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
        )
        try:
            started = self._line(START_S) == READY
        except TimeoutError:
            started = False
        if not started:
            self.end()
            raise MerflowError(
                "the process in which clips are decoded does not start: what it said stands "
                "above; a memory limit of the shell or the cluster of less than 1 GB is one cause"
            )

    def ask(self, path: Path) -> dict[str, Any]:
        """Return the answer to one path; raises _Failure."""
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        try:
            self._process.stdin.write(f"{json.dumps(str(path))}\n".encode("ascii"))
        except BrokenPipeError:
            raise self._death(path) from None
        try:
            line = self._line(self._limits.wall_s)
        except TimeoutError:
            detail = f"decoding did not end in {self._limits.wall_s:g} s by the clock"
            raise _Failure("too_slow", detail, path) from None
        if line is None:
            raise self._death(path)
        answer: dict[str, Any] = json.loads(line)
        if answer.get("failed") == TOO_MUCH_MEMORY:
            allowed = f"{self._limits.memory / 2**30:.3g} GiB"
            raise _Failure("too_large", f"decoding takes more than {allowed} of memory", path)
        return answer

    def end(self) -> None:
        """End the process, which has nothing to lose, and leave no zombie."""
        self._process.kill()
        with self._process:
            pass

    def _line(self, wait_s: float) -> str | None:
        """Return the next line of the process, None at its end; raises TimeoutError."""
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        ends, content = time.monotonic() + wait_s, b""
        while not content.endswith(b"\n"):
            left = max(0.0, ends - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                raise TimeoutError
            piece = self._process.stdout.read(65536)
            if not piece:
                return None
            content += piece
        return content.decode("ascii").strip()

    def _death(self, path: Path) -> _Failure:
        """Return what the end of the process says of the clip it was at."""
        code = self._process.wait()
        if code == -signal.SIGPROF:
            detail = f"decoding takes more than {self._limits.cpu_s:g} s of computing"
            return _Failure("too_slow", detail, path)
        try:
            how = signal.Signals(-code).name
        except ValueError:
            how = f"exit code {code}"
        return _Failure("undecodable", f"the decoder crashed on it ({how})", path)


def _environment() -> dict[str, str]:
    """Return an environment with this very package, and without the rules' way with memory.

    What the C library keeps from one clip would count against those that come later.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    paths = [str(Path(merflow.__file__).parents[1]), kept.get("PYTHONPATH", "")]
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "OPENBLAS_NUM_THREADS": "1"}
