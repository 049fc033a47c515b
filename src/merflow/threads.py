"""The number of numeric threads, which results depend on and ``--cores`` must not change."""

import os

from merflow.errors import MerflowError

VARIABLE = "OMP_NUM_THREADS"


def numeric_threads() -> int:
    """Return ``OMP_NUM_THREADS``, which the command line sets; 1 if unset.

    Raises:
        MerflowError: It is no whole number of 1 or more.
    """
    text = os.environ.get(VARIABLE, "1")
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise MerflowError(
            f"the environment variable {VARIABLE} is '{text}': set it to a whole number of 1 or "
            "more, or unset it"
        )
    return int(text)


def fix_torch_threads() -> None:
    """Give torch the threads of the command line; it looks at them only once by itself."""
    import torch

    torch.set_num_threads(numeric_threads())
