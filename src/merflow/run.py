"""One run of the graph: alone in its folder, watched while it works, summed up at its end."""

import time
from collections.abc import Callable, Collection
from pathlib import Path

import psutil

from merflow.ending import LOGS, RECORD, time_spent, what_went_wrong, where_to_look
from merflow.errors import MerflowError
from merflow.layout import Layout
from merflow.lock import RunLock
from merflow.watch import Watch

# Tables and figures that some settings do without: those of settings past would mislead.
OPTIONAL_TABLES = ("augmentation", "jdev", "loss_decoder", "challenge", "speakers", "robustness")
OPTIONAL = (
    *("figure4.csv", "figure4.png", "figure4.svg", "robustness.png", "robustness.svg"),
    *(f"{name}.{kind}" for name in OPTIONAL_TABLES for kind in ("csv", "md")),
)


class Run:
    """What the Snakefile calls when jobs start and when they have ended.

    Args:
        layout: Of the run.
        cores: Returns how many jobs may run side by side.
        products: Returns the tables and figures that the settings ask for.
        targets: Returns the files that the run was asked for.
    """

    def __init__(
        self,
        layout: Layout,
        cores: Callable[[], int],
        products: Callable[[], Collection[str]],
        targets: Callable[[], Collection[str]],
    ) -> None:
        """Note when this process was started."""
        self._layout, self._cores, self._products = layout, cores, products
        self._targets = targets
        self._started = psutil.Process().create_time()
        self._planned = time.time()
        self._lock, self._watch = RunLock(), Watch(LOGS, self._started)

    def start(self) -> None:
        """Take the folder's lock and show the progress of long jobs.

        Raises:
            SystemExit: Another run is at work in the folder; with the sentence alone, as Snakemake
                puts places in its own files around an exception.
        """
        try:
            self._lock.take()
        except MerflowError as error:
            raise SystemExit(f"merflow: {error}") from None
        self._planned = time.time()
        self._watch.start()

    def succeeded(self) -> None:
        """Remove tables that the settings ask for no more; say where the results lie."""
        self._watch.stop()
        # A run that was asked for a part of the results leaves the tables alone: the record is of
        # all of them.
        if RECORD.exists() and RECORD.stat().st_mtime >= self._started:
            self._remove_tables_of_settings_past()
        spent = time_spent(self._started, self._planned, self._cores())
        print(where_to_look(self._layout, self._targets(), spent))

    def _remove_tables_of_settings_past(self) -> None:
        wanted = {Path(path) for path in self._products()}
        for folder in (self._layout.tables, self._layout.figures):
            for name in OPTIONAL:
                if Path(folder, name) not in wanted:
                    Path(folder, name).unlink(missing_ok=True)

    def failed(self) -> None:
        """Say what the commands that failed said."""
        self._watch.stop()
        print(what_went_wrong(self._started))
