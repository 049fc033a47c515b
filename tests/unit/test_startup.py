"""The share of a run that goes into starting up."""

import os
import subprocess
import sys

import pytest

from merflow.startup import share, told_in

SLOW = """
import sys, time
sys.path.insert(0, sys.argv[1])
from merflow.startup import tell_at_exit
tell_at_exit()
import slow_module
time.sleep(0.3)
"""


def test_imports_count_and_work_does_not(tmp_path):
    (tmp_path / "slow_module.py").write_text("import time\ntime.sleep(0.5)\nimport other_module\n")
    (tmp_path / "other_module.py").write_text("import time\ntime.sleep(0.2)\n")
    log = tmp_path / "logs" / "job.log"
    log.parent.mkdir()
    with log.open("w") as out:
        subprocess.run([sys.executable, "-c", SLOW, str(tmp_path)], stdout=out, check=True)
    ((start, ran),) = told_in(tmp_path / "logs", 0.0)
    # Inner imports are not counted twice; the work after them is not counted at all.
    assert start >= 0.7
    assert ran - start >= 0.3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["-c", "from merflow.startup import tell_at_exit; tell_at_exit()"], 0),
        (["-m", "merflow", "--help"], 1),
    ],
)
def test_a_closed_pipe_ends_it_silently(arguments, code):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run([sys.executable, *arguments], stdout=out, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (code, b"")


def test_the_share_counts_imports_by_core():
    text = share(100.0, 4.0, [(2.0, 10.0), (4.0, 90.0)], 2)
    assert text.startswith("7% of 100 s")
    assert "2 jobs 6.0 s on 2 cores" in text


@pytest.mark.parametrize("text", ["", "start-up: none\n", "it says start-up: 1.00 s of 2.00 s\n"])
def test_logs_that_tell_nothing_are_left_out(tmp_path, text):
    (tmp_path / "job.log").write_text(text)
    assert told_in(tmp_path, 0.0) == []
