"""The lock of a run: one at a time, and gone with its process."""

import os
import signal
import subprocess
import sys

import pytest

from merflow.errors import MerflowError
from merflow.lock import RunLock

HOLD = """
import sys, time
from pathlib import Path
from merflow.lock import RunLock
RunLock(Path(sys.argv[1])).take()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    path = tmp_path / "deep" / "lock"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process, path
    process.kill()
    process.wait()


def test_a_second_run_is_told_who_holds_the_folder(holder):
    process, path = holder
    with pytest.raises(MerflowError, match=f"process {process.pid}"):
        RunLock(path).take()


def test_a_killed_run_holds_nothing(holder):
    process, path = holder
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    RunLock(path).take()
    assert path.read_text() == f"{os.getpid()}\n"
