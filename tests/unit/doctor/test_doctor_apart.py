"""Work in a process of its own."""

import faulthandler
import os
import signal
import subprocess
import sys
import time

import psutil

from merflow.doctor.apart import apart
from merflow.errors import MerflowError


def numbers(count):
    yield from range(count)


def failing(error):
    yield 1
    raise error


def crashing():
    yield 1
    faulthandler.disable()  # of the test runner, which would print where
    os.kill(os.getpid(), signal.SIGSEGV)


def hanging():
    yield 1
    time.sleep(600)


def loud():
    print("x" * 100_000)
    os.write(2, b"y" * 100_000)
    yield 1


def test_items_come_in_order_and_nothing_is_printed(capfd):
    assert apart(numbers, 1000, limit_s=60).items == list(range(1000))
    assert apart(numbers, 0, limit_s=60) == apart(numbers, 0, limit_s=60)
    outcome = apart(loud, limit_s=60)
    assert (outcome.items, outcome.trouble) == ([1], "")
    assert capfd.readouterr() == ("", "")


def test_whatever_ends_it_early_is_told_and_what_came_before_is_kept():
    cases = [
        (apart(failing, MerflowError("a; b"), limit_s=60), "a; b"),
        (apart(failing, KeyError("k"), limit_s=60), "KeyError: 'k'"),
        (apart(crashing, limit_s=60), "it ended without a word (code -11)"),
        (apart(hanging, limit_s=0.5), "it took more than 0.5 s"),
    ]
    for outcome, trouble in cases:
        assert outcome.items == [1]
        assert outcome.trouble == trouble


def test_no_process_is_left():
    before = set(psutil.Process().children(recursive=True))
    apart(hanging, limit_s=0.3)
    apart(crashing, limit_s=10)
    assert set(psutil.Process().children(recursive=True)) <= before


def test_the_doctor_has_one_thread_of_python_wherever_it_forks(project):
    """Forking leaves the others behind, with the locks that they hold."""
    code = (
        "import os, pathlib, sys, threading; seen = []; "
        "os.register_at_fork(before=lambda: seen.append(threading.active_count())); "
        "from merflow.doctor.examine import examine; "
        "found = list(examine(pathlib.Path.cwd(), measure=True)); print(*seen)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seen = done.stdout.split()
    assert len(seen) > 5
    assert set(seen) == {"1"}
