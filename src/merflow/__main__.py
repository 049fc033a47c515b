"""``python -m merflow``: the command line that the rules call."""

from merflow.startup import tell_at_exit

tell_at_exit()

from merflow.cli import main  # noqa: E402 - its imports count as start-up
from merflow.lock import hold_as_job  # noqa: E402

hold_as_job()
main()
