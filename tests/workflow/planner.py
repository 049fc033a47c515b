"""Plans many dry runs from one import of Snakemake, which is forked for each.

``planner.py CASES PLANS [OPTION ...]`` reads a JSON list of ``{"config": FILE or null, "edited":
FILE or null}``: settings that replace those of ``params.yaml``, and a file to which a comment is
appended while the plan is made. It writes a JSON list of what Snakemake, called with the options,
said. The working folder is the run's.
"""

import faulthandler
import json
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

import snakemake.cli

# Imported here so that the forks need not.
import merflow.layout
import merflow.run
import merflow.settings  # noqa: F401

DRY_RUN = ("-n", "--cores", "2", "--nocolor", "--quiet", "rules")
COMMENT = "\n# A remark.\n"
LIMIT_S = 300


def plan(case: dict[str, str | None], options: list[str]) -> str:
    """Return what a dry run says."""
    edited = Path(case["edited"]) if case["edited"] else None
    before = edited.read_bytes() if edited else b""
    if edited:
        edited.write_bytes(before + COMMENT.encode())
    try:
        config = ["--configfile", case["config"]] if case["config"] else []
        return _dry_run([*options, *config])
    finally:
        if edited:
            edited.write_bytes(before)


def _dry_run(options: list[str]) -> str:
    with tempfile.TemporaryFile() as said:
        process = os.fork()
        if process == 0:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            # A plan that hangs ends with where it stood as the last that it said.
            faulthandler.dump_traceback_later(LIMIT_S, exit=True)
            try:
                snakemake.cli.main([*DRY_RUN, *options])
            except SystemExit as ended:  # with a number, or a sentence of the Snakefile's
                print(ended, file=sys.stderr)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(0)
        os.waitpid(process, 0)
        said.seek(0)
        return said.read().decode()


def main(cases_file: str, plans_file: str, *options: str) -> None:
    """Plan each case."""
    cases = json.loads(Path(cases_file).read_text())
    # Edits of files would be seen by a plan that is made meanwhile.
    workers = 1 if any(case["edited"] for case in cases) else os.cpu_count()
    # Processes, since a fork beside other threads may inherit a lock that one of them holds, and
    # wait for it forever: that of tempfile's names in 19 of 600 trials of eight threads each, made
    # to take turns as often as they can.
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        said = pool.starmap(plan, [(case, list(options)) for case in cases], chunksize=1)
    Path(plans_file).write_text(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
