"""``python -m merflow``: the command line that the rules call."""

import sys

from merflow.startup import tell_at_exit

tell_at_exit()

from merflow.cli import main  # noqa: E402 - its imports count as start-up
from merflow.lock import hold_as_job  # noqa: E402

# No rule calls these, and the cache demands that no job is at work.
if next(filter(str.isalpha, sys.argv[1:]), "") not in ("cache", "doctor", "encoders", "use"):
    hold_as_job()
main()
