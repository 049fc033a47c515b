"""Shows, while jobs run, how far the long ones are: rate and time left from their logs."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

from merflow.progress import MARK

EVERY_S = 10.0
TAIL_BYTES = 4096


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Watch:
    """Looks at the rules' logs every few seconds and repeats what is new there.

    Args:
        logs: Folder of the logs.
        since: Seconds of the epoch; older logs are not looked at.
        say: Gets each line.
    """

    def __init__(self, logs: Path, since: float, say: Callable[[str], None] = _say) -> None:
        """Say nothing yet."""
        self._logs, self._since, self._say = logs, since, say
        self._said: dict[Path, str] = {}
        self._over = threading.Event()

    def start(self) -> None:
        """Look from now on, in a thread that does not keep the process alive."""
        threading.Thread(target=self._loop, daemon=True, name="progress").start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()

    def look(self) -> None:
        """Repeat the last line of progress of each log where it is a new one."""
        for path in sorted(self._logs.rglob("*.log")):
            try:
                line = _last_progress(path) if path.stat().st_mtime >= self._since else None
            except OSError:  # removed meanwhile
                continue
            if line is not None and self._said.get(path) != line:
                self._said[path] = line
                self._say(f"  {line}")

    def _loop(self) -> None:
        while not self._over.wait(EVERY_S):
            self.look()


def _last_progress(path: Path) -> str | None:
    """Return the last line of progress near the end of a log, without its mark."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    told = [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]
    return told[-1] if told else None
