"""Progress of a long step: what is done, how fast, and how long the rest will take."""

import time
from collections.abc import Callable

MARK = "progress: "
BEGUN = "begun: "
EVERY_S = 5.0


class Progress:
    """Prints a line every few seconds and at the end, for the log and for who watches it.

    Args:
        what: Name of the work, such as ``faces 0-of-2``.
        total: How many units there are to do.
        unit: Their name in the plural.
        clock: Returns seconds; tests give their own.
    """

    def __init__(
        self, what: str, total: int, unit: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start the clock."""
        self.what, self.total, self.unit = what, total, unit
        self.done = 0
        self._clock = clock
        self._started = self._told = clock()

    def begin(self, count: int = 1) -> None:
        """Print that units are begun, which are lost if the job is killed before they are kept."""
        print(f"{BEGUN}{self.what}: {count} {self.unit}", flush=True)

    def add(self, count: int = 1) -> None:
        """Count units as done; print a line if the last is some seconds old, or this the end."""
        self.done += count
        now = self._clock()
        if now - self._told < EVERY_S and self.done < self.total:
            return
        self._told = now
        rate = self.done / max(now - self._started, 1e-9)
        left = duration((self.total - self.done) / rate)
        print(
            f"{MARK}{self.what}: {self.done} of {self.total} {self.unit}, "
            f"{rate:.3g} {self.unit}/s, {left} left",
            flush=True,
        )


def duration(seconds: float) -> str:
    """Return seconds as ``m:ss`` or ``h:mm:ss``, rounded up so that 0:00 means done."""
    whole = -int(-seconds // 1)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
