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
RunLock(Path(sys.argv[1]), Path(sys.argv[1] + ".jobs")).take()
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
        RunLock(path, path.with_name("lock.jobs")).take()


def test_a_killed_run_holds_nothing(holder):
    process, path = holder
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    RunLock(path, path.with_name("lock.jobs")).take()
    assert path.read_text() == f"{os.getpid()}\n"


JOB = """
import sys, time
from pathlib import Path
from merflow.lock import hold_as_job
hold_as_job(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_jobs_that_outlive_their_run_keep_the_next_one_away(tmp_path):
    run, jobs = tmp_path / "run", tmp_path / "jobs"
    jobs.touch()
    orphans = [
        subprocess.Popen([sys.executable, "-c", JOB, str(jobs)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [orphan.stdout.readline() for orphan in orphans] == ["held\n"] * 2
    for orphan in orphans:
        with pytest.raises(MerflowError, match="still at work"):
            RunLock(run, jobs).take()
        orphan.kill()
        orphan.wait()
    RunLock(run, jobs).take()


def test_a_run_does_not_keep_its_own_jobs_waiting(tmp_path):
    run, jobs = tmp_path / "run", tmp_path / "jobs"
    RunLock(run, jobs).take()
    job = subprocess.Popen(
        [sys.executable, "-c", JOB, str(jobs)], stdout=subprocess.PIPE, text=True
    )
    assert job.stdout.readline() == "held\n"
    job.kill()
    job.wait()
