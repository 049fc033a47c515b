"""The number of numeric threads, which results depend on and ``--cores`` must not change."""

import os

import torch


def use_declared_threads() -> None:
    """Give torch the threads of ``OMP_NUM_THREADS``, which the command line sets; 1 if unset."""
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
