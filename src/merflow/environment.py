"""What the commands of the rules find in their environment."""

import os
import shlex
import sys
from pathlib import Path

COMMAND = "MERFLOW_COMMAND"
# The C library gives large blocks back at every release and asks for them anew, page by page; kept,
# they save the face networks a twentieth of their time (`benchmarks/features.py --plain-memory`).
MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**31), "MALLOC_TRIM_THRESHOLD_": str(2**32)}
# Libraries of the jobs would keep these in the home or the folder of temporary files.
CACHES = {"MPLCONFIGDIR": "matplotlib", "TORCHINDUCTOR_CACHE_DIR": "torchinductor"}


def prepare_environment() -> None:
    """Let the rules' ``python`` be the interpreter that runs Snakemake, and tell them its command.

    The environment need not be active, and neither a path of it nor the command stands in a
    rule, where it would count as a changed parameter. Their memory is kept for reuse, and what
    their libraries cache lies in Snakemake's folder.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    called = [Path(sys.argv[0]).name, *sys.argv[1:]]
    os.environ.setdefault(COMMAND, shlex.join(called))
    for variable, value in MEMORY.items():
        os.environ.setdefault(variable, value)
    for variable, name in CACHES.items():
        os.environ.setdefault(variable, str(Path.cwd() / ".snakemake" / "caches" / name))
