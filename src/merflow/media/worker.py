"""The process in which clips are decoded, so that a decoder that dies takes nothing along.

Started by :mod:`merflow.media.isolation` as ``python -m merflow.media.worker PARENT LIMITS``; it
imports no more than decoding needs. A path comes in as a line of JSON, the facts or the defect go
out as one.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import traceback
from dataclasses import asdict
from typing import Any

from merflow.media.container import ClipDefect
from merflow.media.limits import Limits
from merflow.media.probe import check_clip

PR_SET_PDEATHSIG = 1
READY = "ready"
TOO_MUCH_MEMORY = "too much memory"


def serve(parent: int, limits: Limits) -> None:
    """Answer one path after the other until standard input ends."""
    # What a decoder may print goes to the log, never among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    _confine(parent, limits)
    print(READY, file=answers, flush=True)
    for line in sys.stdin:
        # Without a handler the signal ends the process, wherever the decoder is.
        signal.setitimer(signal.ITIMER_PROF, limits.cpu_s)
        answer = _answer(json.loads(line))
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        print(json.dumps(answer), file=answers, flush=True)


def _confine(parent: int, limits: Limits) -> None:
    """Bound what this process may take, and let it end with its parent, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent, which gets it too, says when to end
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that asked has ended")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Of RLIMIT_AS the libraries' own files would take the greater part, differently on each system.
    resource.setrlimit(resource.RLIMIT_DATA, (limits.memory, limits.memory))


def _answer(path: str) -> dict[str, Any]:
    """Return the facts of a clip, ``reason`` and ``detail``, or that memory did not suffice."""
    try:
        return asdict(check_clip(path))
    except ClipDefect as defect:
        return {"reason": defect.reason, "detail": defect.detail}
    except MemoryError:
        return {"failed": TOO_MUCH_MEMORY}
    except OSError as error:
        return {"reason": "undecodable", "detail": f"it cannot be read ({error.strerror})"}
    except Exception as error:  # whatever a binding makes of damaged data concerns this clip alone
        traceback.print_exc()
        return {"reason": "undecodable", "detail": f"decoding failed ({type(error).__name__})"}


if __name__ == "__main__":
    serve(int(sys.argv[1]), Limits(**json.loads(sys.argv[2])))
