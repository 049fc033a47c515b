"""One run of the graph: alone in its folder, watched while it works, summed up at its end."""

import time
from collections.abc import Callable

import psutil
from snakemake.exceptions import WorkflowError

from merflow.ending import LOGS, what_went_wrong, where_to_look
from merflow.errors import MerflowError
from merflow.layout import Layout
from merflow.lock import RunLock
from merflow.watch import Watch


class Run:
    """What the Snakefile calls when jobs start and when they have ended.

    Args:
        layout: Of the run.
        cores: Returns how many jobs may run side by side.
    """

    def __init__(self, layout: Layout, cores: Callable[[], int]) -> None:
        """Note when this process was started."""
        self._layout, self._cores = layout, cores
        self._started = psutil.Process().create_time()
        self._planned = time.time()
        self._lock, self._watch = RunLock(), Watch(LOGS, self._started)

    def start(self) -> None:
        """Take the folder's lock and show the progress of long jobs.

        Raises:
            WorkflowError: Another run is at work in the folder.
        """
        try:
            self._lock.take()
        except MerflowError as error:
            raise WorkflowError(str(error)) from None
        self._planned = time.time()
        self._watch.start()

    def succeeded(self) -> None:
        """Say where the results lie."""
        self._watch.stop()
        print(where_to_look(self._layout, self._started, self._planned, self._cores()))

    def failed(self) -> None:
        """Say what the commands that failed said."""
        self._watch.stop()
        print(what_went_wrong(self._started))
