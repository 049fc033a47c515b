"""``python -m merflow``: the command line that the rules call."""

from merflow.cli import main

main()
