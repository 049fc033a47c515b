"""The numeric threads of PyTorch."""

import torch

from merflow.threads import numeric_threads


def use_declared_threads() -> None:
    """Give torch the threads of ``OMP_NUM_THREADS``, which the command line sets; 1 if unset."""
    torch.set_num_threads(numeric_threads())
